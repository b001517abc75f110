"""The command line of the simulators: what does not fit a security profile is refused before anything connects."""

import pytest
from typer.testing import CliRunner

from simulators.__main__ import app


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--url", "ws://127.0.0.1:1/", "--security-profile", "2"), "needs a wss:// address"),
        (("--url", "wss://127.0.0.1:1/", "--security-profile", "1"), "needs a ws:// address"),
        (("--url", "ws://127.0.0.1:1/", "--security-profile", "1"), "needs a password"),
        (("--url", "wss://127.0.0.1:1/", "--security-profile", "3"), "--certificate and --key"),
        (("--url", "wss://127.0.0.1:1/", "--ca-file", "none.pem"), "--ca-file, --certificate or --key"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments: tuple[str, ...], reason: str) -> None:
    result = CliRunner().invoke(app, [*arguments, "--seconds", "0"], env={"COLUMNS": "400", "TERM": "dumb"})
    assert result.exit_code == 2
    assert reason in result.output.replace("\n", " ")
