"""The registry, and a scrape of it: the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from csms.domain.tallies import ApiTally, OcppTally, StoreFigures
from csms.metrics import table
from csms.metrics.families import Figures
from csms.metrics.sites import Watched, tell_site


class StoreWatched(Protocol):
    """A store, as far as its figures need it."""

    @property
    def healthy(self) -> bool: ...

    def figures(self) -> StoreFigures: ...


class Exporter:
    """All figures of a central system. `ready` is what /readyz answers."""

    def __init__(
        self,
        sites: Callable[[], Sequence[Watched]],
        store: StoreWatched,
        ocpp: OcppTally,
        api: ApiTally,
        ready: Callable[[], bool],
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Csms(sites, store, ocpp, api, ready))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def scrape(self) -> bytes:
        """Everything as it stands, in the text format."""
        return generate_latest(self._registry)


class _Csms(Collector):
    def __init__(
        self,
        sites: Callable[[], Sequence[Watched]],
        store: StoreWatched,
        ocpp: OcppTally,
        api: ApiTally,
        ready: Callable[[], bool],
    ) -> None:
        self._sites = sites
        self._store = store
        self._ocpp = ocpp
        self._api = api
        self._ready = ready

    def describe(self) -> Iterable[Family]:
        return Figures().families()

    def collect(self) -> Iterator[Family]:
        figures = Figures()
        figures.add(table.BUILD, 1, _version())
        figures.add(table.READY, self._ready())
        _tell_ocpp(figures, self._ocpp)
        for site in self._sites():
            tell_site(figures, site)
        _tell_store(figures, self._store)
        _tell_api(figures, self._api)
        unauthorized = HTTPStatus.UNAUTHORIZED.value
        figures.add(table.FAILED_LOGINS, self._ocpp.refused[unauthorized], "ocpp")
        figures.add(
            table.FAILED_LOGINS,
            sum(number for (*_, status), number in self._api.requests.items() if status == unauthorized),
            "api",
        )
        yield from figures.families()


def _tell_ocpp(figures: Figures, ocpp: OcppTally) -> None:
    figures.add(table.CONNECTIONS, ocpp.connections)
    figures.add(table.CONNECTED, ocpp.connected)
    figures.add(table.WAITING, ocpp.waiting)
    figures.add(table.UNDECODABLE, ocpp.undecodable)
    for status, number in ocpp.refused.items():
        figures.add(table.REFUSED, number, status)
    for metric, requests in ((table.RECEIVED, ocpp.received), (table.SENT, ocpp.sent)):
        for (protocol, result), by_action in requests.items():
            for action, number in by_action.items():
                figures.add(metric, number, protocol, action, result)
    for action, times in ocpp.answer_times.items():
        figures.spread(table.ANSWER_TIMES, times, action)


def _tell_store(figures: Figures, store: StoreWatched) -> None:
    now = store.figures()
    figures.add(table.STORE_HEALTHY, store.healthy)
    figures.spread(table.COMMIT_TIMES, now.tally.times)
    figures.spread(table.COMMIT_ROWS, now.tally.rows)
    figures.add(table.COMMITS_FAILED, now.tally.failed)
    figures.add(table.QUEUE, now.urgent, "urgent")
    figures.add(table.QUEUE, now.behind, "behind")
    for file, size in now.file_bytes.items():
        figures.add(table.STORE_BYTES, size, file)


def _tell_api(figures: Figures, api: ApiTally) -> None:
    for (method, route, status), number in api.requests.items():
        figures.add(table.API_REQUESTS, number, method, route, status)
    for (method, route), times in api.times.items():
        figures.spread(table.API_TIMES, times, method, route)


def _version() -> str:
    try:
        return version("csms")
    except PackageNotFoundError:  # run from its sources without having been installed
        return "unknown"
