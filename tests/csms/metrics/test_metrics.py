"""What Prometheus is told, from values made by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from prometheus_client.parser import text_string_to_metric_families

from csms.domain.alarms import Alarm
from csms.domain.limits import ConnectorLimits, Limit, Overdraw
from csms.domain.model import ChargePoint, ChargePointSettings, ConnectorKey, LimitPurpose, Moment, Proof, SiteSettings
from csms.domain.reports import CircuitReport, SiteAllocation
from csms.domain.snapshot import Snapshot
from csms.domain.tallies import ApiTally, OcppTally, SiteTally, StoreFigures, StoreTally
from csms.metrics import Exporter
from csms.metrics.sites import LEDGER_STATES, ledger_state
from csms.metrics.table import METRICS

NOW = Moment(1_700_000_000.0, 100.0)
KEY = ConnectorKey("CP-1", 1)


def snapshot(limits: ConnectorLimits | None = None, *, in_service: bool = True, commissioned: bool = True) -> Snapshot:
    return Snapshot(
        site=SiteSettings("park", "Park", "UTC", 50_000),
        smart_charging=None,
        settings={"CP-1": ChargePointSettings("CP-1", "park", in_service=in_service)},
        charge_points={"CP-1": ChargePoint("CP-1", commissioned_at_s=1.0 if commissioned else None)},
        connectors={},
        active={},
        limits={} if limits is None else {KEY: limits},
        readings={},
        shapes={},
    )


REPORT = SiteAllocation(
    site_id="park",
    strategy="equal",
    budget_w=40_000,
    at_s=NOW.utc_s,
    chargers=(),
    permitted_w=41_000,
    reserved_w=3_000,
    waiting=("CP-1",),
    not_commissioned=(),
    circuits=(CircuitReport("grid", 40_000, None, 41_000, (60.0, 59.0, 58.5)),),
    site_load_w=1_500,
)


@dataclass
class Site:
    site_id: str = "park"
    seen: Snapshot = field(default_factory=snapshot)
    report: SiteAllocation = REPORT
    tally: SiteTally = field(default_factory=SiteTally)
    standing: Sequence[Alarm] = ()

    def snapshot(self) -> Snapshot:
        return self.seen

    def allocation(self) -> SiteAllocation:
        return self.report

    def alarms(self) -> Sequence[Alarm]:
        return self.standing


@dataclass
class Store:
    healthy: bool = True
    tally: StoreTally = field(default_factory=StoreTally)

    def figures(self) -> StoreFigures:
        return StoreFigures(self.tally, 3, 4, {"database": 4096})


def scraped(
    site: Site | None = None, store: Store | None = None, ocpp: OcppTally | None = None, api: ApiTally | None = None
) -> dict[str, float]:
    """Every sample, by its name and labels as they are written."""
    exporter = Exporter(
        lambda: [site or Site()], store or Store(), ocpp or OcppTally(), api or ApiTally(), lambda: True
    )
    return {
        " ".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(exporter.scrape().decode())
        for sample in family.samples
    }


def test_a_site_tells_its_ceiling_its_budget_what_is_permitted_and_by_how_much_that_is_too_much() -> None:
    told = scraped()
    assert told["csms_site_ceiling_watts site_id=park"] == 50_000
    assert told["csms_site_budget_watts site_id=park"] == 40_000
    assert told["csms_site_permitted_watts site_id=park"] == 41_000
    assert told["csms_site_reserved_watts site_id=park"] == 3_000
    assert told["csms_site_load_watts site_id=park"] == 1_500
    assert told["csms_site_excess_watts site_id=park"] == 1_000
    assert told["csms_site_charge_points_waiting site_id=park"] == 1


def test_what_is_permitted_within_the_budget_is_no_excess() -> None:
    assert scraped(Site(report=replace(REPORT, permitted_w=39_000)))["csms_site_excess_watts site_id=park"] == 0


def test_a_node_without_a_limit_of_current_tells_none() -> None:
    told = scraped()
    assert told["csms_circuit_permitted_amperes circuit_id=grid phase=L3 site_id=park"] == 58.5
    assert told["csms_circuit_limit_watts circuit_id=grid site_id=park"] == 40_000
    assert not [name for name in told if name.startswith("csms_circuit_limit_amperes")]


def test_every_status_is_told_so_that_none_vanishes() -> None:
    told = scraped()
    counts = {name: value for name, value in told.items() if name.startswith("csms_charge_points ")}
    assert len(counts) == 11
    assert {name for name, value in counts.items() if value} == {"csms_charge_points site_id=park status=Offline"}


def test_alarms_are_counted_by_kind() -> None:
    standing = [Alarm(n, kind, "CP-1", "", 0.0) for n, kind in enumerate(("a", "b", "a"))]
    told = scraped(Site(standing=standing))
    assert (told["csms_alarms kind=a site_id=park"], told["csms_alarms kind=b site_id=park"]) == (2, 1)


def limit(purpose: LimitPurpose = LimitPurpose.DEFAULT) -> Limit:
    return Limit(1, purpose, 0, None, "C1", NOW)


KEPT = ConnectorLimits(*KEY, default=limit(), default_proof=Proof.SHOWN)


def test_each_connector_is_in_the_first_state_that_fits() -> None:
    sent = replace(KEPT, outstanding=(limit(LimitPurpose.TRANSACTION),))
    overdrawn = replace(sent, overdraw=Overdraw(5000.0, 1, NOW))
    found = [
        ledger_state(snapshot(overdrawn, in_service=False), KEY),
        ledger_state(snapshot(overdrawn, commissioned=False), KEY),
        ledger_state(snapshot(overdrawn), KEY),
        ledger_state(snapshot(replace(sent, default_proof=Proof.DISPROVED)), KEY),
        ledger_state(snapshot(sent), KEY),
        ledger_state(snapshot(KEPT), KEY),
    ]
    assert found == list(LEDGER_STATES)
    assert ledger_state(snapshot(), KEY) == "unproven"


def test_a_histogram_adds_up() -> None:
    site, store = Site(), Store()
    for took_s in (0.0004, 0.003, 7.0):
        site.tally.decisions.note(took_s)
    store.tally.rows.note(20)
    told = scraped(site, store)
    assert told["csms_decision_duration_seconds_bucket le=0.0005 site_id=park"] == 1
    assert told["csms_decision_duration_seconds_bucket le=0.005 site_id=park"] == 2
    assert told["csms_decision_duration_seconds_bucket le=+Inf site_id=park"] == 3
    assert told["csms_decision_duration_seconds_count site_id=park"] == 3
    assert told["csms_store_commit_rows_bucket le=10"] == 0
    assert told["csms_store_commit_rows_bucket le=20"] == 1


def test_failed_logins_are_told_of_both_doors() -> None:
    ocpp, api = OcppTally(), ApiTally()
    ocpp.refused.update({401: 3, 404: 5})
    for status in (401, 401, 403):
        api.answered("GET", "/api/v1/sites", status, 0.1)
    told = scraped(ocpp=ocpp, api=api)
    assert (told["csms_failed_logins_total door=ocpp"], told["csms_failed_logins_total door=api"]) == (3, 2)


def test_names_follow_the_conventions_of_prometheus() -> None:
    for metric in METRICS:
        assert metric.name.startswith("csms_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        for unit in ("_kw", "_ms", "_milli", "_kilo", "_minutes"):
            assert unit not in metric.name
        assert metric.text.endswith("."), metric.name
