"""From a socket that passed its handshake to its end: who is connected, when they may be sent commands, what is asked.

Knows sockets only as a transport: tests, simulations and, later, remote sockets use it the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import structlog

from csms.charge_points.abandoned import Watch
from csms.charge_points.access_changes import AccessChanges
from csms.charge_points.calls import CallTimeout, ConnectionLost
from csms.charge_points.codec import codec_for
from csms.charge_points.connection import Connection, Transport
from csms.charge_points.deliveries import Deliveries
from csms.charge_points.handshake import WITHOUT_PROOF, Entry
from csms.charge_points.history import FLAPPING_WITHIN_S, History
from csms.charge_points.link import Link
from csms.charge_points.local_lists import ListKeeper
from csms.charge_points.provisioning import provision, told_before, tolerant
from csms.charge_points.quirks import known_of_make
from csms.charge_points.raw_requests import checked
from csms.charge_points.registration import accepted, guarded, note_request
from csms.charge_points.reporting import keep_answer, note_setting
from csms.charge_points.session import Session
from csms.charge_points.terms import Terms
from csms.charge_points.trace import Trace, TraceLimits
from csms.charge_points.versions import VERSIONS
from csms.domain import events as ev
from csms.domain.authorization import Authorization, Everybody
from csms.domain.capabilities import Capabilities, effective
from csms.domain.certificates import Certificates, NoCertificates
from csms.domain.commands import Trigger
from csms.domain.credentials import proved
from csms.domain.local_list import LocalLists
from csms.domain.model import OCPP16, ChargePoint, Moment
from csms.domain.ports import Archive, ChargePointSite, Clock, Directory, Ids, Registration, Spawn, TracedMessages
from csms.domain.tallies import OcppTally

SILENCE_S = 3.0
"""A charge point that was here before and says nothing for so long after connecting may be sent commands."""

_BROKEN_OFF_AT_MOST = 2


class NotAdmitted(Exception):
    """The identity is not, or no longer, known."""


class ChargePoints:
    """All live charge points of this process. `spawn` starts a supervised task."""

    def __init__(
        self,
        *,
        directory: Directory,
        archive: Archive,
        clock: Clock,
        ids: Ids,
        call_timeout_s: float,
        heartbeat_interval_s: int,
        metering_interval_s: int,
        spawn: Spawn,
        authorization: Authorization | None = None,
        local_lists: LocalLists | None = None,
        certificates: Certificates | None = None,
        tally: OcppTally | None = None,
        allowed_urls: tuple[str, ...] = (),
        trace: TraceLimits | None = None,
        abandoned_after_s: float = 120.0,
        quiet: bool = False,
    ) -> None:
        self._authorization = authorization or Everybody()
        self._local_lists = local_lists
        self._certificates = certificates or NoCertificates()
        self._terms = Terms(
            call_timeout_s=call_timeout_s,
            metering_interval_s=metering_interval_s,
            abandoned_after_s=abandoned_after_s,
            allowed_urls=allowed_urls,
            quiet=quiet,
            new_message_id=ids.unique,
            tally=tally if tally is not None else OcppTally(),
        )
        self._directory = directory
        self._archive = archive
        self._clock = clock
        self._ids = ids
        self._heartbeat_interval_s = heartbeat_interval_s
        self._spawn = spawn
        self._trace = trace
        self._histories: dict[str, History] = {}

    def also_allow(self, urls: tuple[str, ...]) -> None:
        """Charge points that connect from now on may be sent to these addresses too."""
        self._terms = replace(self._terms, allowed_urls=(*self._terms.allowed_urls, *urls))

    def accept(
        self, charge_point_id: str, subprotocol: str, transport: Transport, entry: Entry = WITHOUT_PROOF
    ) -> LiveChargePoint:
        """Take over an authenticated socket; frames go to `receive` of what is returned, its end to `closed`.

        An earlier connection of the same charge point is closed. Must be called on the event loop. Raises
        NotAdmitted.
        """
        registration = self._directory.find(charge_point_id)
        if registration is None:
            raise NotAdmitted(charge_point_id)
        if not registration.declared:
            self._directory.admit(registration)
        connection_id = self._ids.unique()
        history = self._histories.get(charge_point_id)
        if history is None:
            history = self._histories[charge_point_id] = History(
                None if self._trace is None else Trace(self._clock.now, self._trace)
            )
        session = Session(
            charge_point_id=charge_point_id,
            protocol=subprotocol,
            site=registration.site,
            now=self._clock.now,
            heartbeat_interval_s=self._heartbeat_interval_s,
            log=structlog.get_logger().bind(charge_point_id=charge_point_id, connection_id=connection_id),
            archive=self._archive,
            early_starts=history.early_starts,
            unplaced_starts=history.unplaced_starts,
            authorization=self._authorization,
            certificates=self._certificates,
            sequences=history.sequences,
        )
        live = LiveChargePoint(session, connection_id, registration, history, self._spawn, entry)
        live.connect(transport, self._terms)
        if self._local_lists is not None:
            live.keep_local_list(self._local_lists)
        return live

    def messages(self, charge_point_id: str, after: int, limit: int) -> TracedMessages:
        history = self._histories.get(charge_point_id)
        if history is None or history.trace is None:
            return TracedMessages((), 0)
        return history.trace.messages(after, limit)


class LiveChargePoint:
    """One charge point on one connection."""

    def __init__(
        self,
        session: Session,
        connection_id: str,
        registration: Registration,
        history: History,
        spawn: Spawn,
        entry: Entry,
    ) -> None:
        self._session = session
        self._charge_point_id = session.charge_point_id
        self._connection_id = connection_id
        self._site: ChargePointSite = registration.site
        self._history = history
        self._spawn = spawn
        self._entry = entry
        self._ready = False
        self._ended = False
        self._learning = False
        self._unasked: Callable[[], Awaitable[None]] | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._provisioning: asyncio.Task[None] | None = None
        self._list_keeper: ListKeeper | None = None
        session.on_booted = self._booted

    def connect(self, transport: Transport, terms: Terms) -> None:
        """Wire up the connection and tell the site. To be called once, by ChargePoints."""
        version = VERSIONS[self._session.protocol]
        self._terms = terms
        self._connection = Connection(
            charge_point_id=self._charge_point_id,
            connection_id=self._connection_id,
            codec=codec_for(self._session.protocol),
            handlers=guarded(version.handlers, self._session),
            transport=transport,
            call_timeout_s=terms.call_timeout_s,
            new_message_id=terms.new_message_id,
            on_call=self._answered,
            on_request=partial(note_request, self._session),
            on_result=partial(keep_answer, self._session),
            tally=terms.tally,
            trace=None if self._history.trace is None else self._history.trace.note,
        )
        self._watch = Watch(self._session, self._connection.call_when_quiet, self._spawn, terms.abandoned_after_s)
        self._session.on_status = self._watch.status_came
        self._session.on_transaction = self._watch.goes_on
        check = partial(checked, self._session.protocol, version.outgoing, terms.allowed_urls)
        access = AccessChanges(self._session)
        self._link = Link(
            self._connection_id,
            self._connection,
            transport,
            version.translation,
            check,
            access,
            version.operator_requests,
        )
        self._session.deliver = Deliveries(self._link, self._spawn, self._session.log)
        known_before = self._charge_point().commissioned_at_s is not None
        self._record_connected()
        self._site.attach(self._charge_point_id, self._link)
        if known_before:
            self._silence = asyncio.get_running_loop().call_later(SILENCE_S, self._become_ready)

    def keep_local_list(self, lists: LocalLists) -> None:
        """From its boot on, or from where it is asked the first question, its local list is kept in step."""
        dialect = VERSIONS[self._session.protocol].local_list
        call = self._connection.call_when_quiet
        self._list_keeper = ListKeeper(self._session, call, dialect, lists, self._spawn)

    @property
    def charge_point_id(self) -> str:
        return self._charge_point_id

    def receive(self, frame: str | bytes) -> None:
        """Take one frame. Never raises."""
        self._connection.receive(frame)

    def closed(self, reason: str) -> None:
        """The socket is gone. Only the first call counts."""
        if self._ended:
            return
        self._ended = True
        self._connection.closed()
        self._watch.end()
        if self._silence is not None:
            self._silence.cancel()
        if self._provisioning is not None:
            self._provisioning.cancel()
        if self._list_keeper is not None:
            self._list_keeper.end()
        if self._learning:
            self._history.broken_off += 1
        at = self._session.now()
        self._session.record(ev.ChargePointDisconnected(at, self._charge_point_id, self._connection_id, reason))
        self._site.detach(self._charge_point_id, self._link)
        self._session.log.info("charge_point.disconnected", reason=reason)

    def _record_connected(self) -> None:
        at = self._session.now()
        self._session.record(
            ev.ChargePointConnected(
                at, self._charge_point_id, self._connection_id, self._session.protocol, self._entry.security_profile
            )
        )
        profile = self._entry.security_profile
        self._session.log.info("charge_point.connected", protocol=self._session.protocol, security_profile=profile)
        self._record_proof(at)
        connections = self._history.connected(at.steady_s)
        if connections is not None:
            self._session.record(
                ev.ChargePointFlapping(at, self._charge_point_id, connections, within_s=FLAPPING_WITHIN_S)
            )

    def _record_proof(self, at: Moment) -> None:
        """It has come with something new: what was before does not open any more."""
        before = self._charge_point().credentials
        if proved(before, self._entry.password_sha256 or "", self._entry.security_profile) != before:
            self._session.record(
                ev.CredentialsProved(
                    at, self._charge_point_id, self._entry.security_profile, self._entry.password_sha256 or ""
                )
            )

    def _answered(self, _action: str) -> None:
        self._become_ready()
        asking = self._unasked
        if asking is not None and self._has_session():
            self._unasked = None
            self._start_asking(asking)

    def _booted(self) -> None:
        """The answer to a BootNotification has left."""
        self._watch.booted()
        self._mark_ready()
        self._ask(self._learn)

    def _become_ready(self) -> None:
        """Its first request, whichever that was, has been answered; or it keeps silent."""
        if self._ready or self._ended or not accepted(self._session):
            return
        self._mark_ready()
        self._ask(self._greet)

    def _ask(self, asking: Callable[[], Awaitable[None]]) -> None:
        """At once, or, where it is to be left in peace, as soon as a session runs."""
        if self._terms.quiet and not self._has_session():
            self._unasked = asking
        else:
            self._start_asking(asking)

    def _has_session(self) -> bool:
        return any(transaction.active for transaction in self._session.transactions())

    def _mark_ready(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
        if not self._ready:
            self._ready = True
            self._session.record(ev.ChargePointReady(self._session.now(), self._charge_point_id, self._connection_id))

    def _start_asking(self, asking: Callable[[], Awaitable[None]]) -> None:
        if self._provisioning is not None:
            self._provisioning.cancel()
        self._provisioning = self._spawn(self._supervised(asking))

    async def _supervised(self, asking: Callable[[], Awaitable[None]]) -> None:
        try:
            await asking()
            if self._list_keeper is not None:
                self._list_keeper.begin()
        except ConnectionLost:
            pass  # `closed` has told everybody
        except Exception:  # the task's boundary: a mistake here must not end the connection
            self._session.log.exception("charge_point.task_failed")

    async def _greet(self) -> None:
        """A connection without a BootNotification: ask for what a boot would have brought."""
        if self._charge_point().capabilities is None:
            await self._learn()
        for connector_id in self._triggered_connectors():
            await self._link.send(Trigger("StatusNotification", connector_id))

    def _triggered_connectors(self) -> list[int | None]:
        """1.6 sends the status of every connector on one trigger (chapter 5.17); 2.0.1 is asked for each EVSE."""
        if self._session.protocol == OCPP16:
            return [None]
        return list(self._site.view().connector_ids(self._charge_point_id))

    async def _learn(self) -> None:
        """Ends in CapabilitiesLearned, unless the connection does first.

        Some chargers restart when they are asked something; after the second time they are asked nothing, once.
        """
        charge_point = self._charge_point()
        if self._history.broken_off >= _BROKEN_OFF_AT_MOST:
            self._history.broken_off = 0
            self._session.log.warning("provisioning.skipped")
            self._record_learned(told_before(charge_point))
            return
        self._learning = True
        version = VERSIONS[self._session.protocol]
        # While nothing is known of it it is told no limits, which others would have to wait for.
        unknown = charge_point.capabilities is None
        call = self._connection.call if unknown else self._connection.call_when_quiet
        clear_foreign = partial(version.clear_foreign, call, self._session.profile_reports, self._terms.call_timeout_s)
        note = partial(note_setting, self._session)
        try:
            unasked = self._known(told_before(charge_point)).unasked
            learned = await provision(
                call, version.dialect, charge_point, unasked, self._terms.metering_interval_s, clear_foreign, note
            )
        except ConnectionLost:
            raise
        except Exception:  # whatever went wrong here: limits wait for capabilities, if only for the assumed ones
            self._session.log.exception("provisioning.failed")
            learned = told_before(charge_point)
        self._learning = False
        self._history.broken_off = 0
        self._record_learned(learned)
        if unknown and version.inventory is not None and not self._terms.quiet:
            await self._ask_for_inventory(version.inventory)

    async def _ask_for_inventory(self, inventory: Callable[[int], object]) -> None:
        """Its device model comes by itself, in messages of its own; a station without one, or that is busy, is not
        asked again."""
        with contextlib.suppress(CallTimeout):
            await tolerant(self._connection.call_when_quiet, inventory(self._session.archive.next_id("request")))

    def _known(self, told: Capabilities) -> Capabilities:
        """With what its make and the operator say, of a charger that told so much of itself."""
        charge_point = self._charge_point()
        knowledge = replace(charge_point.knowledge, told=told, quirk=known_of_make(told, charge_point))
        return effective(knowledge, self._session.settings().quirks, self._session.settings().connectors) or told

    def _record_learned(self, learned: Capabilities) -> None:
        known = known_of_make(learned, self._charge_point())
        self._session.record(ev.CapabilitiesLearned(self._session.now(), self._charge_point_id, learned, known))

    def _charge_point(self) -> ChargePoint:
        return self._site.view().charge_points[self._charge_point_id]
