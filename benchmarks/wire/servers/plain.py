"""The plain way: a `ChargePoint` of the `ocpp` package whose handlers do nothing, on asyncio as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from ocpp import routing, v16, v201
from ocpp.v16 import call as call_16
from ocpp.v16 import call_result as result_16
from ocpp.v16 import datatypes as types_16
from ocpp.v16 import enums as enums_16
from ocpp.v201 import call as call_201
from ocpp.v201 import call_result as result_201
from ocpp.v201 import datatypes as types_201
from ocpp.v201 import enums as enums_201
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from benchmarks.wire.mix import OCPP16
from benchmarks.wire.servers.program import options, until_terminated

_Handler = TypeVar("_Handler", bound=Callable[..., object])
on = cast(Callable[[str], Callable[[_Handler], _Handler]], routing.on)

ACCEPTED_16 = types_16.IdTagInfo(status=enums_16.AuthorizationStatus.accepted)
ACCEPTED_201 = types_201.IdTokenInfoType(status=enums_201.AuthorizationStatusEnumType.accepted)


def _now() -> str:
    return datetime.now(UTC).isoformat()


class ChargePoint16(v16.ChargePoint):
    @on("BootNotification")
    def on_boot(self, **_message: Any) -> result_16.BootNotification:
        return result_16.BootNotification(_now(), interval=60, status=enums_16.RegistrationStatus.accepted)

    @on("Heartbeat")
    def on_heartbeat(self) -> result_16.Heartbeat:
        return result_16.Heartbeat(current_time=_now())

    @on("StatusNotification")
    def on_status(self, **_message: Any) -> result_16.StatusNotification:
        return result_16.StatusNotification()

    @on("MeterValues")
    def on_meter_values(self, **_message: Any) -> result_16.MeterValues:
        return result_16.MeterValues()

    @on("StartTransaction")
    def on_start(self, **_message: Any) -> result_16.StartTransaction:
        return result_16.StartTransaction(transaction_id=1, id_tag_info=ACCEPTED_16)

    @on("StopTransaction")
    def on_stop(self, **_message: Any) -> result_16.StopTransaction:
        return result_16.StopTransaction(id_tag_info=ACCEPTED_16)


class ChargePoint201(v201.ChargePoint):
    @on("BootNotification")
    def on_boot(self, **_message: Any) -> result_201.BootNotification:
        return result_201.BootNotification(_now(), interval=60, status=enums_201.RegistrationStatusEnumType.accepted)

    @on("Heartbeat")
    def on_heartbeat(self) -> result_201.Heartbeat:
        return result_201.Heartbeat(current_time=_now())

    @on("StatusNotification")
    def on_status(self, **_message: Any) -> result_201.StatusNotification:
        return result_201.StatusNotification()

    @on("MeterValues")
    def on_meter_values(self, **_message: Any) -> result_201.MeterValues:
        return result_201.MeterValues()

    @on("TransactionEvent")
    def on_event(self, **message: Any) -> result_201.TransactionEvent:
        return result_201.TransactionEvent(id_token_info=ACCEPTED_201 if "id_token" in message else None)


async def tell_all(chargers: dict[str, ChargePoint16 | ChargePoint201], protocol: str, limit_w: int) -> str:
    """Tell every charger a limit of its session; how many have accepted theirs."""
    request = _limit_16 if protocol == OCPP16 else _limit_201
    calls: list[Callable[[object], Awaitable[Any]]] = [charger.call for charger in chargers.values()]
    answers = await asyncio.gather(*(call(request(number, limit_w)) for number, call in enumerate(calls, start=1)))
    return str(sum(answer is not None and answer.status == "Accepted" for answer in answers))


def _limit_16(number: int, limit_w: int) -> call_16.SetChargingProfile:
    schedule = types_16.ChargingSchedule(
        charging_rate_unit=enums_16.ChargingRateUnitType.amps,
        charging_schedule_period=[
            types_16.ChargingSchedulePeriod(start_period=0, limit=_amperes(limit_w), number_phases=3),
            types_16.ChargingSchedulePeriod(start_period=960, limit=_amperes(5000), number_phases=3),
        ],
        start_schedule=_now(),
    )
    profile = types_16.ChargingProfile(
        charging_profile_id=12,
        stack_level=8,
        charging_profile_purpose=enums_16.ChargingProfilePurposeType.tx_profile,
        charging_profile_kind=enums_16.ChargingProfileKindType.absolute,
        charging_schedule=schedule,
        transaction_id=number,
    )
    return call_16.SetChargingProfile(connector_id=1, cs_charging_profiles=profile)


def _limit_201(number: int, limit_w: int) -> call_201.SetChargingProfile:
    schedule = types_201.ChargingScheduleType(
        id=12,
        charging_rate_unit=enums_201.ChargingRateUnitEnumType.amps,
        charging_schedule_period=[
            types_201.ChargingSchedulePeriodType(start_period=0, limit=_amperes(limit_w), number_phases=3),
            types_201.ChargingSchedulePeriodType(start_period=960, limit=_amperes(5000), number_phases=3),
        ],
        start_schedule=_now(),
    )
    profile = types_201.ChargingProfileType(
        id=12,
        stack_level=8,
        charging_profile_purpose=enums_201.ChargingProfilePurposeEnumType.tx_profile,
        charging_profile_kind=enums_201.ChargingProfileKindEnumType.absolute,
        charging_schedule=[schedule],
        transaction_id=str(number),
    )
    return call_201.SetChargingProfile(evse_id=1, charging_profile=profile)


def _amperes(limit_w: int) -> float:
    return round(limit_w / 3 / 230.0, 1)


async def main() -> None:
    given = options(__doc__ or "")
    kind = ChargePoint16 if given.protocol == OCPP16 else ChargePoint201
    chargers: dict[str, ChargePoint16 | ChargePoint201] = {}

    async def serve_charger(socket: ServerConnection) -> None:
        identity = socket.request.path.rpartition("/")[2] if socket.request else ""
        charger = chargers[identity] = kind(identity, socket)
        try:
            await charger.start()  # type: ignore[no-untyped-call]  # not annotated
        except ConnectionClosed:
            pass
        finally:
            chargers.pop(identity, None)

    async with serve(serve_charger, "127.0.0.1", given.port, subprotocols=[Subprotocol(given.protocol)]):
        await until_terminated(lambda line: tell_all(chargers, given.protocol, int(line)))


if __name__ == "__main__":
    asyncio.run(main())
