"""config.toml: every error at once with its place; defaults; what it means to the domain; the example."""

from __future__ import annotations

import hashlib
import re
import types
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from csms.config import Config, ConfigInvalid, find_path, load
from csms.domain.model import (
    BalancerSettings,
    ChargePointSettings,
    Current,
    SiteSettings,
)
from csms.keys import config_lines, new_api_key

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
HEX = "0123456789abcdef" * 4
SITE = '[[sites]]\nsite_id = "a"\ngrid_capacity_kw = 10\n'
POINT = '[[sites.charge_points]]\ncharge_point_id = "CP-1"\n'
SMART = '[sites.smart_charging]\nmax_power_kw = 5\nstrategy = "equal"\n'
KEY = f'[[api.keys]]\nname = "ops"\nsha256 = "{HEX}"\nscopes = ["read"]\n'


def _load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def _errors(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    try:
        _load(tmp_path, text)
    except ConfigInvalid as invalid:
        return [(error.path, error.rule) for error in invalid.errors]
    return []


def test_only_a_site_with_its_capacity_is_needed(tmp_path: Path) -> None:
    config = _load(tmp_path, SITE)
    assert (config.ocpp.host, config.ocpp.port, config.ocpp.heartbeat_interval_s) == ("127.0.0.1", 9000, 60)
    assert (config.ocpp.call_timeout_s, config.ocpp.unknown_charge_points) == (30.0, "reject")
    assert (config.ocpp.default_site_id, config.storage.url) == (None, "sqlite+aiosqlite:///csms.db")
    assert (config.api.host, config.api.port, config.api.keys) == ("127.0.0.1", 8080, [])
    assert config.balancer_settings() == BalancerSettings(6.0, 100, 5.0, 30.0, 900.0, 900.0, 60.0, 180.0)
    assert config.sites[0].settings() == SiteSettings("a", "a", "Europe/London", 10_000, 230.0, None)
    assert config.sites[0].charge_point_settings() == []
    assert config.sites[0].smart_charging_settings(1.0) is None


def test_a_charge_point_of_which_only_the_id_is_declared(tmp_path: Path) -> None:
    config = _load(tmp_path, SITE + POINT)
    assert config.sites[0].charge_point_settings() == [ChargePointSettings("CP-1", "a")]


def test_everything_declared_reaches_the_domain(tmp_path: Path) -> None:
    text = (
        "[ocpp]\ncall_timeout_s = 12.5\n[balancer]\nsettle_s = 1\nmin_change_w = 0\nraise_interval_s = 0.5\n"
        "lease_minutes = 0\nturn_minutes = 2.5\nreclaim_after_s = 30\nsuspended_after_s = 90\n"
        '[[sites]]\nsite_id = "a"\nname = "Ä"\ntimezone = "UTC"\ngrid_capacity_kw = 43.47\nvoltage_v = 240\n'
        "voltage_max_v = 253.5\n" + POINT + 'connectors = 2\nmax_power_kw = 22.08\ncurrent = "AC"\nphases = 3\n'
        f'in_service = false\noffline_limit_kw = 4.14\nprotocol = "ocpp2.0.1"\npassword_sha256 = "{HEX.upper()}"\n'
    )
    config = _load(tmp_path, text + SMART)
    assert config.balancer_settings() == BalancerSettings(1.0, 0, 0.5, 12.5, 0.0, 150.0, 30.0, 90.0)
    assert config.sites[0].settings() == SiteSettings("a", "Ä", "UTC", 43_470, 240.0, 253.5)
    assert config.sites[0].charge_point_settings() == [
        ChargePointSettings(
            "CP-1",
            "a",
            2,
            22_080,
            Current.AC,
            3,
            False,
            4140,
            None,
            (0, 1, 2),
            protocol="ocpp2.0.1",
            password_sha256=HEX,
        )
    ]
    smart_charging = config.sites[0].smart_charging_settings(7.0)
    assert smart_charging is not None
    assert (smart_charging.max_power_w, smart_charging.updated_at_s) == (5000, 7.0)


@pytest.mark.parametrize(
    ("text", "path", "rule"),
    [
        ("", "sites", "is required"),
        ("sites = []", "sites", "must not be empty"),
        ("sites = 1", "sites", "must be a list"),
        ("colour = 1\n" + SITE, "colour", "is not a known field"),
        ("[ocpp]\nports = 1\n" + SITE, "ocpp.ports", "is not a known field"),
        ("[ocpp]\nport = 65536\n" + SITE, "ocpp.port", "must be at most 65535"),
        ("[ocpp]\nport = -1\n" + SITE, "ocpp.port", "must be at least 0"),
        ('[ocpp]\nport = "9000"\n' + SITE, "ocpp.port", "must be a whole number"),
        ("[ocpp]\nport = true\n" + SITE, "ocpp.port", "must be a whole number"),
        ("[ocpp]\nport = 1.5\n" + SITE, "ocpp.port", "must be a whole number"),
        ('[ocpp]\nhost = ""\n' + SITE, "ocpp.host", "must be a host name or an address"),
        ("[ocpp]\nheartbeat_interval_s = 0\n" + SITE, "ocpp.heartbeat_interval_s", "must be at least 1"),
        ("[ocpp]\nmetering_interval_s = 0\n" + SITE, "ocpp.metering_interval_s", "must be at least 1"),
        ("[ocpp]\ncall_timeout_s = 0\n" + SITE, "ocpp.call_timeout_s", "must be greater than 0"),
        ("[ocpp]\ncall_timeout_s = nan\n" + SITE, "ocpp.call_timeout_s", "must be a finite number"),
        ("[ocpp]\ncall_timeout_s = inf\n" + SITE, "ocpp.call_timeout_s", "must be a finite number"),
        (
            '[ocpp]\nunknown_charge_points = "ask"\n' + SITE,
            "ocpp.unknown_charge_points",
            "must be 'reject' or 'accept'",
        ),
        (
            '[ocpp]\nunknown_charge_points = "accept"\n' + SITE,
            "ocpp.default_site_id",
            'is required when unknown_charge_points is "accept"',
        ),
        (
            '[ocpp]\ndefault_site_id = "b"\n' + SITE,
            "ocpp.default_site_id",
            "must be the site_id of a site of this file",
        ),
        ("[api]\nport = 70000\n" + SITE, "api.port", "must be at most 65535"),
        (KEY.replace(HEX, HEX[1:]) + SITE, "api.keys[0].sha256", "must be 64 hexadecimal digits"),
        (KEY.replace('["read"]', "[]") + SITE, "api.keys[0].scopes", "must not be empty"),
        (KEY.replace('"read"', '"root"') + SITE, "api.keys[0].scopes[0]", "must be 'read', 'control' or 'admin'"),
        (KEY.replace('"read"', '"read", "read"') + SITE, "api.keys[0].scopes[1]", "must not be repeated"),
        (KEY.replace('"ops"', '" "') + SITE, "api.keys[0].name", "must be a name"),
        (KEY + KEY.replace(HEX, HEX[::-1]) + SITE, "api.keys[1].name", "must not be repeated"),
        (KEY + KEY.replace("ops", "other") + SITE, "api.keys[1].sha256", "must not be repeated"),
        ('[storage]\nurl = "csms.db"\n' + SITE, "storage.url", "must be sqlite+aiosqlite:/// and the path of a file"),
        ("[balancer]\nsettle_s = -1\n" + SITE, "balancer.settle_s", "must be at least 0"),
        ("[balancer]\nmin_change_w = 1.5\n" + SITE, "balancer.min_change_w", "must be a whole number"),
        ("[balancer]\nlease_minutes = 0.5\n" + SITE, "balancer.lease_minutes", "must be 0 or at least 1"),
        ("[balancer]\nturn_minutes = 0\n" + SITE, "balancer.turn_minutes", "must be greater than 0"),
        ("[balancer]\nreclaim_after_s = -1\n" + SITE, "balancer.reclaim_after_s", "must be at least 0"),
        ("[balancer]\nsuspended_after_s = inf\n" + SITE, "balancer.suspended_after_s", "must be a finite number"),
        ("[balancer]\nraise_interval_s = 3601\n" + SITE, "balancer.raise_interval_s", "must be at most 3600"),
        (SITE.replace('"a"', '"a/b"'), "sites[0].site_id", "must be 1 to 64 letters, digits, or - _ . ~, not . first"),
        (SITE.replace('"a"', '".."'), "sites[0].site_id", "must be 1 to 64 letters, digits, or - _ . ~, not . first"),
        (SITE.replace("10", "0"), "sites[0].grid_capacity_kw", "must be greater than 0"),
        (SITE.replace("10", '"10"'), "sites[0].grid_capacity_kw", "must be a number"),
        (SITE.replace("10", "1979-05-27"), "sites[0].grid_capacity_kw", "must be a number"),
        (SITE + 'timezone = "Mars/North"\n', "sites[0].timezone", "must be a time zone such as Europe/London"),
        (SITE + 'timezone = "../UTC"\n', "sites[0].timezone", "must be a time zone such as Europe/London"),
        (SITE + 'timezone = "Europe"\n', "sites[0].timezone", "must be a time zone such as Europe/London"),
        (SITE + 'timezone = ""\n', "sites[0].timezone", "must be a time zone such as Europe/London"),
        (SITE + "voltage_v = 99\n", "sites[0].voltage_v", "must be at least 100"),
        (SITE + "voltage_v = 501\n", "sites[0].voltage_v", "must be at most 500"),
        (SITE + "voltage_max_v = 229\n", "sites[0].voltage_max_v", "must be at least voltage_v"),
        (SITE + SITE, "sites[1].site_id", "must be unique; sites[0] has it too"),
        (
            SITE + POINT + SITE.replace('"a"', '"b"') + POINT,
            "sites[1].charge_points[0].charge_point_id",
            "must be unique; sites[0].charge_points[0] has it too",
        ),
        (
            SITE + SMART.replace("= 5", "= 11"),
            "sites[0].smart_charging.max_power_kw",
            "must be at most the site's grid",
        ),
        (
            SITE + POINT + SMART + 'priority_order = ["CP-1", "CP-2"]\n',
            "sites[0].smart_charging.priority_order[1]",
            "must be a charge point of the site",
        ),
        (SITE + SMART.replace("equal", "best"), "sites[0].smart_charging.strategy", "must be 'equal', 'priority'"),
        (SITE + "smart_charging = 1\n", "sites[0].smart_charging", "must be an object"),
        (SITE + "smart_charging = {}\n", "sites[0].smart_charging.max_power_kw", "is required"),
    ],
)
def test_an_error_is_named_with_its_place(tmp_path: Path, text: str, path: str, rule: str) -> None:
    place, found = _errors(tmp_path, text)[0]
    assert place == path
    assert found.startswith(rule)


@pytest.mark.parametrize(
    ("lines", "field", "rule"),
    [
        ("connectors = 0", "connectors", "must be at least 1"),
        ("connectors = 65", "connectors", "must be at most 64"),
        ("max_power_kw = 0", "max_power_kw", "must be greater than 0"),
        ('current = "ac"', "current", "must be 'AC' or 'DC'"),
        ('current = "AC"\nphases = 4', "phases", "must be 1, 2 or 3"),
        ('current = "AC"\nphases = true', "phases", "must be a whole number"),
        ('current = "AC"\nphases = 3.0', "phases", "must be a whole number"),
        ('current = "DC"\nphases = 3', "phases", "must be absent where current is DC"),
        ("in_service = 1", "in_service", "must be true or false"),
        ("offline_limit_kw = -1", "offline_limit_kw", "must be at least 0"),
        ("max_power_kw = 5\noffline_limit_kw = 5.001", "offline_limit_kw", "must be at most max_power_kw"),
        ('protocol = "1.6"', "protocol", "must be 'ocpp1.6' or 'ocpp2.0.1'"),
        ('password_sha256 = "secret"', "password_sha256", "must be 64 hexadecimal digits"),
        ('password = "secret"', "password", "is not a known field"),
    ],
)
def test_an_error_of_a_charge_point_is_named_with_its_field(tmp_path: Path, lines: str, field: str, rule: str) -> None:
    assert _errors(tmp_path, SITE + POINT + lines) == [(f"sites[0].charge_points[0].{field}", rule)]


@pytest.mark.parametrize("identity", ["", "a:b", "x" * 49, r"a\u0000", r"a\u007f", " a", "a ", ".", ".."])
def test_a_charge_point_id_must_fit_an_address_and_a_user_name(tmp_path: Path, identity: str) -> None:
    found = _errors(tmp_path, SITE + POINT.replace("CP-1", identity))
    assert [path for path, _ in found] == ["sites[0].charge_points[0].charge_point_id"]


@pytest.mark.parametrize("identity", ["x" * 48, "CP 1", "Säule-1", "CP#1", "CP.1", "CP/1"])
def test_other_charge_point_ids_are_fine(tmp_path: Path, identity: str) -> None:
    assert _errors(tmp_path, SITE + POINT.replace("CP-1", identity)) == []


def test_every_error_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        '[ocpp]\nport = -1\ndefault_site_id = "z"\n[balancer]\nsettle_s = -1\n'
        + SITE
        + POINT
        + POINT
        + "phases = 4\n"
        + SMART.replace("= 5", "= 50")
        + SITE
        + 'timezone = "?"\n'
    )
    assert [path for path, _ in _errors(tmp_path, text)] == [
        "ocpp.port",
        "balancer.settle_s",
        "sites[0].charge_points[1].phases",
        "sites[0].smart_charging.max_power_kw",
        "sites[1].timezone",
        "sites[1].site_id",
        "sites[0].charge_points[1].charge_point_id",
        "ocpp.default_site_id",
    ]


@pytest.mark.parametrize(
    ("content", "place", "rule"),
    [
        (b"[ocpp]\nport = \n", ":2", "is not valid TOML"),
        (b"[ocpp]\n[ocpp]\n", ":2", "is not valid TOML"),
        (b"\xff", "", "must be UTF-8"),
        (b"x = " + b"9" * 5000, "", "is not valid TOML"),
        (b"x = " + b"[" * 100_000, "", "is nested too deeply"),
    ],
)
def test_a_file_that_is_not_toml_is_named_with_its_line(tmp_path: Path, content: bytes, place: str, rule: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigInvalid) as invalid:
        load(path)
    assert [error.path for error in invalid.value.errors] == [f"{path}{place}"]
    assert invalid.value.errors[0].rule.startswith(rule)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"none\.toml: cannot be read: No such file"):
        load(tmp_path / "none.toml")


def test_secrets_show_neither_in_errors_nor_in_what_is_printed(tmp_path: Path) -> None:
    text = KEY + SITE + POINT + f'password_sha256 = "{HEX[::-1]}"\n'
    assert HEX not in repr(_load(tmp_path, text))
    assert HEX[::-1] not in repr(_load(tmp_path, text))
    assert "hunter2" not in str(_errors(tmp_path, text.replace(HEX, "hunter2")))


@pytest.mark.parametrize(
    ("environ", "given", "found"),
    [
        ({}, None, "config.toml"),
        ({"CSMS_CONFIG": ""}, None, "config.toml"),
        ({"CSMS_CONFIG": "/etc/csms.toml"}, None, "/etc/csms.toml"),
        ({"CSMS_CONFIG": "/etc/csms.toml"}, Path("mine.toml"), "mine.toml"),
    ],
)
def test_the_file_is_the_one_given_or_named_by_the_environment(
    environ: dict[str, str], given: Path | None, found: str
) -> None:
    assert find_path(environ, given) == Path(found)


def test_a_new_key_is_long_never_the_same_and_admitted_by_its_lines(tmp_path: Path) -> None:
    (key, sha256), (other, _) = new_api_key(), new_api_key()
    assert key != other
    assert len(key) >= 40
    assert hashlib.sha256(key.encode()).hexdigest() == sha256
    admitted = _load(tmp_path, config_lines('the "ops" \\ 🚗', sha256, ["read", "control"]) + SITE).api.keys
    assert [(k.name, k.sha256, k.scopes) for k in admitted] == [('the "ops" \\ 🚗', sha256, ["read", "control"])]


def test_the_example_runs_as_it_stands_on_loopback_and_without_a_key() -> None:
    config = load(EXAMPLE)
    assert (config.ocpp.host, config.api.host, config.api.keys) == ("127.0.0.1", "127.0.0.1", [])
    assert len(config.sites[0].charge_points) == 3
    assert config.sites[0].smart_charging is not None


def _settings(model: type[BaseModel]) -> list[tuple[str, Any]]:
    """Every setting of a model and of the tables below it, with its default."""
    found: list[tuple[str, Any]] = []
    for name, field in model.model_fields.items():
        below = _table(field.annotation)
        if below is None:
            found.append((name, field.get_default(call_default_factory=True)))
        else:
            found += _settings(below)
    return found


def _table(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = get_args(annotation) if get_origin(annotation) in (list, types.UnionType) else ()
    return next((below for below in map(_table, inner) if below is not None), None)


@pytest.mark.parametrize(("name", "default"), [pytest.param(*row, id=row[0]) for row in _settings(Config)])
def test_the_example_shows_every_setting_with_its_default(name: str, default: Any) -> None:
    lines = re.findall(rf"^(?:# )?{name} = ([^#\n]*?) *(?:#|$)", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert lines, f"{name} is not in the example"
    if isinstance(default, (bool, int, float, str)):
        assert _toml(default) in lines


def _toml(value: bool | float | str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:.15g}"
