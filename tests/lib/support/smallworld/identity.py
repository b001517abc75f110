"""What tells one state of the small world from another, and what only seems to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from csms.balancing.ledger import Exposure
from csms.domain.limits import ConnectorLimits, Failure, Limit
from csms.domain.model import ConnectorStatus, LimitPurpose
from csms.domain.state import State
from support.smallworld.site import FIRST_OF_TRANSACTION, HALF_S, LONG_AGO, NOW, all_of, edited, key_of


def tidied(state: State, name: str, order: Mapping[int, int], counted: int) -> None:
    """What no rule looks at is forgotten, what only its order matters of is renumbered."""
    limits = state.limits.get(key_of(name))
    if limits is None:
        return
    if any(before != after for before, after in order.items()):
        limits = edited(limits, lambda limit: replace(limit, limit_id=order[limit.limit_id]))
    failed = limits.default_failure is not None or limits.transaction_failure is not None
    if limits.served_at is None and limits.raised_at is limits.turn_since is limits.paused_since is None and not failed:
        state.limits[key_of(name)] = limits
        return
    state.limits[key_of(name)] = replace(
        limits,
        default_failure=_capped(limits.default_failure, 1),
        transaction_failure=_capped(limits.transaction_failure, counted),
        served_wh=0.0,
        served_at=None,
        raised_at=None,
        turn_since=None,
        paused_since=None,
    )


def renumbering(state: State, name: str) -> dict[int, int]:
    """How `tidied` will rename the limits of a connector: their order is compared within a purpose alone."""
    order: dict[int, int] = {}
    default, transaction = 1, FIRST_OF_TRANSACTION
    for limit_id in sorted({limit.limit_id for limit in all_of(state.limits.get(key_of(name)))}):
        if limit_id < FIRST_OF_TRANSACTION:
            order[limit_id] = default
            default += 1
        else:
            order[limit_id] = transaction
            transaction += 1
    return order


def facts(state: State, name: str, rank: dict[str, int]) -> tuple[object, ...]:
    """Everything of one charger that a rule or a decision looks at, without its name."""
    charge_point, connector = state.charge_points[name], state.connectors.get(key_of(name))
    return (
        charge_point.connected,
        charge_point.commissioned_at_s is not None,
        charge_point.lease_proof is None,
        connector is not None and connector.status is ConnectorStatus.AVAILABLE and connector.connection_id == "live",
        rank.get(name, 0),
        _limits_key(state.limits.get(key_of(name))),
    )


def looked_at(state: State, name: str, exposure: Exposure) -> tuple[object, ...]:
    """All of one charger that a decision looks at, as far as decisions can tell: for many a state the same.

    Of one that is away they see what it may draw. Of one that is there they see more: whether its default may be relied
    on, how it obeys, and, if it is not busy, what it was told and whether that must be said again.
    """
    key, shape = key_of(name), state.shape(name)
    limits, active = state.limits.get(key), key in state.active
    lasting = exposure.lasting if shape.fallback_w else None  # else nobody asks what will not go away by itself
    if not state.charge_points[name].ready:
        return (exposure.worst, lasting)
    limits = limits or ConnectorLimits(*key)
    relied_on = limits.default_failure is None and limits.overdraw is None
    if not shape.fallback_w and not (exposure.fallback_w if active else exposure.worst_w):
        relied_on = True  # it keeps nothing, whether it has its default or not
    seen: tuple[object, ...]
    seen = (active, limits.in_flight, relied_on, limits.default is None, exposure.worst, lasting)
    if active:
        failed = limits.transaction_failure.count if limits.transaction_failure is not None else 0
        holds = exposure.worst_w > exposure.fallback_w
        believed = exposure.lasting_w if failed >= 3 else None
        seen += (failed > 0 and holds, believed, limits.overdraw is None, exposure.worst_w, exposure.fallback_w)
    if limits.in_flight:
        return seen
    seen += (exposure.granted, _said(limits, LimitPurpose.DEFAULT))
    return (*seen, _said(limits, LimitPurpose.TRANSACTION)) if active else seen


def _said(limits: ConnectorLimits, purpose: LimitPurpose) -> tuple[object, ...]:
    """What can be seen of one profile: what it is, whether it must be said again, and whether its lease is over."""
    confirmed = limits.confirmed(purpose)
    doubtful = [limit for limit in limits.outstanding if limit.purpose is purpose]
    failed = limits.failure(purpose) is not None
    if confirmed is None:
        return (failed or bool(doubtful),)
    long_ago = NOW.steady_s - confirmed.issued_at.steady_s > HALF_S
    again = failed or confirmed.connection_id != "live" or any(o.limit_id > confirmed.limit_id for o in doubtful)
    again = again or (long_ago and any(o.limit_w > confirmed.limit_w for o in doubtful))
    if limits.overdraw is not None and limits.overdraw.at.steady_s > confirmed.issued_at.steady_s:
        again = again or long_ago
    return (again, confirmed.limit_w, confirmed.lease_s is not None and (confirmed.then_w, long_ago))


def ranks(state: State) -> dict[str, int]:
    """In which order those who run a transaction came."""
    began = sorted((t.started_at_s or 0.0, key.charge_point_id) for key, t in state.active.items())
    return {name: n for n, (_, name) in enumerate(began, start=1)}


def _limits_key(limits: ConnectorLimits | None) -> tuple[object, ...]:
    if limits is None:
        return ()
    return (
        _confirmed_key(limits.default),
        _confirmed_key(limits.transaction),
        tuple(sorted([_outstanding_key(limit) for limit in limits.outstanding])),
        tuple(sorted([(s.limit_w or -1, s.since.steady_s, s.in_force_at is LONG_AGO) for s in limits.settling])),
        limits.confirmed_at is LONG_AGO,
        limits.default_failure is not None,
        limits.transaction_failure.count if limits.transaction_failure is not None else 0,
        limits.default_proof is None,
        (limits.overdraw.count, limits.overdraw.idle) if limits.overdraw else None,
    )


def _confirmed_key(limit: Limit | None) -> tuple[object, ...] | None:
    """On which connection it was acknowledged, and whether its lease is over."""
    if limit is None:
        return None
    return (limit.limit_w, limit.connection_id, limit.lease_s, NOW.steady_s - limit.issued_at.steady_s > HALF_S)


def _outstanding_key(limit: Limit) -> tuple[int, int, bool, str, bool, float]:
    """Its id tells its purpose too."""
    leased = limit.lease_s is not None
    return (limit.limit_id, limit.limit_w, limit.awaited, limit.connection_id, leased, limit.issued_at.steady_s)


def _capped(failure: Failure | None, most: int) -> Failure | None:
    if failure is None:
        return None
    if failure.at is LONG_AGO and failure.count <= most:
        return failure
    return replace(failure, count=min(failure.count, most), at=LONG_AGO)
