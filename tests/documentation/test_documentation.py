"""What the documentation says is compared with what the code has: settings, endpoints, messages, links."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from csms.api.public_events import PAYLOADS, PublicEvent
from csms.api.routes import ROUTES
from csms.api.table import Route
from csms.balancing.strategies import STRATEGIES
from csms.charge_points.quirks import QUIRKS, Quirk
from csms.charge_points.schemas import actions
from csms.charge_points.versions import VERSIONS
from csms.config import Config
from csms.domain.capabilities import Knobs

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = [
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "simulators", ROOT / "benchmarks")
    for path in sorted(folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
]
PAGE_NAMES = [str(path.relative_to(ROOT)) for path in PAGES]


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next heading of its level or above."""
    title = re.search(rf"^(#+) {re.escape(heading)}$", page.read_text(), re.MULTILINE)
    assert title, f"{page.name} has no section {heading}"
    rest = page.read_text()[title.end() :]
    return re.split(rf"^#{{1,{len(title[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a section's tables that begin with a name in backticks, by that name."""
    found = re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in found}


def model_in(annotation: Any) -> tuple[type[BaseModel], bool] | None:
    """The model an annotation holds, if it holds one, and whether in a list."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    if origin is list:
        inner = model_in(arguments[0])
        return (inner[0], True) if inner else None
    if origin in (UnionType, Union):
        return next((found for part in arguments if part is not NoneType and (found := model_in(part))), None)
    return model_in(arguments[0]) if origin is Annotated else None


def sections(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    """Every section of the configuration file with its settings."""
    for name, field in model.model_fields.items():
        nested = model_in(field.annotation)
        if nested:
            path = f"{prefix}{name}"
            plain = {n: f for n, f in nested[0].model_fields.items() if model_in(f.annotation) is None}
            yield (f"`[[{path}]]`" if nested[1] else f"`[{path}]`"), plain
            yield from sections(nested[0], f"{path}.")


SECTIONS = dict(sections(Config))


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "none" if value is None else f"`{json.dumps(value)}`"


def test_the_sections_of_the_file_are_found() -> None:
    assert list(SECTIONS) == [
        "`[ocpp]`",
        "`[[ocpp.listeners]]`",
        "`[api]`",
        "`[[api.keys]]`",
        "`[storage]`",
        "`[balancer]`",
        "`[authorization]`",
        "`[[id_tokens]]`",
        "`[metrics]`",
        "`[certificates]`",
        "`[webhooks]`",
        "`[log]`",
        "`[retention]`",
        "`[[sites]]`",
        "`[[sites.circuits]]`",
        "`[[sites.charge_points]]`",
        "`[sites.charge_points.quirks]`",
        "`[sites.smart_charging]`",
        "`[[sites.smart_charging.schedule]]`",
    ]


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_is_documented_with_its_default_and_no_other_is(heading: str) -> None:
    documented = {name: cells[0] for name, cells in rows(section(REFERENCE / "configuration.md", heading)).items()}
    # A list of sections is a setting too, to those who write it as JSON.
    documented.pop("schedule", None)
    assert documented == {name: default_of(field) for name, field in SECTIONS[heading].items()}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_says_its_range_and_its_meaning(heading: str) -> None:
    for name, cells in rows(section(REFERENCE / "configuration.md", heading)).items():
        assert len(cells) == 3, name
        assert all(cells), name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_endpoint_is_documented_with_its_scope_and_its_fields(route: Route) -> None:
    page = REFERENCE / "rest.md"
    text = section(page, f"{route.method} {route.path}")
    assert ("Public." if route.scope is None else f"Scope: `{route.scope}`.") in " ".join(text.split())
    query = [field.alias or name for name, field in route.query.model_fields.items()]
    body = list(body_fields(route.body)) if route.body else []
    answer = list(fields_of(route.response))
    told = {name.split(".")[-1] for name in re.findall(r"`([\w.\[\]]+)`", text + linked_sections(page, text))}
    missing = [name for name in (*query, *body, *answer) if name not in told]
    assert not missing


def body_fields(model: type[BaseModel]) -> Iterator[str]:
    """The fields of a body; of one that is any of several models, the fields of all of them."""
    if not issubclass(model, RootModel):
        yield from model.model_fields
        return
    root = model.model_fields["root"].annotation
    for kind in get_args(root):
        yield from kind.model_fields


def linked_sections(page: Path, text: str) -> str:
    """What a section says by referring to others of its page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return "".join(section(page, heading) for heading in headings if f"](#{anchor(heading)})" in text)


def fields_of(annotation: Any) -> Iterator[str]:
    """Every field of an answer, those of the models inside it too."""
    nested = model_in(annotation)
    if nested:
        for name, field in nested[0].model_fields.items():
            yield name
            yield from fields_of(field.annotation)


def test_no_endpoint_is_documented_that_does_not_exist() -> None:
    page = (REFERENCE / "rest.md").read_text()
    headings = re.findall(r"^#+ ((?:GET|PUT|POST|PATCH|DELETE) /.*)$", page, re.MULTILINE)
    assert sorted(headings) == sorted(f"{route.method} {route.path}" for route in ROUTES)


def test_every_type_of_event_is_documented_and_no_other_is() -> None:
    page = (REFERENCE / "events.md").read_text()
    assert sorted(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == sorted(PAYLOADS)


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_field_of_an_event_is_documented_with_its_type(name: str) -> None:
    page = REFERENCE / "events.md"
    text = section(page, f"`{name}`")
    told = set(re.findall(r"`(\w+)`", text + linked_sections(page, text)))
    assert set(PAYLOADS[name].model_fields) <= told
    assert set(PublicEvent.model_fields) == {
        told for name in rows(section(page, "Every event")) for told in name.split("`, `")
    }


@pytest.mark.parametrize(("protocol", "heading"), [("ocpp1.6", "OCPP 1.6"), ("ocpp2.0.1", "OCPP 2.0.1")])
def test_the_messages_answered_are_the_documented_ones(protocol: str, heading: str) -> None:
    answered = section(REFERENCE / "ocpp.md", f"Answered in {heading}")
    assert set(rows(answered)) == set(VERSIONS[protocol].handlers)


@pytest.mark.parametrize(("protocol", "heading"), [("ocpp1.6", "OCPP 1.6"), ("ocpp2.0.1", "OCPP 2.0.1")])
def test_the_requests_of_operators_are_the_documented_ones(protocol: str, heading: str) -> None:
    sent = section(REFERENCE / "ocpp.md", f"Requests of operators in {heading}")
    assert rows(sent) == {action: [does] for action, does in VERSIONS[protocol].outgoing.items()}


def test_the_numbers_of_actions_are_those_of_the_tables_and_nothing_is_left_out() -> None:
    told = rows(section(REFERENCE / "ocpp.md", "How many of all"))
    assert told == {name: [str(len(v.handlers)), str(len(v.outgoing))] for name, v in VERSIONS.items()}
    for protocol, version in VERSIONS.items():
        assert version.handlers.keys() | version.outgoing.keys() == actions(protocol)
        assert version.handlers.keys() & version.outgoing.keys() == {"DataTransfer"}


@pytest.mark.parametrize(("protocol", "heading"), [("ocpp1.6", "OCPP 1.6"), ("ocpp2.0.1", "OCPP 2.0.1")])
def test_what_is_asked_after_a_boot_is_documented(protocol: str, heading: str) -> None:
    asked = section(REFERENCE / "ocpp.md", "Asked after a boot")
    dialect = VERSIONS[protocol].dialect
    for settings in dialect.questions:
        for name in names_in(asdict(dialect.read(settings))):  # type: ignore[call-overload]  # ocpp's are dataclasses
            assert f"`{name}`" in asked, heading


def names_in(request: Any) -> Iterator[str]:
    """The configuration keys of a GetConfiguration, the variables of a GetVariables."""
    yield from request.get("key", ())
    yield from (item["variable"]["name"] for item in request.get("get_variable_data", ()))


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: f"{quirk.vendor} {quirk.model}")
def test_every_quirk_is_documented(quirk: Quirk) -> None:
    assert quirk_row(quirk) in section(REFERENCE / "ocpp.md", "Quirks").splitlines()


def quirk_row(quirk: Quirk) -> str:
    """A row of the reference: the pattern, what was seen, and the knobs that follow, as they are pinned."""
    pattern = f"`{quirk.vendor}`" + ("" if quirk.model == "*" else f", model `{quirk.model}`")
    knobs = [f"`{name} = {json.dumps(value)}`" for name, value in quirk.knobs.said()]
    if quirk.highest_stack_level is not None:
        knobs.append(f"`max_stack_level` at most {quirk.highest_stack_level}")
    return f"| {pattern} | {quirk.seen} | {', '.join(knobs)} |"


def test_every_knob_is_documented() -> None:
    described = section(REFERENCE / "ocpp.md", "Quirks")
    for knob in fields(Knobs):
        assert f"| `{knob.name}` |" in described


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_is_explained(strategy: str) -> None:
    assert section(ROOT / "docs" / "explanation" / "balancing.md", f"`{strategy}`").strip()


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_relative_links_lead_somewhere(page: Path) -> None:
    shown = re.sub(r"<!--.*?-->", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", shown):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {link}"


def anchors(page: Path) -> list[str]:
    return [anchor(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)]


def anchor(heading: str) -> str:
    """As GitHub makes it: lower case, no punctuation but hyphens and underscores, hyphens for blanks."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_no_page_names_a_machine_or_a_package_registry(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"(?<![\w./])/(home|root|Users|tmp|work|mnt)/", text)
    assert not re.search(r"pypi|pythonhosted|index-url|artifactory|extra-index", text, re.IGNORECASE)
