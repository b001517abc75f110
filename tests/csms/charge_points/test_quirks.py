"""What a make of charger is known for corrects what it says of itself."""

import pytest

from csms.charge_points.quirks import QUIRKS, Quirk, known_of_make
from csms.domain.capabilities import NO_KNOBS, Capabilities, Knobs, LimitPurpose
from csms.domain.model import ChargePoint

TOLD = Capabilities(rate_units=("A", "W"), max_stack_level=200)


def known(vendor: str | None, model: str | None, told: Capabilities = TOLD) -> Knobs:
    return known_of_make(told, ChargePoint("CP-1", vendor=vendor, model=model, firmware_version="1.0"))


@pytest.mark.parametrize(
    ("vendor", "model", "knobs"),
    [
        ("Acme", "One", NO_KNOBS),
        (None, None, NO_KNOBS),
        ("ABB", "Wallbox", Knobs(max_stack_level=0, unasked=("measurands",))),
        ("ABB", "Terra AC", Knobs(max_stack_level=0, unasked=("measurands",), lowest_default_a=6.1)),
        ("go-e", "Gemini", Knobs(keeps_profiles=False)),
        ("HUAWEI Technologies", "SCharger", Knobs(rate_units=("W",), takes_zero=False)),
        ("Schneider Electric", "EVlink", Knobs(max_stack_level=100)),
        ("Wall Box Chargers", "PulsarPlus", Knobs(max_stack_level=0, relative_profiles=True)),
        ("wallbox", "CPB1", Knobs(max_stack_level=0, relative_profiles=True)),
        ("Timxon", "A0", Knobs(relative_profiles=True, limit_by=LimitPurpose.DEFAULT)),
        ("NEcharge", "X", Knobs(currents_a=(6.0, 8.0, 10.0, 13.0, 16.0))),
    ],
)
def test_a_row_says_what_its_make_does(vendor: str | None, model: str | None, knobs: Knobs) -> None:
    assert known(vendor, model) == knobs


@pytest.mark.parametrize(
    ("quirk", "matches"),
    [
        (Quirk("Acme", "One", "1.*"), True),
        (Quirk("ACME", "o*"), True),
        (Quirk("Acme", "One", "2.*"), False),
        (Quirk("Acme", "Two"), False),
        (Quirk("Other"), False),
    ],
)
def test_vendor_model_and_firmware_must_all_match(quirk: Quirk, matches: bool) -> None:
    assert quirk.matches("Acme", "One", "1.7") is matches


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.vendor)
def test_every_row_changes_something_and_says_what_was_seen(quirk: Quirk) -> None:
    assert quirk.knobs_for(TOLD).applied_to(TOLD) != TOLD
    assert quirk.seen


@pytest.mark.parametrize(("told", "capped"), [(3, 3), (200, 100), (None, 0)])
def test_a_cap_on_the_stack_level_never_raises_it(told: int | None, capped: int) -> None:
    row = Quirk("*", highest_stack_level=100)
    assert row.knobs_for(Capabilities(max_stack_level=told)).max_stack_level == capped
