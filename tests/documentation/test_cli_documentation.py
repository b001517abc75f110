"""The reference of the command line is compared with the program: commands, arguments, options, defaults, meanings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from csms.cli import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def commands(command: Any, name: str = "csms") -> Iterator[tuple[str, Any]]:  # Any: of the parser that typer has inside
    """Every command that does something, by what is typed for it."""
    if hasattr(command, "commands"):
        for child in command.commands.values():
            yield from commands(child, f"{name} {child.name}")
    else:
        yield name, command


COMMANDS = dict(commands(typer.main.get_command(app)))


def parameters(command: Any) -> dict[str, tuple[str, str]]:
    """As the page has them: by name, the default and the meaning."""
    found = {}
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = f"`{parameter.name.upper()}`"
        else:
            name = ", ".join(f"`{option}`" for option in parameter.opts)
        found[name] = (_default(parameter), parameter.help)
    return found


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    environment = f"`${parameter.envvar}`" if parameter.envvar else ""
    value = "" if parameter.default in (None, "", False) else f"`{parameter.default}`"
    return ", else ".join(part for part in (environment, value) if part) or "-"


def documented() -> dict[str, tuple[str, dict[str, tuple[str, str]]]]:
    """Each section: what the command does, and its table."""
    sections = re.split(r"^### `(.*)`$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for name, text in zip(sections[::2], sections[1::2], strict=True):
        rows = re.findall(r"^\| (`.*?`) \| (.*?) \| (.*) \|$", text, re.MULTILINE)
        found[name] = (" ".join(text.split("\n\n")[1].split()), {row[0]: (row[1], row[2]) for row in rows})
    return found


def test_every_command_is_documented_and_no_other_is() -> None:
    assert set(documented()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented_with_what_it_does_takes_and_assumes(name: str) -> None:
    does, table = documented()[name]
    assert does == " ".join(COMMANDS[name].help.split())
    assert table == parameters(COMMANDS[name])
