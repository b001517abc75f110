"""How much a charge point, an address or a stranger may ask for: decisions without a socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.charge_points import guard
from csms.charge_points.guard import (
    Allowance,
    FailedLogins,
    Handshakes,
    Limits,
    Pause,
    Recent,
    closed_at_a_time,
    network_of,
)

LIMITS = Limits(max_messages_per_s=100, max_bytes_per_s=10_000)


class Reader:
    """A socket that is read as the allowance says, from a charge point that has always more to say."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.allowance = Allowance(limits, 0)
        self.now_s = 0.0
        self.read = 0
        self.pauses: list[Pause] = []

    def take(self, messages: int, size: int = 1) -> bool:
        """False once it is closed for flooding."""
        self.read += messages
        if self.allowance.spend(messages, messages * size):
            return True
        while True:
            pause = self.allowance.refill(self.now_s)
            self.pauses.append(pause)
            if not pause.seconds:
                return not pause.flood
            self.now_s += pause.seconds

    @property
    def told(self) -> int:
        return sum(pause.begins for pause in self.pauses)


def test_what_added_up_in_ten_seconds_is_read_at_once() -> None:
    reader = Reader()
    for _ in range(1000):
        assert reader.take(1)
    assert (reader.now_s, reader.pauses) == (0, [])


@pytest.mark.parametrize(("messages", "size"), [(3000, 1), (300, 1000)])
def test_a_long_queue_is_read_to_its_end_at_the_rate_and_told_once(messages: int, size: int) -> None:
    reader = Reader()
    for _ in range(messages):
        assert reader.take(1, size)
    assert reader.now_s == pytest.approx(20, abs=0.1)
    assert reader.told == 1
    assert not any(pause.flood for pause in reader.pauses)


def test_many_messages_in_one_piece_are_paid_for_before_the_next() -> None:
    reader = Reader()
    assert reader.take(1700)
    assert reader.now_s == pytest.approx(7)


def test_a_pause_is_long_enough_to_be_worth_it() -> None:
    reader = Reader(Limits(max_messages_per_s=1_000_000))
    reader.take(10_000_001)
    assert reader.now_s == pytest.approx(0.05)


def test_a_silent_charge_point_saves_up_ten_seconds_and_what_it_had_left() -> None:
    reader = Reader()
    reader.now_s = 1e6
    reader.take(1000)
    reader.take(1000)
    assert reader.now_s == 1e6
    reader.take(1)
    assert reader.now_s > 1e6


@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0, 3)), max_size=80))
def test_whatever_is_sent_no_more_is_read_than_two_bursts_and_the_rate(script: list[tuple[int, float]]) -> None:
    reader = Reader()
    for messages, gap_s in script:
        assert reader.take(messages)
        assert reader.read <= 2 * 1000 + 100 * reader.now_s + 1e-3
        reader.now_s += gap_s


def flooded_after_s(reader: Reader) -> float:
    while reader.now_s < 2000 and reader.take(10):
        pass
    return reader.now_s


def test_only_who_never_lets_up_for_five_minutes_floods() -> None:
    reader = Reader()
    assert flooded_after_s(reader) == pytest.approx(300, abs=1)
    assert sum(pause.flood for pause in reader.pauses) == reader.told == 1
    assert reader.read > 30_000


def test_a_rest_of_some_seconds_makes_it_another_incident() -> None:
    reader = Reader()
    while reader.now_s < 290:
        reader.take(10)
    reader.now_s += 6
    reader.take(1000)  # what was saved up, and more: from here it counts anew
    assert flooded_after_s(reader) == pytest.approx(600, abs=10)
    assert reader.told == 2


def test_a_flood_in_one_piece_after_another_is_one_too() -> None:
    reader = Reader()
    while reader.now_s < 2000 and reader.take(4000):
        pass
    assert reader.now_s < 400


def test_who_floods_again_is_given_five_minutes_again() -> None:
    reader = Reader()
    first_s = flooded_after_s(reader)
    assert flooded_after_s(reader) - first_s == pytest.approx(300, abs=1)


# Failed logins.


def test_the_first_failures_are_answered_at_once_and_every_further_one_later() -> None:
    logins = FailedLogins(5)
    delays = [logins.failed("a", "CP-1", n, waiting=0).seconds for n in range(12)]
    assert delays == [0, 0, 0, 0, 0, 0.25, 0.5, 1, 2, 4, 5, 5]


def test_an_address_may_have_many_chargers_with_wrong_passwords() -> None:
    logins = FailedLogins(5)
    delays = [logins.failed("a", f"CP-{n}", n, waiting=0).seconds for n in range(103)]
    assert delays == [0] * 100 + [0.25, 0.5, 1]
    assert logins.failed("b", "CP-1", 103, waiting=0).seconds == 0


def test_an_identity_is_slow_to_guess_from_many_addresses() -> None:
    logins = FailedLogins(5)
    assert [logins.failed(f"a{n}", "CP-1", n, waiting=0).seconds for n in range(7)][-2:] == [0.25, 0.5]


def test_failures_are_forgotten_after_ten_minutes_and_by_a_success() -> None:
    logins = FailedLogins(5)
    for n in range(8):
        logins.failed("a", "CP-1", n, waiting=0)
    assert logins.failed("a", "CP-1", 607, waiting=0).seconds == 2
    assert logins.failed("a", "CP-1", 1208, waiting=0).seconds == 0
    for n in range(8):
        logins.failed("a", "CP-1", 1300 + n, waiting=0)
    logins.succeeded("CP-1")
    assert logins.failed("a", "CP-1", 1310, waiting=0).seconds == 0


def test_no_more_than_a_thousand_wait() -> None:
    logins = FailedLogins(5)
    for n in range(8):
        logins.failed("a", "CP-1", n, waiting=0)
    assert logins.failed("a", "CP-1", 8, waiting=999).seconds == 2
    assert logins.failed("a", "CP-1", 9, waiting=1000).seconds == 0


def test_without_a_delay_every_refusal_is_sent_at_once() -> None:
    logins = FailedLogins(0)
    assert {logins.failed("a", "CP-1", n, waiting=0).seconds for n in range(200)} == {0}


def test_a_million_failures_delay_no_longer() -> None:
    logins = FailedLogins(5)
    logins._of_identities["CP-1"] = guard._Failures(10**6, 0)
    assert logins.failed("a", "CP-1", 1, waiting=0).seconds == 5


def test_a_flood_is_told_in_a_few_lines_and_every_charger_once() -> None:
    logins = FailedLogins(5)
    told = [n for n in range(1, 5001) if logins.failed("a", "CP-1", n / 100, waiting=0).told]
    assert told == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
    logins = FailedLogins(5)
    assert sum(logins.failed("a", f"CP-{n}", 0, waiting=0).told for n in range(100)) == 100
    assert sum(logins.failed("a", f"x{n}", 0, waiting=0).told for n in range(10_000)) < 10


def test_memory_is_bounded_and_the_oldest_are_forgotten() -> None:
    logins = FailedLogins(5)
    for n in range(8):
        logins.failed("a", "CP-1", n, waiting=0)
    for n in range(9_999):
        logins.failed(f"a{n}", f"x{n}", 10, waiting=0)
    assert logins.failed("b", "CP-1", 10, waiting=0).seconds > 0
    for n in range(10_000):
        logins.failed(f"b{n}", f"y{n}", 10, waiting=0)
    assert logins.failed("b", "CP-1", 10, waiting=0).seconds == 0
    assert len(logins._of_identities) == len(logins._of_addresses) == 10_000


def test_what_is_set_again_is_not_the_oldest() -> None:
    recent: Recent[str, int] = Recent(2)
    for key in "abac":
        recent[key] = 1
    assert list(recent) == ["a", "c"]


# Handshakes.


def test_the_one_that_has_dawdled_longest_makes_room_and_the_address_is_told_once() -> None:
    handshakes: Handshakes[int] = Handshakes(2)
    assert [handshakes.begun("a", n) for n in range(5)] == [
        (None, False),
        (None, False),
        (0, True),
        (1, False),
        (2, False),
    ]
    assert handshakes.begun("b", 9) == (None, False)


def test_who_has_said_who_it_is_counts_no_more() -> None:
    handshakes: Handshakes[int] = Handshakes(2)
    for n in range(100):
        assert handshakes.begun("a", n) == (None, False)
        handshakes.ended("a", n)
        handshakes.ended("a", n)
    assert handshakes._open == {}


def test_when_all_are_gone_the_next_incident_is_told_again() -> None:
    handshakes: Handshakes[int] = Handshakes(1)
    for _ in range(2):
        handshakes.begun("a", 1)
        assert handshakes.begun("a", 2) == (1, True)
        handshakes.ended("a", 2)


def test_a_car_park_that_comes_back_at_once_is_let_in() -> None:
    handshakes: Handshakes[int] = Handshakes(Limits().max_handshakes_per_address)
    assert {handshakes.begun("nat", n) for n in range(5000)} == {(None, False)}


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_a_customer_counts_as_one(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize(
    ("connections", "spread_s", "size", "rounds"),
    [
        (0, 3, 1, 0),
        (1, 3, 1, 1),
        (100, 3, 100, 1),
        (101, 3, 51, 2),
        (1000, 3, 100, 10),
        (3000, 3, 100, 30),
        (10_000, 3, 334, 30),
        (1000, 0.5, 200, 5),
        (1000, 0.3, 334, 3),
        (5000, 0, 5000, 1),
        (5000, 0.05, 5000, 1),
    ],
)
def test_few_are_closed_at_once_and_thousands_in_time(
    connections: int, spread_s: float, size: int, rounds: int
) -> None:
    assert closed_at_a_time(connections, spread_s) == size
    assert -(-connections // size) == rounds
    assert max(0, rounds - 1) * guard.CLOSING_INTERVAL_S <= spread_s
