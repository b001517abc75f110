from csms.domain.history import Figures, MinuteRecord, Recorder

NOON = 1_790_035_200  # a whole minute


def test_a_step_is_integrated_over_the_time_it_held() -> None:
    recorder = Recorder()
    assert recorder.advance(NOON, Figures(10_000, 8_000, 2, 11_000)) == [MinuteRecord(NOON, max_active=2)]
    recorder.advance(NOON + 20, Figures(4_000, 0, 1, 5_000))
    (record,) = recorder.advance(NOON + 30, Figures())
    assert record == MinuteRecord(
        NOON, 30, 10_000 * 20 + 4_000 * 10, 8_000 * 20, 2, budget_ws=11_000 * 20 + 5_000 * 10, lowest_budget_w=5_000
    )


def test_a_step_over_the_turn_of_a_minute_is_split() -> None:
    recorder = Recorder()
    recorder.advance(NOON + 50, Figures(6_000, 6_000, 1, 7_000))
    records = recorder.advance(NOON + 70, Figures(0, 0, 0))
    assert records == [
        MinuteRecord(NOON, 10, 60_000, 60_000, 1, 70_000, 7_000),
        MinuteRecord(NOON + 60, 10, 60_000, 60_000, 1, 70_000, 7_000),
    ]


def test_a_gap_or_a_clock_that_runs_backwards_records_nothing() -> None:
    recorder = Recorder()
    recorder.advance(NOON, Figures(1_000, 0, 0))
    assert recorder.advance(NOON + 31, Figures(1_000, 0, 0)) == []
    assert recorder.advance(NOON + 1, Figures(1_000, 0, 0)) == []


def test_after_a_restart_the_minute_goes_on() -> None:
    recorder = Recorder(MinuteRecord(NOON, 10, 100.0, 50.0, 3, 200.0, 20))
    recorder.advance(NOON + 20, Figures(5, 5, 1, 30))
    (record,) = recorder.advance(NOON + 30, Figures())
    assert record == MinuteRecord(NOON, 20, 150.0, 100.0, 3, 500.0, 20)


def test_the_lowest_budget_is_the_lowest_that_held_for_some_time() -> None:
    recorder = Recorder()
    for at_s, budget_w in [(0, 40_000), (10, 9_000), (10, 22_000), (20, 64_000), (30, 64_000)]:
        records = recorder.advance(NOON + at_s, Figures(budget_w=budget_w))
    (record,) = records
    assert (record.budget_ws, record.lowest_budget_w) == (40_000 * 10 + 22_000 * 10 + 64_000 * 10, 22_000)


def test_a_budget_of_nothing_is_known_and_not_missing() -> None:
    recorder = Recorder()
    recorder.advance(NOON, Figures(budget_w=0))
    (record,) = recorder.advance(NOON + 30, Figures(budget_w=5))
    assert (record.budget_ws, record.lowest_budget_w) == (0.0, 0)


def test_of_a_minute_that_an_older_version_began_the_budget_stays_unknown_and_that_of_the_next_is_known() -> None:
    recorder = Recorder(MinuteRecord(NOON, 10, 100.0, 50.0, 3))
    recorder.advance(NOON + 55, Figures(5, 5, 1, 30))
    begun, following = recorder.advance(NOON + 70, Figures())
    assert begun == MinuteRecord(NOON, 15, 125.0, 75.0, 3, None, None)
    assert following == MinuteRecord(NOON + 60, 10, 50.0, 50.0, 1, 300.0, 30)
