"""The files in deploy/ fit the program: what they copy, start, ask for and forward exists. No image is built here."""

import configparser
import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from csms.api.routes import ROUTES
from csms.cli import app
from csms.config import ApiConfig, OcppConfig, StorageConfig

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PORTS = {OcppConfig().port, ApiConfig().port}
COMMANDS = set(getattr(typer.main.get_command(app), "commands"))  # noqa: B009  of a group, as typer's is


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, each with what follows it."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}


def test_the_image_is_made_of_known_instructions() -> None:
    assert {word for word, _ in instructions()} == KNOWN


def ignored(path: str) -> bool:
    """By .dockerignore, whose last fitting line decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().split():
        pattern = line.removeprefix("!")
        if fnmatch.fnmatch(path, pattern) or path.startswith(f"{pattern}/"):
            verdict = not line.startswith("!")
    return verdict


def test_everything_that_is_copied_exists_and_reaches_the_builder() -> None:
    sources = [part for rest in of("COPY") if not rest.startswith("--from") for part in rest.split()[:-1]]
    assert len(sources) >= 6
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not ignored(source), source
    assert ignored("config.toml")
    assert ignored("csms.db")
    assert ignored(".git")


def test_what_is_packaged_is_copied() -> None:
    document = (ROOT / "pyproject.toml").read_text()
    found = re.search(r"include = \[(.*)\]", document)
    assert found
    packages = {name.rstrip("*") for name in re.findall(r'"([^"]+)"', found[1])}
    copied = {part for rest in of("COPY") for part in rest.split()[:-1]}
    assert packages | {"pyproject.toml", "constraints.txt", "README.md", "LICENSE"} <= copied


def test_the_image_runs_the_program_as_nobody_special() -> None:
    words = [word for word, _ in instructions()]
    assert words.index("USER") < words.index("CMD")
    assert of("USER") == ["csms"]
    assert "-c constraints.txt" in of("RUN")[0]
    assert re.fullmatch(r'\["csms", "(\w+)"\]', of("CMD")[0])
    assert "serve" in COMMANDS
    assert {int(port) for port in of("EXPOSE")[0].split()} == PORTS


def test_health_is_asked_where_it_is_answered_without_a_key() -> None:
    (check,) = of("HEALTHCHECK")
    found = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", check)
    assert found
    assert int(found[1]) == ApiConfig().port
    assert found[2] in {route.path for route in ROUTES if route.scope is None}


def test_the_composition_builds_that_image_and_publishes_its_ports() -> None:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    service = document["services"]["csms"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert {int(port.rpartition(":")[2]) for port in service["ports"]} == PORTS
    mounts = dict(volume.split(":")[:2] for volume in service["volumes"])
    assert mounts["data"] == of("VOLUME")[0] == of("WORKDIR")[-1]
    assert "data" in document["volumes"]
    assert f"CSMS_CONFIG={mounts['../config.toml']}" in of("ENV")[0].split()
    assert service["read_only"] is True
    assert StorageConfig().url == "sqlite+aiosqlite:///csms.db"  # relative: in the working directory, the volume


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have upper case
    parser.read(DEPLOY / "csms.service")
    assert parser.sections() == ["Unit", "Service", "Install"]
    return parser["Service"]


@pytest.mark.parametrize("name", ["ExecStart", "ExecStartPre"])
def test_the_unit_starts_commands_that_exist(name: str) -> None:
    program, command, *rest = unit()[name].split()
    assert program == "/opt/csms/bin/csms"
    assert command in COMMANDS
    assert rest[-1] == "/etc/csms/config.toml"


def test_the_unit_has_the_time_that_a_stop_takes_and_keeps_the_database_where_it_may_write() -> None:
    service = unit()
    assert int(service["TimeoutStopSec"]) > 10
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert service["ProtectSystem"] == "strict"
    assert service["User"] != "root"


def test_the_proxies_forward_to_the_ports_and_paths_that_there_are() -> None:
    paths = {route.path for route in ROUTES}
    for name in ("nginx.conf", "Caddyfile"):
        text = (DEPLOY / name).read_text()
        assert {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", text)} == PORTS
        assert text.count("{") == text.count("}")
        assert "/ocpp/" in text
        for path in re.findall(r"location = (\S+)", text):
            assert path in paths, path
    nginx = (DEPLOY / "nginx.conf").read_text()
    events = nginx[nginx.index("location = /api/v1/events") :].partition("}")[0]
    assert "proxy_buffering off;" in events
    upgrade = nginx[nginx.index("location /ocpp/") :].partition("}")[0]
    assert "proxy_set_header Upgrade $http_upgrade;" in upgrade
