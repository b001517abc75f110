"""`csms demo`: the central system and a simulated car park, watched through the REST interface as a user would."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import re
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group
from rich.live import Live

from csms import logs
from csms.client import Allocation, Client
from csms.config import Config
from csms.console.tables import watched
from csms.keys import new_api_key

SITE_ID = "demo"
CEILING_KW = 60.0
_REFRESH_S = 0.5

_KINDS = (
    {"current": "AC", "phases": 1, "max_power_kw": 7.36},
    {"current": "AC", "phases": 3, "max_power_kw": 22.08},
    {"current": "DC", "max_power_kw": 50.0},
)


class Running(Protocol):
    """The central system, as far as the demo handles it."""

    def limits_sent(self) -> int: ...


Run = Callable[[Config], AbstractAsyncContextManager[tuple[Running, int, int]]]


@dataclass
class Summary:
    """What the demo measured while it ran.

    Peaks count from the end of commissioning: until a charger has confirmed its default profile, which takes about a
    second at its first contact ever, it is counted at its rated maximum, and six together exceed the ceiling.
    """

    commissioned: bool = False
    peak_permitted_kw: float = 0.0
    peak_drawn_kw: float = 0.0
    energy_kwh: float = 0.0
    limits_sent: int = 0
    sessions: int = 0
    busiest: tuple[int, Group | None] = (0, None)

    def see(self, allocation: Allocation, picture: Group) -> None:
        within = allocation.total_permitted_kw <= allocation.total_budget_kw
        self.commissioned = self.commissioned or (within and not allocation.not_commissioned)
        self.peak_drawn_kw = max(self.peak_drawn_kw, allocation.drawn_kw)
        if self.commissioned:
            self.peak_permitted_kw = max(self.peak_permitted_kw, allocation.total_permitted_kw)
        if len(allocation.chargers) >= self.busiest[0]:
            self.busiest = (len(allocation.chargers), picture)

    def lines(self) -> list[str]:
        permitted = f"{self.peak_permitted_kw:8.3f} kW" if self.commissioned else "   not yet commissioned"
        return [
            f"ceiling           {CEILING_KW:8.3f} kW",
            f"peak permitted    {permitted}",
            f"peak drawn        {self.peak_drawn_kw:8.3f} kW",
            f"energy delivered  {self.energy_kwh:8.3f} kWh in {self.sessions} sessions",
            f"limits sent       {self.limits_sent:8d}",
        ]


async def run_demo(run: Run, *, seconds: float | None, seed: int, screenshot: Path | None) -> None:
    """Run until `seconds` are over or Ctrl-C, then print a summary."""
    console = Console()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # The table has the terminal; what goes wrong is still said.
    logs.configure(level=logging.ERROR)
    key, sha256 = new_api_key()
    summary = Summary()
    with tempfile.TemporaryDirectory(prefix="csms-demo-") as folder:
        async with run(_config(Path(folder), sha256)) as (running, ocpp_port, api_port):
            base = f"http://127.0.0.1:{api_port}"
            _introduce(console, base, key)
            async with Client(base, key) as client, _car_park(ocpp_port, seed):
                await _watch(console, client, summary, ended, seconds)
                summary.limits_sent = running.limits_sent()
    if screenshot is not None:
        _save(summary.busiest[1], screenshot)
    for line in summary.lines():
        console.print(line, highlight=False)


def _config(folder: Path, sha256: str) -> Config:
    charge_points = [
        {"charge_point_id": f"CP-{number:03d}", **_KINDS[(number - 1) % len(_KINDS)]} for number in range(1, 7)
    ]
    return Config.model_validate(
        {
            # Metered every second or so: what cars draw is seen as soon as they draw it.
            "ocpp": {"port": _free_port(9000), "heartbeat_interval_s": 30, "metering_interval_s": 1},
            "api": {
                "port": _free_port(8080),
                "keys": [{"name": "demo", "sha256": sha256, "scopes": ["admin"]}],
            },
            "storage": {"url": f"sqlite+aiosqlite:///{folder / 'csms.db'}"},
            "sites": [
                {
                    "site_id": SITE_ID,
                    "name": "Simulated car park",
                    "grid_capacity_kw": CEILING_KW,
                    "charge_points": charge_points,
                }
            ],
        }
    )


def _free_port(wanted: int) -> int:
    """The usual port if nobody has it, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return wanted


def _introduce(console: Console, base: str, key: str) -> None:
    url = f"{base}/api/v1/smart-charging/sites/{SITE_ID}/allocation"
    lines = (
        f"Dashboard  {base}/#key={key}",
        f"API        {base}/api/v1",
        f"API key    {key}",
        f"curl -H 'Authorization: Bearer {key}' {url}",
        "",
    )
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


@contextlib.asynccontextmanager
async def _car_park(ocpp_port: int, seed: int) -> AsyncIterator[None]:
    """The bundled simulator, started as a user would start it; in a session of its own, so that Ctrl-C is ours."""
    url = f"ws://127.0.0.1:{ocpp_port}/ocpp"
    options = ["--charge-points", "6", "--protocol", "both", "--speed", "8", "--seed", str(seed), "--quiet"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "--url", url, *options), start_new_session=True
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _watch(
    console: Console,
    client: Client,
    summary: Summary,
    ended: asyncio.Event,
    seconds: float | None,
) -> None:
    deadline_s = None if seconds is None else asyncio.get_running_loop().time() + seconds
    # Where the output is no terminal, a picture twice a second would only fill a log: the summary has to do.
    live = Live(console=console, auto_refresh=False) if console.is_terminal else None
    with live or contextlib.nullcontext():
        while not ended.is_set() and (deadline_s is None or asyncio.get_running_loop().time() < deadline_s):
            allocation = await client.allocation(SITE_ID)
            picture = watched(allocation, await client.charge_points(SITE_ID))
            summary.see(allocation, picture)
            if live is not None:
                live.update(picture, refresh=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_S):
                    await ended.wait()
    sessions = await client.sessions(site_id=SITE_ID)
    summary.sessions = len(sessions)
    summary.energy_kwh = sum(session.energy_kwh or 0.0 for session in sessions)


def _save(picture: Group | None, file: Path) -> None:
    """The picture as SVG, in whatever monospaced font the reader has: nothing is fetched to show it."""
    recorder = Console(record=True, width=118, file=io.StringIO())
    recorder.print(picture)
    fontless = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    recorder.save_svg(str(file), title="csms demo", code_format=fontless)
