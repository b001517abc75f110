"""What a make of charger is known for corrects what it says of itself."""

import pytest

from csms.charge_points.quirks import QUIRKS, Quirk, with_quirks
from csms.domain.model import Capabilities, LimitPurpose

TOLD = Capabilities(rate_units=("A", "W"), max_stack_level=200)


@pytest.mark.parametrize(
    ("vendor", "model", "capabilities"),
    [
        ("Acme", "One", TOLD),
        (None, None, TOLD),
        ("ABB", "Terra AC", Capabilities(("A", "W"), max_stack_level=0)),
        ("HUAWEI Technologies", "SCharger", Capabilities(("W",), max_stack_level=200)),
        ("Schneider Electric", "EVlink", Capabilities(("A", "W"), max_stack_level=100)),
        ("Wall Box Chargers", "PulsarPlus", Capabilities(("A", "W"), max_stack_level=0, relative_profiles=True)),
        ("wallbox", "CPB1", Capabilities(("A", "W"), max_stack_level=0, relative_profiles=True)),
        (
            "Timxon",
            "A0",
            Capabilities(("A", "W"), max_stack_level=200, relative_profiles=True, limit_by=LimitPurpose.DEFAULT),
        ),
        ("NEcharge", "X", Capabilities(("A", "W"), max_stack_level=200, current_step_a=1.0)),
    ],
)
def test_a_row_corrects_the_make_it_names(vendor: str | None, model: str | None, capabilities: Capabilities) -> None:
    assert with_quirks(TOLD, vendor, model, "1.0") == capabilities


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


@pytest.mark.parametrize("quirk", QUIRKS)
def test_every_row_changes_something(quirk: Quirk) -> None:
    assert quirk.applied_to(TOLD) != TOLD


def test_a_cap_on_the_stack_level_never_raises_it() -> None:
    assert Quirk("*", highest_stack_level=100).applied_to(Capabilities(max_stack_level=3)).max_stack_level == 3
    assert Quirk("*", highest_stack_level=100).applied_to(Capabilities()).max_stack_level == 0
