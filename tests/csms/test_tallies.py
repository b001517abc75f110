import pytest

from csms.domain.tallies import ApiTally, Distribution, OcppTally


@pytest.mark.parametrize(("value", "counted_at"), [(0.0, 0), (1.0, 0), (1.1, 1), (2.0, 1), (2.1, 2), (1e9, 2)])
def test_a_value_counts_at_the_first_bound_that_it_does_not_exceed(value: float, counted_at: int) -> None:
    values = Distribution((1.0, 2.0))
    values.note(value)
    assert values.counts == [int(place == counted_at) for place in range(3)]
    assert values.total == value


def test_a_request_that_was_never_sent_took_no_time() -> None:
    tally = OcppTally()
    tally.answered("ocpp1.6", "Reset", "QueueFull", None)
    tally.answered("ocpp1.6", "Reset", "Answered", 0.3)
    assert tally.sent == {("ocpp1.6", "QueueFull"): {"Reset": 1}, ("ocpp1.6", "Answered"): {"Reset": 1}}
    assert sum(tally.answer_times["Reset"].counts) == 1


def test_requests_to_the_api_are_counted_by_status_and_timed_by_route() -> None:
    tally = ApiTally()
    for status in (200, 404, 200):
        tally.answered("GET", "/healthz", status, 0.5)
    tally.answered("GET", "/api/v1/events", 200, None)
    assert tally.requests.pop(("GET", "/api/v1/events", 200)) == 1
    assert dict(tally.requests) == {("GET", "/healthz", 200): 2, ("GET", "/healthz", 404): 1}
    assert list(tally.times) == [("GET", "/healthz")]
    assert tally.times["GET", "/healthz"].total == 1.5
