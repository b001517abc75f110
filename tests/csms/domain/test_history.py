from csms.domain.history import Figures, MinuteRecord, Recorder

NOON = 1_790_035_200  # a whole minute


def test_a_step_is_integrated_over_the_time_it_held() -> None:
    recorder = Recorder()
    assert recorder.advance(NOON, Figures(10_000, 8_000, 2)) == [MinuteRecord(NOON, max_active=2)]
    recorder.advance(NOON + 20, Figures(4_000, 0, 1))
    (record,) = recorder.advance(NOON + 30, Figures())
    assert record == MinuteRecord(NOON, 30, 10_000 * 20 + 4_000 * 10, 8_000 * 20, 2)


def test_a_step_over_the_turn_of_a_minute_is_split() -> None:
    recorder = Recorder()
    recorder.advance(NOON + 50, Figures(6_000, 6_000, 1))
    records = recorder.advance(NOON + 70, Figures(0, 0, 0))
    assert records == [
        MinuteRecord(NOON, 10, 60_000, 60_000, 1),
        MinuteRecord(NOON + 60, 10, 60_000, 60_000, 1),
    ]


def test_a_gap_or_a_clock_that_runs_backwards_records_nothing() -> None:
    recorder = Recorder()
    recorder.advance(NOON, Figures(1_000, 0, 0))
    assert recorder.advance(NOON + 31, Figures(1_000, 0, 0)) == []
    assert recorder.advance(NOON + 1, Figures(1_000, 0, 0)) == []


def test_after_a_restart_the_minute_goes_on() -> None:
    recorder = Recorder(MinuteRecord(NOON, 10, 100.0, 50.0, 3))
    recorder.advance(NOON + 20, Figures(5, 5, 1))
    (record,) = recorder.advance(NOON + 30, Figures())
    assert record == MinuteRecord(NOON, 20, 150.0, 100.0, 3)
