"""What an operator pins: in the file and over REST, in the same words."""

from dataclasses import fields

import pytest
from pydantic import ValidationError

from csms.domain.capabilities import Knobs, LimitPurpose
from csms.quirks_config import QuirksConfig, quirks_config
from csms.site_config import ChargePointConfig
from csms.validation import field_errors


def test_quirks_of_the_file_are_the_knobs_of_their_charge_point() -> None:
    quirks = {"rate_units": ["W"], "limit_by": "station", "takes_zero": False, "currents_a": [6, 10]}
    config = ChargePointConfig.model_validate({"charge_point_id": "CP-1", "quirks": quirks})
    assert config.settings("s").quirks == Knobs(
        rate_units=("W",), limit_by=LimitPurpose.STATION, takes_zero=False, currents_a=(6.0, 10.0)
    )
    assert ChargePointConfig.model_validate({"charge_point_id": "CP-1"}).settings("s").quirks is None


def test_quirks_are_written_as_they_are_read() -> None:
    written = QuirksConfig.model_validate({"limit_by": "default", "unasked": ["measurands"], "max_stack_level": 3})
    assert quirks_config(written.knobs()) == written


def test_a_limit_for_the_whole_needs_one_connector() -> None:
    body = {"charge_point_id": "CP-1", "connectors": 2, "quirks": {"limit_by": "station"}}
    with pytest.raises(ValidationError) as broken:
        ChargePointConfig.model_validate(body)
    assert [error.field for error in field_errors(broken.value)] == ["quirks.limit_by"]


def test_every_knob_can_be_pinned() -> None:
    assert set(QuirksConfig.model_fields) == {knob.name for knob in fields(Knobs)}
