"""The metrics in the reference, on the dashboard and in the alert rules are those that the code has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from csms.domain.tallies import ApiTally, OcppTally
from csms.metrics import Exporter
from csms.metrics.sites import LEDGER_STATES
from csms.metrics.table import METRICS
from csms.store import SyncStore

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "metrics.md"
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"


def test_every_metric_is_documented_with_its_kind_labels_and_meaning_and_no_other_is() -> None:
    documented = re.findall(r"^\| `(csms_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    told = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), text) for name, kind, labels, text in documented}
    assert told == {metric.name: (metric.kind, metric.labels, metric.text) for metric in METRICS}


def test_the_states_of_the_ledger_are_documented_in_their_order() -> None:
    table = PAGE.read_text().partition("| state | meaning |")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(LEDGER_STATES)


def expressions(node: Any) -> Iterator[str]:
    """Every PromQL expression of a dashboard or of rules, however deep."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ("expr", "definition") and isinstance(value, str):
                yield value
            yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def parsed(file: Path) -> Any:
    return json.loads(file.read_text()) if file.suffix == ".json" else yaml.safe_load(file.read_text())


async def exported() -> set[str]:
    """The names that can stand in an expression."""
    store = SyncStore.open()
    text = Exporter(list, store, OcppTally(), ApiTally(), lambda: True).scrape().decode()
    await store.close()
    names = {"up"}
    for family in text_string_to_metric_families(text):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        names |= {family.name.removesuffix("_total") + suffix for suffix in suffixes}
    return names


@pytest.mark.parametrize("file", [DASHBOARD, ALERTS], ids=lambda path: path.name)
async def test_every_metric_that_is_shown_or_watched_exists_with_the_labels_it_is_asked_for(file: Path) -> None:
    found = list(expressions(parsed(file)))
    assert len(found) > 10
    known, labels = await exported(), {label for metric in METRICS for label in metric.labels}
    for expression in found:
        used = re.findall(r"\b(?:csms|process|python|up)\w*\b", re.sub(r'"[^"]*"', "", expression))
        assert used, expression
        assert set(used) <= known, expression
        for matchers in re.findall(r"\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= labels | {"job"}, expression


def test_every_panel_has_a_place_of_its_own() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        area = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not area & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= area


def test_every_alert_says_how_bad_it_is_and_what_it_means() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
