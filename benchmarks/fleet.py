"""What a fleet costs besides its messages: limits to all of it, its arrival, its memory, its growth, a storm.

    python -m benchmarks.fleet [--check] [--only limits arrival] [--protocol ocpp1.6] [--rounds 7] [--scale 1]

- `limits`: SetChargingProfile to 1,000 chargers, until the last answer is in, beside the `ocpp` package;
- `ceiling`: the same limits from `csms serve`, because the ceiling of a site of 1,000 falls;
- `arrival`: connect and boot of 2,000 chargers, and what each then holds in memory, beside the `ocpp` package;
- `allocation`: GET allocation of 50 chargers, beside an empty handler of aiohttp;
- `growth`: what a message costs with 500 and with 5,000 chargers connected;
- `reaction`: from a StartTransaction to the last SetChargingProfile of a site of 100 chargers, under load;
- `storm`: 5,000 chargers that reconnect at once after a restart, until all obey a limit again;
- `encryption`: what TLS adds to a message and to a connection;
- `compression`: what permessage-deflate adds to a message (`arrival` has the memory).

`--scale 0.1` is a tenth of the chargers, for a first look. `--check` ends with status 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.wire.mix import PROTOCOLS
from benchmarks.wire.processes import allow_many_files, end_tidily
from benchmarks.wire.programs import Unavailable
from benchmarks.wire.rows import allocation, arrival, ceiling, compression, encryption, growth, limits, reaction, storm
from benchmarks.wire.rows.section import Given, Section
from benchmarks.wire.table import goal_lines, missed, write_json

ROWS: dict[str, Callable[[Given], Coroutine[Any, Any, Section]]] = {
    "limits": limits.measured,
    "ceiling": ceiling.measured,
    "arrival": arrival.measured,
    "allocation": allocation.measured,
    "growth": growth.measured,
    "reaction": reaction.measured,
    "storm": storm.measured,
    "encryption": encryption.measured,
    "compression": compression.measured,
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    end_tidily()
    allow_many_files()
    sections = []
    for name in options.only:
        section = _measured(name, options)
        if section is not None:
            sections.append(section)
            print(section.text(), flush=True)
    results = [result for section in sections for result in section.results]
    if results:
        print(goal_lines(results), *missed(results), sep="\n")
    write_json(options.json, results, {name: value for section in sections for name, value in section.figures.items()})
    return 1 if options.check and any(result.missed for result in results) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="end with status 1 if a goal is missed")
    parser.add_argument("--only", nargs="+", default=list(ROWS), choices=ROWS, metavar="NAME", help="what to measure")
    parser.add_argument("--protocol", default=PROTOCOLS[0], choices=PROTOCOLS, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the chargers (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the servers (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path("build/fleet.json"), help="(default: %(default)s)")
    return parser.parse_args(arguments)


def _measured(name: str, options: argparse.Namespace) -> Section | None:
    with tempfile.TemporaryDirectory(prefix="csms-bench-") as folder:
        given = Given(Path(folder), options.protocol, options.rounds, options.scale, random.Random(options.seed))
        try:
            return uvloop.run(ROWS[name](given))
        except Unavailable as reason:
            print(f"{name} is left out: {reason}", flush=True)
            return None


if __name__ == "__main__":
    sys.exit(main())
