import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from csms import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_where_nobody_watches_each_event_is_a_line_of_json() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    structlog.get_logger().info("limit.sent", charge_point_id="CP-1", limit_w=11_000)
    logging.getLogger("some.library").warning("it went %s", "wrong")
    ours, theirs = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (ours["event"], ours["level"], ours["limit_w"]) == ("limit.sent", "info", 11_000)
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("it went wrong", "warning", "some.library")
    assert ours["timestamp"].endswith("Z")


def test_an_exception_stays_on_its_line_and_tells_no_variables() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    key = "csms_secret"
    try:
        int(key.upper())
    except ValueError:
        structlog.get_logger().exception("site.failed")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"
    assert key not in line  # the variables of a frame may be secrets


def test_on_a_terminal_it_is_readable() -> None:
    stream = Terminal()
    logs.configure(stream)
    structlog.get_logger().info("listening", port=9000)
    assert "listening" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_what_is_below_the_level_is_not_said() -> None:
    stream = io.StringIO()
    logs.configure(stream, level=logging.ERROR)
    structlog.get_logger().info("listening")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("stream", "form", "is_json"), [(Terminal(), "json", True), (io.StringIO(), "console", False)])
def test_the_configuration_decides_over_the_terminal(stream: io.StringIO, form: logs.Format, is_json: bool) -> None:
    logs.configure(stream, form=form)
    structlog.get_logger().info("listening", port=9000)
    assert stream.getvalue().startswith("{") == is_json
    assert "\x1b" not in stream.getvalue()


def test_no_text_of_a_charger_steers_the_terminal_or_forges_a_line() -> None:
    stream = Terminal()
    logs.configure(stream, form="console")
    structlog.get_logger().info("ocpp.said", text="\x1b[2J", more="a\n2024-06-01 [error] forged", fine="für 5 €")
    logging.getLogger("some.library").warning("it said %s", "b\x1b[2J\nforged")
    written = stream.getvalue()
    assert "\x1b[2J" not in written
    assert r"\x1b[2J" in written
    assert "für 5 €" in written
    assert len(written.splitlines()) == 2


def test_a_stream_that_is_gone_costs_the_line_and_nothing_else() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    stream.close()
    structlog.get_logger().error("site.failed", reason="nobody reads this")
