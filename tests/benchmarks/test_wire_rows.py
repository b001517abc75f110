"""What the benchmark of a fleet adds up, and how it reads what chargers are told."""

import zlib

import orjson
import pytest

from benchmarks.wire.deflate import Deflate
from benchmarks.wire.rows.storm import Limits, Watched, told_limit
from csms.charge_points.codec import codec_for
from csms.charge_points.profiles import charging_profile_16, charging_profile_201
from csms.domain.commands import SetLimit
from csms.domain.electrical import LimitForm
from csms.domain.model import OCPP16, OCPP201, LimitPurpose

LEASED = SetLimit(
    connector_id=1,
    purpose=LimitPurpose.TRANSACTION,
    limit_w=6900,
    form=LimitForm("A", phases=3, voltage_v=230.0, step_a=0.1, stack_level=8),
    profile_start_s=1_780_000_000.0,
    transaction_id="7",
    lease_s=900.0,
    then_w=4830,
)


@pytest.mark.parametrize(
    ("protocol", "message"),
    [(OCPP16, charging_profile_16(LEASED)), (OCPP201, charging_profile_201(LEASED))],
)
def test_what_a_charger_is_told_is_read_in_either_version(protocol: str, message: object) -> None:
    payload = orjson.loads(codec_for(protocol).encode_call("id", message))[3]
    purpose, limit_w = told_limit(payload)
    assert (purpose, round(limit_w)) == ("TxProfile", 6900)


def test_a_site_permits_what_its_chargers_were_told_last() -> None:
    site = Watched(ceiling_w=30_000)
    first, second = Limits("CP-1", site), Limits("CP-2", site)
    assert site.total_w == 44_000  # until they are told something, they may draw what they can
    site.peak_w = 0.0
    first.note("SetChargingProfile", profile("TxDefaultProfile", 5_000))
    second.note("SetChargingProfile", profile("TxDefaultProfile", 5_000))
    first.note("SetChargingProfile", profile("TxProfile", 12_000))
    first.note("GetCompositeSchedule", {})
    first.note("SetChargingProfile", profile("TxDefaultProfile", 4_000))
    assert (site.total_w, site.peak_w) == (17_000, 27_000)


def test_what_was_compressed_is_what_a_server_reads() -> None:
    charger, server = Deflate(""), zlib.decompressobj(wbits=-12)
    for text in (b"[2,1]", b"[2,1]" * 50):
        assert server.decompress(charger.compressed(text) + b"\x00\x00\xff\xff") == text
    sent = zlib.compressobj(wbits=-15)
    frame = (sent.compress(b"[3,1]") + sent.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert charger.inflated(frame) == b"[3,1]"


def profile(purpose: str, limit_w: float) -> dict[str, object]:
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_w}]}
    return {"csChargingProfiles": {"chargingProfilePurpose": purpose, "chargingSchedule": schedule}}
