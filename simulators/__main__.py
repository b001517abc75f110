"""The command line: `python -m simulators --url ws://host:port/ocpp` runs a car park of simulated chargers."""

import asyncio
import contextlib
import logging
import random
import signal
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import structlog
import typer

from simulators.behaviours import BEHAVIOURS, BY_NOTHING, Named
from simulators.changes import Change
from simulators.clock import SystemClock
from simulators.fleet import fleet
from simulators.narration import narrate
from simulators.park import CarPark
from simulators.station import SimulatedChargePoint
from simulators.transport import Tls

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Protocols(StrEnum):
    """Which versions of OCPP the fleet speaks; `both` alternates them."""

    V16 = "1.6"
    V201 = "2.0.1"
    BOTH = "both"


def _list_behaviours(wanted: bool) -> None:
    if wanted:
        width = max(len(name) for name in BEHAVIOURS)
        for name, named in BEHAVIOURS.items():
            print(f"{name:{width}}  {named.does}")
        raise typer.Exit


@app.command()
def main(
    url: Annotated[str, typer.Option(help="Address of the central system; the identity is appended.")],
    charge_points: Annotated[int, typer.Option(min=1, max=10_000, help="How many chargers.")] = 6,
    protocol: Annotated[Protocols, typer.Option(help="OCPP version.")] = Protocols.BOTH,
    speed: Annotated[float, typer.Option(help="Scales arrivals and battery sizes, not clocks or power.")] = 1.0,
    prefix: Annotated[str, typer.Option(help="Identities are PREFIX001, PREFIX002 ...")] = "CP-",
    seed: Annotated[int | None, typer.Option(help="Makes cars and retries repeatable.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File with the Basic auth password of all chargers.")
    ] = None,
    password: Annotated[str | None, typer.Option(help="The password itself, for trying: others can see it.")] = None,
    security_profile: Annotated[
        int | None, typer.Option(min=0, max=3, help="Refuse to start where the other options do not fit it.")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Whom to trust with wss (PEM).")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Client certificate of all chargers (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    behaves_like: Annotated[str | None, typer.Option(help="How all depart from the book, by name.")] = None,
    _list: Annotated[
        bool, typer.Option("--list-behaviours", help="Print these names.", is_eager=True, callback=_list_behaviours)
    ] = False,
    quiet: Annotated[bool, typer.Option(help="Print nothing but errors.")] = False,
) -> None:
    """Simulated chargers with cars that come, charge and leave. Ends on Ctrl-C, SIGTERM or after --seconds."""
    _check_url(url)
    if not speed > 0:
        _refuse("--speed must be above 0")
    if seconds is not None and seconds < 0:
        _refuse("--seconds must not be negative")
    password = password if password_file is None else _password(password_file)
    _check_profile(security_profile, url, password, certificate)
    _log_to_terminal()
    rng, named = random.Random(seed), _named(behaves_like)
    stations = fleet(
        url,
        charge_points,
        protocol.value,
        rng=rng,
        clock=SystemClock(),
        prefix=prefix,
        password=password,
        tls=_tls(ca_file, certificate, key),
        behaviour=replace(named.behaviour, reports_security_events=True),
        named=named,
        on_change=None if quiet else _print,
    )
    asyncio.run(_run(stations, CarPark(stations, rng=rng, speed=speed), seconds))


async def _run(stations: list[SimulatedChargePoint], park: CarPark, seconds: float | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no handlers on the loop
            loop.add_signal_handler(number, ended.set)
    for station in stations:
        await station.start()
    cars = asyncio.create_task(park.run())
    cars.add_done_callback(lambda _: ended.set())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
    cars.cancel()
    results = await asyncio.gather(cars, *(station.stop() for station in stations), return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


def _print(station: SimulatedChargePoint, change: Change) -> None:
    line = narrate(station, change)
    if line is not None:
        print(line, flush=True)


def _named(name: str | None) -> Named:
    if name is not None and name not in BEHAVIOURS:
        _refuse(f"--behaves-like {name!r} is none of those that --list-behaviours prints")
    return BY_NOTHING if name is None else BEHAVIOURS[name]


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        _refuse(f"--url must look like ws://host:port/path, not {url!r}")


def _check_profile(profile: int | None, url: str, password: str | None, certificate: Path | None) -> None:
    secure = url.startswith("wss:")
    if profile in (2, 3) and not secure:
        _refuse(f"--security-profile {profile} needs a wss:// address")
    if profile in (0, 1) and secure:
        _refuse(f"--security-profile {profile} needs a ws:// address")
    if profile in (1, 2) and password is None:
        _refuse(f"--security-profile {profile} needs a password")
    if profile == 3 and certificate is None:
        _refuse("--security-profile 3 needs --certificate and --key")


def _tls(ca_file: Path | None, certificate: Path | None, key: Path | None) -> Tls:
    tls = Tls(ca_file, certificate, key)
    try:
        tls.context()
    except OSError as error:
        _refuse(f"--ca-file, --certificate or --key: {error}")
    return tls


def _password(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        _refuse(f"--password-file: {error}")


def _log_to_terminal() -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _refuse(message: str) -> NoReturn:
    raise typer.BadParameter(message)


if __name__ == "__main__":
    app()
