"""May this id token charge here, now? The full set of answers of both versions; pure, and told everything it looks at.

1.6 chapters 3.5, 4.1 and 7.2; 2.0.1 part 2, blocks C and D. Id tokens compare without regard to case (1.6 CiString20,
2.0.1 identifierString): `token_key` makes them comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from csms.domain import events as ev
from csms.domain.model import ConnectorKey, Current

NO_AUTHORIZATION = "NoAuthorization"
"""2.0.1 C02: a start button. There is no token to look up, and the charger has let the driver start."""

CENTRAL = "Central"
"""2.0.1 C05: made up by the central system, for a remote start. Nobody else can hold one."""

KEY_CODE = "KeyCode"
"""2.0.1 C04: a code that the driver types."""

TOKEN_TYPES = (CENTRAL, "eMAID", "ISO14443", "ISO15693", KEY_CODE, "Local", "MacAddress", NO_AUTHORIZATION)


class Status(StrEnum):
    """2.0.1 AuthorizationStatusEnumType; 1.6 knows the first five."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"
    UNKNOWN = "Unknown"
    NOT_AT_THIS_LOCATION = "NotAtThisLocation"
    NOT_ALLOWED_TYPE_EVSE = "NotAllowedTypeEVSE"
    NOT_AT_THIS_TIME = "NotAtThisTime"
    NO_CREDIT = "NoCredit"


@dataclass(frozen=True, slots=True)
class IdToken:
    """What the operator has said of an id token. Beyond `sites` and `charge_points` it may not charge; both empty:
    anywhere.

    `charge_points` holds identities, or `identity:n` for one connector (2.0.1: EVSE). `kind` is its type in 2.0.1's
    words, None for any: 1.6 knows no types. `one_at_a_time`: not while another transaction of it runs.
    `end_session_when_blocked` None: as is the rule in general. `priority` is 2.0.1's chargingPriority, -9 to 9.
    `origin` is "file" or "api": who made it or changed it last.
    """

    id_token: str = field(repr=False)
    group_id: str | None = field(default=None, repr=False)
    status: Status = Status.ACCEPTED
    kind: str | None = None
    valid_from_s: float | None = None
    expires_at_s: float | None = None
    sites: tuple[str, ...] = ()
    charge_points: tuple[str, ...] = ()
    current: Current | None = None
    one_at_a_time: bool = False
    priority: int = 0
    end_session_when_blocked: bool | None = None
    note: str = field(default="", repr=False)
    origin: str = "api"
    created_at_s: float = 0.0
    updated_at_s: float = 0.0

    @property
    def key(self) -> str:
        return token_key(self.id_token)


@dataclass(frozen=True, slots=True)
class AuthorizationRules:
    """What holds for all tokens. `master_pass_group` may stop transactions and start none (2.0.1 C16).

    `end_session_when_blocked`: the central system ends a session whose token is refused. `trust_contracts`: a contract
    certificate that the charger took is taken here too, where nobody can ask whether it was revoked.
    """

    accept_unknown: bool = True
    end_session_when_blocked: bool = False
    master_pass_group: str | None = None
    trust_contracts: bool = False
    local_lists: bool = False


class Purpose(StrEnum):
    """What the token is shown for: nobody knows yet (Authorize), to start a transaction, or to stop one."""

    AUTHORIZE = "authorize"
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Asked:
    """A token shown at a charge point. `transaction_id` is the transaction it starts; `kind` its type (2.0.1)."""

    id_token: str = field(repr=False)
    site_id: str
    charge_point_id: str
    connector_id: int | None = None
    current: Current | None = None
    purpose: Purpose = Purpose.AUTHORIZE
    transaction_id: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class InUse:
    """A running transaction of a token."""

    site_id: str
    key: ConnectorKey
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and what is said with it. `evse_ids`: the only ones of this charge point; empty: all of them."""

    status: Status
    group_id: str | None = field(default=None, repr=False)
    expires_at_s: float | None = None
    evse_ids: tuple[int, ...] = ()
    priority: int = 0

    @property
    def accepted(self) -> bool:
        return self.status is Status.ACCEPTED


ACCEPTED = Decision(Status.ACCEPTED)


class Authorization(Protocol):
    """What the handlers of messages need."""

    @property
    def rules(self) -> AuthorizationRules: ...

    def decide(self, asked: Asked) -> Decision:
        """At once: it waits for nothing and costs no more with many tokens."""
        ...

    def noted(self, site_id: str, event: ev.TransactionStarted | ev.TransactionAuthorized) -> None:
        """From now on the event's token is in use."""
        ...

    def refused(self, transaction: InUse) -> None:
        """The charger has been told that the token of its running transaction is refused."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """In how many sessions and in how many other rows a token was replaced."""

    sessions: int
    records: int


class TokenInUse(Exception):
    """A session of the token is running."""


class IdTokenAccess(Protocol):
    """The tokens as the REST interface sees them. Changes hold at once, and are on disk when they return."""

    def find(self, id_token: str) -> IdToken | None: ...

    def all(self) -> list[IdToken]:
        """In the order of their keys."""
        ...

    def in_use(self, key: str) -> Sequence[InUse]:
        """Its running transactions; `key` is `token_key` of the token."""
        ...

    async def save(self, records: Sequence[IdToken]) -> None:
        """Create or replace them, however they are spelled."""
        ...

    async def remove(self, id_tokens: Sequence[str]) -> None: ...

    async def erase(self, id_token: str) -> Erased:
        """Forget the token, and replace it in what is kept of the past by something that leads back to nobody.

        Raises TokenInUse.
        """
        ...


class Everybody:
    """Implements Authorization where nobody has said anything of any token: all are accepted."""

    rules = AuthorizationRules()

    def decide(self, _asked: Asked) -> Decision:
        return ACCEPTED

    def noted(self, site_id: str, event: ev.TransactionStarted | ev.TransactionAuthorized) -> None:
        pass

    def refused(self, transaction: InUse) -> None:
        pass


def token_key(id_token: str) -> str:
    return id_token.casefold()


def decide(
    record: IdToken | None, rules: AuthorizationRules, asked: Asked, now_s: float, in_use: Sequence[InUse] = ()
) -> Decision:
    """`in_use` are the running transactions of this very token, at any site, the one asked about among them or not."""
    if asked.kind == NO_AUTHORIZATION:
        return ACCEPTED
    if record is None or _of_another_kind(record, asked):
        known_by_us = asked.kind == CENTRAL and record is None
        if known_by_us or rules.accept_unknown:
            return ACCEPTED
        return Decision(Status.INVALID if asked.kind == KEY_CODE else Status.UNKNOWN)  # C04.FR.01
    return Decision(
        status=_status(record, rules, asked, now_s, in_use),
        group_id=record.group_id,
        expires_at_s=record.expires_at_s,
        evse_ids=() if asked.connector_id is not None else _only_connectors(record, asked),
        priority=record.priority,
    )


def may_charge_at(record: IdToken, site_id: str, charge_point_id: str) -> bool:
    """Whether any connector of the charge point is allowed."""
    if not (record.sites or record.charge_points) or site_id in record.sites:
        return True
    return any(place == charge_point_id or place.startswith(f"{charge_point_id}:") for place in record.charge_points)


def ends_session(record: IdToken | None, rules: AuthorizationRules) -> bool:
    """Whether a session of this token, once refused, is ended by the central system."""
    asked_for = None if record is None else record.end_session_when_blocked
    return rules.end_session_when_blocked if asked_for is None else asked_for


def _of_another_kind(record: IdToken, asked: Asked) -> bool:
    return None not in (record.kind, asked.kind) and record.kind != asked.kind


def _status(record: IdToken, rules: AuthorizationRules, asked: Asked, now_s: float, in_use: Sequence[InUse]) -> Status:
    """What lasts longest comes first: a driver who is told to come later should not find the token blocked then."""
    if record.status is not Status.ACCEPTED:
        return record.status
    if record.expires_at_s is not None and record.expires_at_s <= now_s:
        return Status.EXPIRED
    if not _is_place(record, asked):
        return Status.NOT_AT_THIS_LOCATION
    if None not in (record.current, asked.current) and record.current is not asked.current:
        return Status.NOT_ALLOWED_TYPE_EVSE
    if asked.purpose is Purpose.START and _is_master_pass(record, rules):
        return Status.INVALID  # C16.FR.03: it starts nothing
    if record.valid_from_s is not None and now_s < record.valid_from_s:
        return Status.NOT_AT_THIS_TIME
    if record.one_at_a_time and any(_is_another(transaction, asked) for transaction in in_use):
        return Status.CONCURRENT_TX
    return Status.ACCEPTED


def _is_place(record: IdToken, asked: Asked) -> bool:
    only = _only_connectors(record, asked)
    if only and asked.connector_id:  # 0 and None are the charge point itself
        return asked.connector_id in only
    return may_charge_at(record, asked.site_id, asked.charge_point_id)


def _only_connectors(record: IdToken, asked: Asked) -> tuple[int, ...]:
    """The only connectors of this charge point it may charge at; empty where no list of them says so."""
    if asked.site_id in record.sites or asked.charge_point_id in record.charge_points:
        return ()
    named = (place.rpartition(":") for place in record.charge_points)
    return tuple(sorted(int(number) for point, _, number in named if point == asked.charge_point_id))


def _is_master_pass(record: IdToken, rules: AuthorizationRules) -> bool:
    group, master = record.group_id, rules.master_pass_group
    return group is not None and master is not None and token_key(group) == token_key(master)


def _is_another(transaction: InUse, asked: Asked) -> bool:
    """Whether it stands in the way. An Authorize at the charge point where the token charges may be there to stop it;
    and the start of a transaction ends one that was forgotten on the same connector."""
    match asked.purpose:
        case Purpose.STOP:
            return False
        case Purpose.AUTHORIZE:
            return transaction.key.charge_point_id != asked.charge_point_id
        case Purpose.START:
            here = transaction.key == (asked.charge_point_id, asked.connector_id)
            itself = transaction.key.charge_point_id == asked.charge_point_id
            return not here and not (itself and transaction.transaction_id == asked.transaction_id)
