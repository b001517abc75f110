"""The plain way: a `ChargePoint` of the `ocpp` package whose handlers do nothing, on asyncio as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from ocpp import routing, v16, v201
from ocpp.v16 import call_result as result_16
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus
from ocpp.v201 import call_result as result_201
from ocpp.v201.datatypes import IdTokenInfoType
from ocpp.v201.enums import AuthorizationStatusEnumType, RegistrationStatusEnumType
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from benchmarks.wire.mix import OCPP16
from benchmarks.wire.servers.program import options, until_terminated

_Handler = TypeVar("_Handler", bound=Callable[..., object])
on = cast(Callable[[str], Callable[[_Handler], _Handler]], routing.on)

ACCEPTED_16 = IdTagInfo(status=AuthorizationStatus.accepted)
ACCEPTED_201 = IdTokenInfoType(status=AuthorizationStatusEnumType.accepted)


def _now() -> str:
    return datetime.now(UTC).isoformat()


class ChargePoint16(v16.ChargePoint):
    @on("BootNotification")
    def on_boot(self, **_message: Any) -> result_16.BootNotification:
        return result_16.BootNotification(_now(), interval=60, status=RegistrationStatus.accepted)

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
        return result_201.BootNotification(_now(), interval=60, status=RegistrationStatusEnumType.accepted)

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
        await until_terminated()


if __name__ == "__main__":
    asyncio.run(main())
