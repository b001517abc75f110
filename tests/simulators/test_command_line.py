"""The command line of the simulator: which behaviours there are, and which is meant."""

import pytest
from typer.testing import CliRunner

from simulators.__main__ import app
from simulators.behaviours import BEHAVIOURS


def test_the_behaviours_are_listed_without_an_address() -> None:
    told = CliRunner().invoke(app, ["--list-behaviours"])
    assert told.exit_code == 0
    assert [line.split("  ")[0] for line in told.output.splitlines()] == list(BEHAVIOURS)


def test_a_behaviour_nobody_knows_is_refused() -> None:
    told = CliRunner().invoke(app, ["--url", "ws://127.0.0.1:1/ocpp", "--behaves-like", "angel"])
    assert told.exit_code == 2
    assert "--list-behaviours" in told.output.replace("\n", " ")


@pytest.mark.parametrize("name", ["wallbox-relative", "heidelberg-keeps-16a"])
def test_a_fleet_may_behave_like_one(name: str) -> None:
    given = ["--url", "ws://127.0.0.1:1/ocpp", "--behaves-like", name, "--seconds", "0.1", "--quiet"]
    assert CliRunner().invoke(app, given).exit_code == 0
