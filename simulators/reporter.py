"""From what happened in the model to the messages that tell of it, and the statuses that could not be told yet."""

from collections.abc import Callable, Iterable

from simulators.changes import Change
from simulators.charge_point import ChargePoint
from simulators.frames import Call
from simulators.occurrences import StatusChanged
from simulators.outbox import Outbox
from simulators.protocol import Adapter


class Reporter:
    """Empties the model's occurrences into the outbox; `tell` hears of each."""

    def __init__(self, model: ChargePoint, adapter: Adapter, outbox: Outbox, tell: Callable[[Change], None]) -> None:
        self._model = model
        self._adapter = adapter
        self._outbox = outbox
        self._tell = tell
        self._unreported: dict[int, None] = {}

    def report(self) -> None:
        """Tell what has happened since the last time; offline, only the latest status of a connector is kept."""
        occurrences, self._model.occurrences = self._model.occurrences, []
        for occurrence in occurrences:
            calls = self._adapter.calls_for(occurrence)
            if isinstance(occurrence, StatusChanged) and not self._adapter.online:
                self._unreported[occurrence.connector_id] = None
                calls = []
            self._outbox.add(calls)
            self._tell(occurrence)

    def report_statuses(self, now_s: float, connector_ids: Iterable[int] | None = None) -> None:
        """Tell the statuses of these connectors, or of those whose status nobody knows yet."""
        for connector_id in sorted(self._unreported if connector_ids is None else connector_ids):
            self._outbox.add(self._adapter.status(connector_id, now_s))
        self._unreported.clear()

    def went_untold(self, call: Call) -> None:
        """A call was dropped; a status has to be told later."""
        if call.action == "StatusNotification":
            self._unreported[call.connector_id] = None
