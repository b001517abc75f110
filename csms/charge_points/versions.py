"""The OCPP versions we speak, and what each consists of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from csms.charge_points.link import Translation
from csms.charge_points.local_lists import ListDialect
from csms.charge_points.operator_requests import Requests
from csms.charge_points.profile_reports import ProfileReports
from csms.charge_points.provisioning import Call, Dialect
from csms.charge_points.session import Handler
from csms.charge_points.v16.actions import HANDLERS as HANDLERS_16
from csms.charge_points.v16.charging_profiles import clear_foreign as clear_foreign_16
from csms.charge_points.v16.commands import Commands16
from csms.charge_points.v16.configuration import Configuration16
from csms.charge_points.v16.local_list import LocalList16
from csms.charge_points.v16.operator_requests import REQUESTS as REQUESTS_16
from csms.charge_points.v16.outgoing import OUTGOING as OUTGOING_16
from csms.charge_points.v201.actions import HANDLERS as HANDLERS_201
from csms.charge_points.v201.charging_profiles import clear_foreign as clear_foreign_201
from csms.charge_points.v201.commands import Commands201
from csms.charge_points.v201.device_model import full_inventory
from csms.charge_points.v201.local_list import LocalList201
from csms.charge_points.v201.operator_requests import REQUESTS as REQUESTS_201
from csms.charge_points.v201.outgoing import OUTGOING as OUTGOING_201
from csms.charge_points.v201.variables import Variables201
from csms.domain.model import OCPP16, OCPP201


@dataclass(frozen=True, slots=True)
class Version:
    """`clear_foreign` removes what other central systems left behind; a report is awaited for so many seconds.

    `outgoing` has the requests that operators may send, by action, with what each does; `operator_requests` turns
    their commands into such. `inventory` asks for the whole device model, where the version has one; its argument is
    the number of the request.
    """

    handlers: Mapping[str, Handler]
    outgoing: Mapping[str, str]
    operator_requests: Requests
    translation: Translation
    dialect: Dialect
    clear_foreign: Callable[[Call, ProfileReports, float], Awaitable[None]]
    local_list: ListDialect
    inventory: Callable[[int], object] | None = None


# Best first: where a charger offers several, it gets the first of these (OCPP-J 1.6 chapter 3.1.2).
VERSIONS: Mapping[str, Version] = {
    OCPP201: Version(
        HANDLERS_201,
        OUTGOING_201,
        REQUESTS_201,
        Commands201(),
        Variables201(),
        clear_foreign_201,
        LocalList201(),
        full_inventory,
    ),
    OCPP16: Version(
        HANDLERS_16, OUTGOING_16, REQUESTS_16, Commands16(), Configuration16(), clear_foreign_16, LocalList16()
    ),
}
