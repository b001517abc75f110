"""The OCPP versions we speak, and what each consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from csms.charge_points.link import Translation
from csms.charge_points.provisioning import Dialect
from csms.charge_points.session import Handler
from csms.charge_points.v16.actions import HANDLERS as HANDLERS_16
from csms.charge_points.v16.commands import Commands16
from csms.charge_points.v16.configuration import Configuration16
from csms.charge_points.v201.actions import HANDLERS as HANDLERS_201
from csms.charge_points.v201.commands import Commands201
from csms.charge_points.v201.variables import Variables201
from csms.domain.model import OCPP16, OCPP201


@dataclass(frozen=True, slots=True)
class Version:
    handlers: Mapping[str, Handler]
    translation: Translation
    dialect: Dialect


# Best first: where a charger offers several, it gets the first of these (OCPP-J 1.6 chapter 3.1.2).
VERSIONS: Mapping[str, Version] = {
    OCPP201: Version(HANDLERS_201, Commands201(), Variables201()),
    OCPP16: Version(HANDLERS_16, Commands16(), Configuration16()),
}
