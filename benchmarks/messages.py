"""What a message costs: CPU of the server's process per CALL and its CALLRESULT, servers beside each other.

    python -m benchmarks.messages [--check] [--only echo system] [--protocols ocpp1.6] [--rounds 7] [--chart SVG]

Fifty chargers say whole charging sessions (`benchmarks.wire.mix`), one message in flight each, to every server in turn:

- `echo`: `websockets` on uvloop sends the text back; the yardstick;
- `plain`: the `ocpp` package, whose handlers do nothing;
- `node`: `ocpp-rpc` in strict mode on Node, whose handlers do nothing; left out where there is no Node;
- `codec`: our server; messages are decoded, validated and answered, and nothing is kept;
- `system`: `csms serve`, with its balancer and its database; what it writes behind is counted.

Microseconds are the median of the rounds, with the least and the most; ratios are taken round by round. `--check` ends
with status 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvloop

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Better, Goal, Result, Rounds, number, percentile
from benchmarks.wire.load import connected, flood
from benchmarks.wire.mix import PROTOCOLS, identities, session
from benchmarks.wire.processes import allow_many_files, end_tidily
from benchmarks.wire.programs import PROGRAMS, Unavailable, started
from benchmarks.wire.rounds import Entrant, Work, at_rate, cpu_us, flooded, limits_per_100, rounds
from benchmarks.wire.table import goal_lines, missed, text_table, write_json

GOALS = (
    ("codec", "echo", Goal(0.8)),
    ("system", "echo", Goal(1.2)),
    ("plain", "system", Goal(25.0, Better.MORE)),
    ("system", "node", Goal(1.0)),
)
"""Dividend, divisor, and what the ratio is to be."""

_WARM_UP_S = 8.0
"""After first contact limits settle and default profiles are proved; nothing of that belongs to a message."""

_HEADINGS = ("", "CPU us per message", "messages/s", "limits/100", "own us")
_PACED_HEADINGS = ("", "CPU us per message", "p50 us", "p99 us", "messages/s", "limits/100", "own us")


@dataclass(frozen=True, slots=True)
class Found:
    """One version of OCPP: work by the server's name."""

    protocol: str
    flooded: Mapping[str, Sequence[Work]]
    paced: Mapping[str, Sequence[Work]]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    end_tidily()
    allow_many_files()
    found = []
    for protocol in options.protocols:
        with tempfile.TemporaryDirectory(prefix="csms-bench-") as folder:
            found.append(uvloop.run(_measured(protocol, options, Path(folder))))
        print(_told(found[-1], options), flush=True)
    results = [result for one in found for result in _results(one)]
    if results:
        print(goal_lines(results), *missed(results), sep="\n")
    write_json(options.json, results, dict(_figures(found)))
    if options.chart is not None:
        from benchmarks.wire.chart import draw  # noqa: PLC0415  # matplotlib is only needed for the picture

        draw(options.chart, {one.protocol: {name: cpu_us(work) for name, work in one.flooded.items()} for one in found})
    return 1 if options.check and any(result.missed for result in results) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.messages", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="end with status 1 if a goal is missed")
    parser.add_argument("--only", nargs="+", default=list(PROGRAMS), choices=PROGRAMS, metavar="NAME", help="servers")
    parser.add_argument("--protocols", nargs="+", default=PROTOCOLS, choices=PROTOCOLS, metavar="NAME")
    parser.add_argument("--chargers", type=int, default=50, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--rate", type=float, default=1_000.0, help="paced messages per second (default: %(default)s)")
    parser.add_argument("--paced-seconds", type=float, default=1.5, help="0: not paced (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the servers (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path("build/messages.json"), help="(default: %(default)s)")
    parser.add_argument("--chart", type=Path, metavar="SVG", help="also draw a picture")
    return parser.parse_args(arguments)


async def _measured(protocol: str, options: argparse.Namespace, folder: Path) -> Found:
    rng = random.Random(options.seed)
    with ExitStack() as stack:
        entrants = []
        for name in options.only:
            try:
                server = stack.enter_context(started(PROGRAMS[name], folder, protocol, options.chargers))
            except Unavailable as reason:
                print(f"{name} is left out: {reason}", flush=True)
                continue
            drivers = await connected(Address(server.port, protocol), identities(options.chargers))
            entrants.append(Entrant(PROGRAMS[name], server, drivers))
        await asyncio.sleep(_WARM_UP_S)
        for entrant in entrants:
            await flood(entrant.drivers, len(session(protocol)))
        as_fast = await rounds(entrants, flooded, options.rounds, rng)
        paced: Mapping[str, Sequence[Work]] = {}
        if options.paced_seconds:
            paced = await rounds(entrants, at_rate(options.rate, options.paced_seconds, rng), options.rounds, rng)
    return Found(protocol, as_fast, paced)


def _told(found: Found, options: argparse.Namespace) -> str:
    lines = [f"{found.protocol}, {options.chargers} chargers, as fast as they are answered; median (least - most)", ""]
    lines.append(text_table(_HEADINGS, [_row(name, work) for name, work in found.flooded.items()]))
    if found.paced:
        lines += ["", f"{found.protocol}, {options.rate:g} messages per second", ""]
        lines.append(text_table(_PACED_HEADINGS, [_paced_row(name, work) for name, work in found.paced.items()]))
    return "\n".join([*lines, ""])


def _row(name: str, work: Sequence[Work]) -> tuple[str, ...]:
    return (name, str(cpu_us(work)), _rate(work), limits_per_100(work), _own(work))


def _paced_row(name: str, work: Sequence[Work]) -> tuple[str, ...]:
    latencies = [latency for done in work for latency in done.slice.latencies_us]
    return (
        name,
        str(cpu_us(work)),
        *(number(percentile(latencies, p)) for p in (50, 99)),
        _rate(work),
        limits_per_100(work),
        _own(work),
    )


def _rate(work: Sequence[Work]) -> str:
    return f"{median(done.slice.messages / done.slice.wall_s for done in work):,.0f}"


def _own(work: Sequence[Work]) -> str:
    return number(median(done.slice.own_cpu_us for done in work))


def _results(found: Found) -> Iterator[Result]:
    for dividend, divisor, goal in GOALS:
        if dividend in found.flooded and divisor in found.flooded:
            ratio = cpu_us(found.flooded[dividend]).over(cpu_us(found.flooded[divisor]))
            yield Result(f"{dividend}, {found.protocol}", divisor, ratio, goal)


def _figures(found: Sequence[Found]) -> Iterator[tuple[str, Rounds]]:
    for one in found:
        for name, work in one.flooded.items():
            yield f"{one.protocol} {name} cpu_us", cpu_us(work)
        for name, work in one.paced.items():
            yield f"{one.protocol} {name} paced cpu_us", cpu_us(work)
            latencies = [done.slice.latencies_us for done in work]
            for percent in (50, 99):
                yield f"{one.protocol} {name} p{percent}_us", Rounds(tuple(percentile(o, percent) for o in latencies))


if __name__ == "__main__":
    sys.exit(main())
