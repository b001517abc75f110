"""Local authorization lists: which message brings a charge point's list in step with what it should hold. Pure.

1.6 chapters 3.5.2, 5.10 and 5.15; 2.0.1 part 2, block D. Versions are above 0 and rise; a change goes as Differential,
and whenever it is not known what the charge point holds, everything goes as Full, in parts if it is too much for one
message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Protocol

from csms.domain.authorization import Decision
from csms.domain.model import ChargePointSettings

MOST = 5000
"""More than this no charge point is sent, whatever it says it can hold."""

PER_MESSAGE = 20
"""Entries of one message where the charge point does not say how many it takes."""

SIZE = "LocalAuthListCtrlr////Entries/"
"""The variable of 2.0.1, as its device model is kept, whose maxLimit is how many tokens the list can hold. GetVariables
does not tell it: it comes in reports."""

_HIGHEST_VERSION = 2**31 - 1
_ENTRY_BYTES = 300
"""An entry is not longer than this on the wire: a token and a group of 36 characters, a time, and their names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A token as a list says it. `kind` is its type in 2.0.1; the fingerprint changes with whatever is said of it."""

    id_token: str = field(repr=False)
    decision: Decision
    kind: str | None
    fingerprint: str

    @classmethod
    def of(cls, id_token: str, decision: Decision, kind: str | None = None) -> Entry:
        said = (decision.status.value, decision.group_id, decision.expires_at_s, decision.priority, kind)
        return cls(id_token, decision, kind, hashlib.sha256(repr(said).encode()).hexdigest()[:12])


@dataclass(frozen=True, slots=True)
class Held:
    """What a charge point holds: fingerprints by token as it was sent; None: nobody knows. `version` is the highest
    that it, or we, have used."""

    version: int = 0
    entries: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What it takes in one message and altogether; None: it did not say. `enabled` False: it ignores its list."""

    per_message: int | None = None
    most: int | None = None
    bytes_per_message: int | None = None
    enabled: bool = True

    @property
    def room(self) -> int:
        return MOST if self.most is None else min(self.most, MOST)

    @property
    def batch(self) -> int:
        by_bytes = MOST if self.bytes_per_message is None else self.bytes_per_message // _ENTRY_BYTES
        return max(1, min(self.per_message or PER_MESSAGE, by_bytes))


@dataclass(frozen=True, slots=True)
class Update:
    """A SendLocalList. An entry None is a token to be removed (Differential only)."""

    version: int
    full: bool
    entries: Mapping[str, Entry | None] = field(repr=False)


class ListAnswer(StrEnum):
    """UpdateStatus of 1.6, SendLocalListStatusEnumType of 2.0.1; UNANSWERED is ours: an error, or nothing at all."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    NOT_SUPPORTED = "NotSupported"
    VERSION_MISMATCH = "VersionMismatch"
    UNANSWERED = "Unanswered"


class ListState(StrEnum):
    """How things stand with a charge point's list."""

    IN_STEP = "in_step"
    BEHIND = "behind"  # something is still to be sent
    REFUSED = "refused"  # it did not take the whole list either
    UNANSWERED = "unanswered"
    DISABLED = "disabled"  # LocalAuthListEnabled is false
    NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True)
class Sent:
    """The last SendLocalList that had an end: how many entries, and what was said to it."""

    at_s: float
    version: int
    full: bool
    entries: int
    answer: ListAnswer


@dataclass(frozen=True, slots=True)
class Standing:
    """`held` and how it stands; `wanted` is how many tokens it should hold, `left_out` how many more have no room.

    `has_version` is the version that the charge point itself told or took last; None: not known. That of `held` is
    above it where it has refused one since.
    """

    state: ListState
    held: Held
    wanted: int = 0
    left_out: int = 0
    has_version: int | None = None
    capacity: Capacity = Capacity()
    sent: Sent | None = None


NOTHING_KNOWN = Standing(ListState.BEHIND, Held())


class LocalLists(Protocol):
    """What those who send lists need."""

    def wanted(self, settings: ChargePointSettings) -> bool:
        """Whether this charge point is sent a list."""
        ...

    def entries(self, settings: ChargePointSettings, longest: int, room: int) -> tuple[Mapping[str, Entry], int]:
        """What it should hold, but for tokens of more than so many characters; and how many more have no room."""
        ...

    async def known(self, charge_point_id: str) -> Standing:
        """How it stood when that was last kept; NOTHING_KNOWN where it never was."""
        ...

    async def size(self, charge_point_id: str) -> int | None:
        """How many tokens it can hold, if it has ever reported that."""
        ...

    def keep(self, charge_point_id: str, standing: Standing) -> None: ...

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call it whenever a list may have to change; what is returned ends that."""
        ...

    def on_resend(self, charge_point_id: str, resend: Callable[[], None]) -> Callable[[], None]:
        """Call it when an operator wants this list sent anew; what is returned ends that."""
        ...


class ListDesk(Protocol):
    """What operators may ask of local lists."""

    def wanted(self, settings: ChargePointSettings) -> bool:
        """Whether this charge point is sent a list."""
        ...

    def resend(self, charge_point_id: str) -> bool:
        """Have the whole list sent anew, whatever the charge point holds. False: it has not been asked about its list
        on this connection."""
        ...


def to_value(standing: Standing) -> dict[str, Any]:
    """As JSON, to be kept."""
    held, sent = standing.held, standing.sent
    return {
        "state": standing.state.value,
        "version": held.version,
        "entries": None if held.entries is None else dict(held.entries),
        "wanted": standing.wanted,
        "left_out": standing.left_out,
        "has_version": standing.has_version,
        "capacity": asdict(standing.capacity),
        "sent": None if sent is None else asdict(sent),
    }


def from_value(value: Mapping[str, Any]) -> Standing:
    """The reverse; what an earlier release did not keep is not known."""
    entries, sent = value["entries"], value.get("sent")
    return Standing(
        ListState(value["state"]),
        Held(int(value["version"]), entries if isinstance(entries, dict) else None),
        int(value["wanted"]),
        int(value["left_out"]),
        value.get("has_version"),
        Capacity(**value.get("capacity", {})),
        None if sent is None else Sent(**{**sent, "answer": ListAnswer(sent["answer"])}),
    )


def size_in(variable: Mapping[str, Any]) -> int | None:
    """What a report of SIZE says; None where it does not."""
    most = variable.get("variableCharacteristics", {}).get("maxLimit")
    return int(min(most, MOST)) if most is not None and most >= 1 else None


def reported(held: Held, version: int) -> Held:
    """What it holds, now that it has told its version. 0: it holds nothing (1.6 chapter 5.10, D02)."""
    if version == 0:
        return Held(held.version, {})
    if held.entries is not None and version == held.version:
        return held
    return Held(max(held.version, version, 0))


def next_update(wanted: Mapping[str, Entry], held: Held, capacity: Capacity) -> Update | None:
    """The next message; None where nothing is to be said. `wanted` fits the charge point.

    Where a list is empty, or there is none yet, it gets everything: some refuse to change what is not there.
    """
    version = held.version + 1 if held.version < _HIGHEST_VERSION else 1
    empty = not held.entries and bool(wanted)
    if held.entries is None or empty or version == 1 < held.version:
        return Update(version, True, dict(islice(wanted.items(), capacity.batch)))
    gone: dict[str, Entry | None] = dict.fromkeys(token for token in held.entries if token not in wanted)
    changed = {token: entry for token, entry in wanted.items() if held.entries.get(token) != entry.fingerprint}
    changes = gone | changed  # those that go make room
    return Update(version, False, dict(islice(changes.items(), capacity.batch))) if changes else None


def version_after(has: int | None, update: Update, answer: ListAnswer) -> int | None:
    """The version it has after its answer; None: not known."""
    if answer is ListAnswer.ACCEPTED:
        return update.version
    return None if answer is ListAnswer.UNANSWERED else has


def answered(held: Held, update: Update, answer: ListAnswer) -> Held:
    """What it holds after its answer. Where it refuses or keeps silent everything is sent anew."""
    if answer is not ListAnswer.ACCEPTED:
        return Held(max(held.version, update.version))
    entries = {} if update.full else dict(held.entries or {})
    for token, entry in update.entries.items():
        if entry is None:
            entries.pop(token, None)
        else:
            entries[token] = entry.fingerprint
    return Held(update.version, entries)
