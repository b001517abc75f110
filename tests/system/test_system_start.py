"""csms serve where it cannot: what is said, which names the setting or the file, and exit code 2."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.program import csms, served, write_config
from support.system import configuration, dc, site


@pytest.mark.parametrize("section", ["ocpp", "api"])
async def test_a_port_that_is_taken_is_named_with_its_section(section: str, tmp_path: Path) -> None:
    path, ocpp_port, api_port = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")])]))
    port = ocpp_port if section == "ocpp" else api_port
    with socket.create_server(("127.0.0.1", port)):
        done = await csms("serve", "--config", str(path), cwd=tmp_path)
    said = f"error: [{section}] host, port: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert (done.code, done.err.splitlines()[-1]) == (2, said)


async def test_two_servers_never_share_a_database(tmp_path: Path) -> None:
    path, _, api_port = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")])]))
    async with served(path, api_port):
        done = await csms("serve", "--config", str(path), cwd=tmp_path)
    assert (done.code, done.err) == (2, f"error: {tmp_path / 'csms.db'} is in use by another process\n")


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00 no database " * 1000)


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")


@pytest.mark.parametrize("command", [("serve", "--config"), ("check-config",)], ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (_garbage, "file is not a database"),
        (_newer, "its tables are those of a newer version of the central system"),
    ],
)
async def test_a_database_that_cannot_be_used_is_named(
    broken: Callable[[Path], None], why: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    path, _, _ = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")])]))
    database = tmp_path / "csms.db"
    broken(database)
    done = await csms(*command, str(path), cwd=tmp_path)
    assert (done.code, done.err) == (2, f"error: {database}: {why}\n")


async def test_what_is_stored_is_for_its_owner_alone(tmp_path: Path) -> None:
    path, _, api_port = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")])]))
    async with served(path, api_port):
        modes = _modes(tmp_path)
    assert set(modes) >= {"csms.db", "csms.db-wal", "csms.db.lock"}
    assert set(modes.values()) == {0o600}


def _modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.glob("csms.db*")}
