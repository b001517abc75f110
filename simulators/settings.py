"""Configuration keys (1.6) and variables (2.0.1): one kind of store for both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Key = TypeVar("Key")

LIST_LENGTH, LIST_ITEMS_PER_MESSAGE = 100, 20
"""How many tokens a local authorization list holds, and how many one message may bring."""

Outcome = Literal["Accepted", "Rejected", "Unknown"]


def any_text(text: str) -> bool:
    return True


def is_count(text: str) -> bool:
    """A whole number from 0 on."""
    return text.isascii() and text.isdigit()


def is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


@dataclass(slots=True)
class Setting:
    """A value and who may do what with it; `check` says whether a new value is acceptable."""

    value: str
    access: Literal["ReadOnly", "ReadWrite", "WriteOnly"] = "ReadWrite"
    check: Callable[[str], bool] = any_text
    data_type: str = "string"
    most: int | None = None
    """The highest value, where there is one to be told."""


class Settings(Generic[Key]):
    """Settings by key, in the order they were declared."""

    def __init__(self, rows: dict[Key, Setting]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Key]:
        return iter(self._rows)

    def __getitem__(self, key: Key) -> str:
        return self._rows[key].value

    def row(self, key: Key) -> Setting | None:
        return self._rows.get(key)

    def set(self, key: Key, value: str) -> None:
        """Set a value that changes by itself."""
        self._rows[key].value = value

    def change(self, key: Key, value: str) -> Outcome:
        """Set a value from outside."""
        row = self._rows.get(key)
        if row is None:
            return "Unknown"
        if row.access == "ReadOnly" or not row.check(value):
            return "Rejected"
        row.value = value
        return "Accepted"


def count(value: int, access: Literal["ReadOnly", "ReadWrite"] = "ReadWrite") -> Setting:
    """A whole number."""
    return Setting(str(value), access, is_count, "integer")


def flag(value: bool, access: Literal["ReadOnly", "ReadWrite"] = "ReadWrite") -> Setting:
    """A boolean."""
    return Setting(str(value).lower(), access, is_boolean, "boolean")


def fixed(value: str) -> Setting:
    """A text nobody may change."""
    return Setting(value, "ReadOnly")
