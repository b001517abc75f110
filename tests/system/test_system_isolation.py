"""One site fails, is started again from the store, and no other site notices."""

from math import inf
from pathlib import Path

import pytest
from support.system import HUNGRY, System, dc, eventually, running, site

from csms.balancing.plan import Plan
from csms.site import Site
from simulators.protocol import Version


def fail_once(patch: pytest.MonkeyPatch, site_id: str) -> None:
    """The next decision of this site is its last before it is started again."""
    decide = Site._plan
    failed: list[str] = []

    def plan(self: Site, *, resend_before_s: float = -inf) -> Plan:
        if self.site_id == site_id and not failed:
            failed.append(site_id)
            raise RuntimeError("a mistake of ours")
        return decide(self, resend_before_s=resend_before_s)

    patch.setattr(Site, "_plan", plan)


async def test_a_site_that_fails_is_started_again_and_the_other_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sites have 30 kW. The left one fails when its second car comes; the right one's second car is served."""
    left = site([dc("L-1"), dc("L-2")], capacity_kw=30, site_id="left")
    right = site([dc("R-1"), dc("R-2")], capacity_kw=30, site_id="right")
    async with running(tmp_path, left, right) as system:
        names: dict[str, Version] = {"L-1": "1.6", "L-2": "2.0.1", "R-1": "1.6", "R-2": "2.0.1"}
        stations = dict(zip(names, await system.chargers(names), strict=True))
        for name in ("L-1", "R-1"):
            stations[name].plug_in(1, HUNGRY, "TAG")
        await system.gives({"L-1": 22.0}, "left")
        await system.gives({"R-1": 22.0}, "right")
        fail_once(monkeypatch, "left")
        stations["L-2"].plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: _ready(system, 503), "it is known that a site is down")
        stations["R-2"].plug_in(1, HUNGRY, "TAG")
        await system.gives({"R-1": 15.0, "R-2": 15.0}, "right")
        assert (await system.request("GET", "/healthz", key=None))[0] == 200
        await system.gives({"L-1": 15.0, "L-2": 15.0}, "left")
        assert await _ready(system, 200)
        for name in ("R-1", "R-2"):
            assert (len(await system.sessions(name)), len(system.said(name, "BootNotification"))) == (1, 1)


async def _ready(system: System, status: int) -> bool:
    return (await system.request("GET", "/readyz", key=None))[0] == status
