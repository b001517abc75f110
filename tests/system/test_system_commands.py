"""The commands, as a user types them."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from support.program import ROOT, Process, csms, served, write_config
from support.system import HUNGRY, configuration, dc, eventually, free_port, neighbours, sha256, site
from typer.testing import CliRunner

from csms.cli import app

BROKEN = """
[ocpp]
port = 70000
unknown_charge_points = "perhaps"
colour = "red"

[api]
keys = [{ name = "k", sha256 = "abc", scopes = ["owner"] }]

[[sites]]
site_id = "park"
grid_capacity_kw = -5
timezone = "Mars/Olympus"
charge_points = [{ charge_point_id = "CP:1", current = "DC", phases = 3 }, { charge_point_id = "CP-2", connectors = 0 }]

[[sites]]
site_id = "park"
grid_capacity_kw = 10
[sites.smart_charging]
max_power_kw = 11
strategy = "priority"
"""
PLACES = {
    "ocpp.port",
    "ocpp.unknown_charge_points",
    "ocpp.colour",
    "api.keys[0].sha256",
    "api.keys[0].scopes[0]",
    "sites[0].grid_capacity_kw",
    "sites[0].timezone",
    "sites[0].charge_points[0].charge_point_id",
    "sites[0].charge_points[0].phases",
    "sites[0].charge_points[1].connectors",
    "sites[1].smart_charging.max_power_kw",
    "sites[1].smart_charging.priority_order",
    "sites[1].site_id",
}


async def test_every_error_of_a_configuration_is_printed_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text(BROKEN, encoding="utf-8")
    checked, started = await asyncio.gather(
        csms("check-config", "broken.toml", cwd=tmp_path), csms("serve", "--config", "broken.toml", cwd=tmp_path)
    )
    assert checked == started
    assert checked.code == 2
    lines = checked.err.strip().splitlines()
    assert {line.split(": ")[1] for line in lines} == PLACES
    assert len(lines) == len(PLACES)
    assert all(line.startswith("broken.toml: ") for line in lines)
    assert files(tmp_path) == ["broken.toml"]  # nothing was begun


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check-config", "missing.toml"), "missing.toml: cannot be read: No such file or directory"),
        (("keys", "new", "--name", "n", "--scope", "owner"), "error: --scope must be read, control or admin"),
        (("keys", "new", "--name", " ", "--scope", "read"), "error: --name must not be empty"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    finished = CliRunner().invoke(app, arguments)
    assert (finished.exit_code, finished.stdout, finished.stderr) == (2, "", said + "\n")


def test_a_new_key_is_printed_once_with_the_lines_that_admit_it() -> None:
    finished = CliRunner().invoke(app, ("keys", "new", "--name", "op", "--scope", "read", "--scope", "control"))
    assert finished.exit_code == 0
    keys = re.findall(r"csms_[\w-]{43}", finished.stdout)
    assert len(keys) == 1
    lines = finished.stdout[finished.stdout.index("[[api.keys]]") :]
    assert lines.strip().splitlines() == [
        "[[api.keys]]",
        'name = "op"',
        f'sha256 = "{sha256(keys[0])}"',
        'scopes = ["read", "control"]',
    ]


async def test_the_example_configuration_serves_as_it_stands(tmp_path: Path) -> None:
    """But for its ports, which somebody else may have; with the key that the commands made, it answers."""
    ports = free_port(), free_port()
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    for usual, port in zip((9000, 8080), ports, strict=True):
        assert f"port = {usual}" in text
        text = text.replace(f"port = {usual}", f"port = {port}")
    config = tmp_path / "config.toml"
    config.write_text(text, encoding="utf-8")
    checked = CliRunner().invoke(app, ("check-config", str(config)))
    assert (checked.exit_code, checked.stdout) == (0, f"{config}: 1 site(s), no errors\n")
    async with neighbours(*ports) as system, served(config, ports[1]) as process:
        assert (await system.request("GET", "/api/v1/sites"))[0] == 401  # it ships no key
        station = await system.charger("CP-3", "2.0.1")
        station.plug_in(1, HUNGRY, "TAG")
        assert (await system.request("GET", "/readyz", key=None))[0] == 200
        second = await csms("serve", "--config", "config.toml", cwd=tmp_path)
        assert (second.code, "in use" in second.err) == (2, True)  # two of them on one store would both give orders
        process.send_signal(signal.SIGINT)
        assert await ended(process) == 0


async def ended(process: Process) -> int:
    """Its exit code; it has 10 s."""
    async with asyncio.timeout(10):
        return await process.wait()


PROBED = """
import gc, os, pathlib, sys, threading, time
from csms.cli import main

def tell():
    while True:
        pathlib.Path("new").write_text(f"{gc.get_threshold()[2] // 10} {gc.get_freeze_count() > 10_000}")
        os.replace("new", "told")
        time.sleep(0.05)

threading.Thread(target=tell, daemon=True).start()
sys.argv = ["csms", "serve", "--config", "config.toml"]
main()
"""
"""`csms serve`, which tells how seldom it looks for garbage, and whether all that was loaded is spared."""


async def test_serve_looks_for_garbage_seldom_once_everything_is_loaded(tmp_path: Path) -> None:
    config, *ports = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")])]))
    async with served(config, ports[1], (sys.executable, "-c", PROBED)) as process:
        told = tmp_path / "told"
        await eventually(lambda: told.read_text(encoding="utf-8") == "10 True", "it looks a tenth as often")
        process.terminate()
        assert await ended(process) == 0


async def test_after_sigterm_during_charging_check_config_says_where_the_store_overrules_the_file(
    tmp_path: Path,
) -> None:
    park = {**site([dc("CP-1")]), "smart_charging": {"max_power_kw": 50, "strategy": "equal"}}
    config, *ports = write_config(tmp_path, configuration(tmp_path, [park]))
    async with neighbours(*ports) as system, served(config, ports[1]) as process:
        station = await system.charger("CP-1", "1.6")
        station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        await system.configure(20)
        process.terminate()
        assert await ended(process) == 0
    finished = await csms("check-config", str(config), cwd=tmp_path)
    assert finished.code == 0
    assert "site park: smart_charging was changed over REST; the store wins\n" in finished.out


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


MARK = "CSMS_TEST_OF"


def marked_processes(mark: str) -> list[str]:
    """Every process that was started with this mark in its environment, or by one that was."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:  # it ended meanwhile, or is not ours to look at
            continue
    return found


async def test_the_demo_ends_by_itself_with_a_summary_and_leaves_nothing_behind(tmp_path: Path) -> None:
    mark = f"{os.getpid()}-{tmp_path.name}"
    finished = await csms("demo", "--seconds", "6", cwd=tmp_path, environment={MARK: mark, "TMPDIR": str(tmp_path)})
    assert (finished.code, finished.err) == (0, "")
    assert re.search(r"^API +http://127\.0\.0\.1:\d+/api/v1$", finished.out, re.MULTILINE)
    assert re.search(r"^API key +csms_[\w-]{43}$", finished.out, re.MULTILINE)
    assert re.search(r"^curl .*/smart-charging/sites/demo/allocation$", finished.out, re.MULTILINE)
    figures = dict(
        re.findall(r"^(ceiling|peak permitted|peak drawn|limits sent) +([\d.]+)", finished.out, re.MULTILINE)
    )
    assert float(figures["peak drawn"]) <= float(figures["peak permitted"]) <= float(figures["ceiling"]) == 60
    assert int(figures["limits sent"]) >= 6
    assert re.search(r"^energy delivered +[\d.]+ kWh in \d+ sessions$", finished.out, re.MULTILINE)
    assert marked_processes(mark) == []
    assert files(tmp_path) == []
