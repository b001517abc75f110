"""Backup and restore with the real program: while it serves, while it does not, and what chargers make of it."""

from pathlib import Path

from support.program import csms, served, write_config
from support.system import HUNGRY, System, configuration, dc, eventually, neighbours, site


async def test_a_restored_system_takes_nobody_s_old_limit_for_granted(tmp_path: Path) -> None:
    """Backed up while both may draw 5 kW, restored while both may draw 20: what was told in between is forgotten."""
    config, *ports = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1"), dc("CP-2")], capacity_kw=44)]))
    async with neighbours(*ports) as system:
        async with served(config, ports[1]) as process:
            for station in await system.chargers({"CP-1": "1.6", "CP-2": "2.0.1"}):
                station.plug_in(1, HUNGRY, "TAG")
            await system.configure(10)
            await system.gives({"CP-1": 5.0, "CP-2": 5.0})
            made = await csms("backup", "copy.db", "--config", str(config), cwd=tmp_path)
            assert (made.code, made.err) == (0, "")
            assert "complete and checked" in made.out
            refused = await csms("restore", "copy.db", "--config", str(config), cwd=tmp_path)
            assert refused.code == 2
            assert "is in use by another process" in refused.err
            await system.configure(40)
            await system.gives({"CP-1": 20.0, "CP-2": 20.0})
            watch = system.watch()
            system.out_of_reach.update(system.stations)
            process.terminate()
            assert await process.wait() == 0
        restored = await csms("restore", "copy.db", "--config", str(config), cwd=tmp_path)
        assert (restored.code, restored.err) == (0, "")
        assert "the database as it was before" in restored.out
        async with served(config, ports[1]):
            allocation = await system.allocation()
            assert allocation["total_budget_kw"] == 10.0
            assert allocation["total_permitted_kw"] == 44.0
            system.out_of_reach.clear()
            await system.gives({"CP-1": 5.0, "CP-2": 5.0})
            await eventually(lambda: all_well(system))
    assert watch.permitted_w <= 44_000


async def all_well(system: System) -> bool:
    return not await system.alarms(standing=True)


async def test_a_backup_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    config, *_ = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")])]))
    failed = await csms("backup", "copy.db", "--config", str(config), cwd=tmp_path)
    assert (failed.code, failed.out) == (2, "")
    assert failed.err.strip().endswith("csms.db does not exist")
    assert not (tmp_path / "copy.db").exists()
