"""`python tests/fuzz/coverage.py -max_total_time=60`: frames that reach code no frame has reached before (atheris).

What it looks at is a frame's whole way through codec, normalisation, connection and handlers of both versions, without
the site's balancer. Options are libFuzzer's; a failing input is written to a file, and replayed when it is given.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1] / "lib"), str(Path(__file__).parents[2])]

with atheris.instrument_imports(include=["csms.charge_points", "csms.domain"]):
    from support.fuzz.frames import Frames
    from support.fuzz.house import HOSTILE, House

    from simulators.virtual_time import VirtualTimeLoop

_SEEDS = 400


class Target:
    """One application for all inputs, so that what an input leaves behind is met by the next."""

    def __init__(self) -> None:
        self._loop = VirtualTimeLoop()
        asyncio.set_event_loop(self._loop)
        self._house = self._loop.run_until_complete(self._open())

    def __call__(self, data: bytes) -> None:
        """The first byte says which charger speaks, the rest is its frame: as text where it is text."""
        if len(data) < 2:
            return
        identity = sorted(HOSTILE)[data[0] % len(HOSTILE)]
        try:
            frame: str | bytes = data[1:].decode()
        except UnicodeDecodeError:
            frame = data[1:]
        self._loop.run_until_complete(self._house.one(identity, frame))

    async def _open(self) -> House:
        house = House("coverage")
        await house.open()
        return house


def _corpus(folder: Path) -> str:
    """Valid frames to begin with."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, identity in enumerate(sorted(HOSTILE)):
        frames = Frames(f"corpus {identity}", HOSTILE[identity])
        for count in range(_SEEDS):
            (folder / f"{identity}-{count}").write_bytes(bytes([number]) + frames.valid_call().encode())
    return str(folder)


def main() -> None:
    build = Path("build") / "fuzz"
    corpus = _corpus(build / "corpus")
    options = [*sys.argv, f"-artifact_prefix={build}/", "-max_len=65536", corpus]
    atheris.Setup(options, Target())
    atheris.Fuzz()


if __name__ == "__main__":
    main()
