"""The dashboard's files: what is served, how, and that nothing else is."""

from __future__ import annotations

import gzip
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from api_fakes import ADMIN, CONTROL, READ, running

from csms.api.public_events import PAYLOADS
from csms.api.static import PREFIX, static_files
from csms.charge_points.v16 import outgoing as v16
from csms.charge_points.v201 import outgoing as v201
from csms.quirks_config import QuirksConfig

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "csms" / "dashboard"


async def test_the_page_is_served_without_a_key_and_runs_no_script_but_its_own() -> None:
    async with running() as api:
        page = await api.get("/", key=None)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-cache"


async def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    async with running() as api:
        first = await api.get(f"{PREFIX}style.css", key=None)
        for seen in (first.headers["Etag"], f'"other", W/{first.headers["Etag"]}', "*"):
            again = await api.get(f"{PREFIX}style.css", key=None, headers={"If-None-Match": seen})
            assert (again.status, again.content) == (304, b"")
        changed = await api.get(f"{PREFIX}style.css", key=None, headers={"If-None-Match": '"other"'})
        assert (changed.status, changed.content) == (200, first.content)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "gzip"), ("br;q=1, GZIP ; q=0.5", "gzip"), ("gzip;q=0", None), ("identity", None), ("", None)],
)
async def test_files_are_compressed_for_those_who_take_it(accepted: str, encoding: str | None) -> None:
    plain = (FOLDER / "style.css").read_bytes()
    async with running() as api:
        reply = await api.get(f"{PREFIX}style.css", key=None, headers={"Accept-Encoding": accepted})
    assert (reply.headers.get("Content-Encoding"), reply.content) == (encoding, plain)  # the client has unpacked it
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert reply.headers["Etag"].endswith('-gzip"') is (encoding == "gzip")


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/%2e%2e/pyproject.toml",
        "js/../../api/static.py",
        "/etc/passwd",
        "js",
        "vendor/LICENSE.uplot",
        "vendor/README.md",
        "js%00.js",
    ],
)
async def test_what_is_not_a_file_of_the_dashboard_is_404(path: str) -> None:
    async with running() as api:
        assert (await api.get(PREFIX + path, key=None)).status == 404


def test_everything_that_a_file_asks_for_is_there() -> None:
    for name, file in static_files().items():
        text = "" if name.endswith(".woff2") else file.content.decode()
        for asked in re.findall(r"""(?:src|href)="/dashboard/([^"]+)"|url\("/dashboard/([^"]+)"\)""", text):
            assert "".join(asked) in static_files(), (name, asked)
        for asked_path in re.findall(r"""from ?"(\.[^"]+)\"""", text):
            target = (FOLDER / name).parent.joinpath(asked_path).resolve().relative_to(FOLDER)
            assert str(target) in static_files(), (name, asked_path)


def test_nothing_is_fetched_from_elsewhere_and_nothing_becomes_markup() -> None:
    for name, file in static_files().items():
        if name.startswith("js/"):
            source = file.content.decode()
            assert not re.search(r"https?://|innerHTML|outerHTML|document\.write|\beval\(", source), name


def test_the_whole_dashboard_weighs_less_than_300_kb() -> None:
    sizes = [len(file.compressed or file.content) for file in static_files().values()]
    assert 50_000 < sum(sizes) < 250_000, "the rest is for the answers of the API"
    css = static_files()["style.css"]
    assert gzip.decompress(css.compressed or b"") == css.content


def test_an_installed_package_has_the_files_and_their_licences() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["csms"]
    packed = {path for pattern in patterns for path in (ROOT / "csms").glob(pattern) if path.is_file()}
    assert {path for path in FOLDER.rglob("*") if path.is_file()} <= packed
    vendored = {path.name for path in (FOLDER / "vendor").iterdir()}
    assert {"LICENSE.preact", "LICENSE.htm", "LICENSE.uplot", "LICENSE.inter", "README.md"} <= vendored


@pytest.mark.parametrize(
    ("key", "name", "scopes"),
    [
        (READ, "reader", ["read"]),
        (CONTROL, "controller", ["read", "control"]),
        (ADMIN, "administrator", ["read", "control", "admin"]),
    ],
)
async def test_a_key_is_told_its_name_and_what_it_may(key: str, name: str, scopes: list[str]) -> None:
    async with running() as api:
        assert (await api.get("/api/v1/me", key=key)).json == {"name": name, "scopes": scopes}


@pytest.mark.parametrize(("version", "outgoing"), [("1.6", v16.OUTGOING), ("2.0.1", v201.OUTGOING)])
def test_the_dashboard_offers_every_request_of_each_version_in_the_servers_words(
    version: str, outgoing: Mapping[str, str]
) -> None:
    source = static_files()["js/requests.js"].content.decode()
    (table,) = re.findall(
        rf'^  "{re.escape(version)}": \{{\n(.*?)^  \}},', source.partition("EXAMPLES")[0], re.M | re.S
    )
    assert dict(re.findall(r'^    (\w+): "(.*)",$', table, re.M)) == dict(outgoing)


def test_the_dashboard_offers_every_knob_that_can_be_pinned() -> None:
    source = static_files()["js/charge-point/pins.js"].content.decode()
    assert re.findall(r'^  (?:flag|choice|number|list)\("(\w+)"', source, re.M) == list(QuirksConfig.model_fields)


def test_the_dashboard_knows_every_type_of_event() -> None:
    source = static_files()["js/event-types.js"].content.decode()
    groups = source.partition("GROUPS = [")[2].partition("\n];")[0]
    assert sorted(re.findall(r'"([a-z_]+)"', groups)) == sorted(PAYLOADS)
