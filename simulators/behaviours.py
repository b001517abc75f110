"""Behaviours with a name: what was seen with real chargers, one row each, for the command line and for tests."""

from dataclasses import dataclass, replace

from simulators.behaviour import BY_THE_BOOK, Behaviour, Metering
from simulators.hardware import Hardware

_MAXIMA = ("ChargePointMaxProfile", "ChargingStationMaxProfile")


@dataclass(frozen=True, slots=True)
class Named:
    """`does` says in a line what is odd; `vendor` and `model` are what its BootNotification says, `model` None: what
    the hardware is called anyway. `connectors` is how many it shows on."""

    does: str
    behaviour: Behaviour
    vendor: str = "Simulators"
    model: str | None = None
    connectors: int = 1

    def built_on(self, hardware: Hardware) -> Hardware:
        """The hardware under the name that this make gives it."""
        return hardware if self.model is None else replace(hardware, model=self.model)


BY_NOTHING = Named("goes by the book", BY_THE_BOOK)


def _meters(does: str, metering: Metering) -> Named:
    return Named(does, Behaviour(metering=metering))


BEHAVIOURS: dict[str, Named] = {
    "abb-boot-loop": Named(
        "restarts whenever it is asked about its measurands",
        Behaviour(restarts_when_asked=("MeterValuesSampledData", "TxUpdatedMeasurands")),
        "ABB",
    ),
    "abb-stack-0": Named(
        "claims stack level 10, takes level 0 alone; wants the transactionId in a TxProfile",
        Behaviour(refuses_levels_above=0, needs_transaction_id=True),
        "ABB",
    ),
    "abb-terra-not-6a": Named(
        "rejects a default profile of exactly 6 A", Behaviour(refuses_defaults_a=(6.0,)), "ABB", "Terra AC"
    ),
    "autel-finishing": Named(
        "stays Finishing and takes no remote start until unplugged",
        Behaviour(finishing_until_unplugged=True),
        "Autel",
    ),
    "bare-events": Named(
        "numbers all its transaction events 0, names the EVSE in the first alone", Behaviour(bare_events=True)
    ),
    "begins-at-0": Named("begins every session at 0 A until it is told a limit again", Behaviour(begins_at_zero=True)),
    "clock-years-ahead": Named("its clock is five years ahead", Behaviour(clock_ahead_s=5 * 365 * 86_400.0)),
    "composite-decimals": Named(
        "tells composite schedules with limits of 2.666...", Behaviour(composite_flaw="decimals")
    ),
    "composite-endless": Named(
        "tells composite schedules that last thousands of years", Behaviour(composite_flaw="endless")
    ),
    "composite-no-connector-0": Named(
        "rejects GetCompositeSchedule on connector 0", Behaviour(composite_schedule="no connector 0")
    ),
    "composite-no-schedule": Named(
        "accepts GetCompositeSchedule and tells no schedule", Behaviour(composite_schedule="no schedule")
    ),
    "connector-0-only": Named("takes its default profile on connector 0 alone", Behaviour(default_places="station")),
    "connectors-only": Named("rejects profiles on connector 0", Behaviour(default_places="connectors")),
    "default-profile-only": Named("rejects every TxProfile", Behaviour(rejects_profiles=("TxProfile",))),
    "divides-maximum": Named(
        "divides its maximum evenly among its connectors, in use or not", Behaviour(divides_maximum=True), connectors=2
    ),
    "evbox-no-max-profile": Named(
        "rejects a maximum of the charge point", Behaviour(rejects_profiles=_MAXIMA), "EVBox"
    ),
    "go-e-forgets": Named(
        "loses its profiles on reconnect and goes to full power",
        Behaviour(loses_profiles_on_reconnect=True),
        "go-e",
    ),
    "grizzl-e-ignores": Named(
        "accepts a maximum of the charge point and ignores it",
        Behaviour(honours_only=("TxProfile", "TxDefaultProfile"), accepts_the_rest=True),
        "Grizzl-E",
    ),
    "heidelberg-keeps-16a": Named("accepts lower limits and keeps 16 A", Behaviour(keeps_a=16.0), "Heidelberg"),
    "huawei-watts": Named(
        "takes watts alone; a limit of 0 W stays for good",
        Behaviour(takes_units=("A", "W"), refuses_units=("A",), zero_sticks=True),
        "Huawei",
    ),
    "local-time": Named(
        "tells the local time, two hours ahead, without a zone",
        Behaviour(omits_clock_zone=True, clock_ahead_s=7_200.0),
    ),
    "loses-the-time": Named(
        "begins in 1970 after every restart, until it is told the time", Behaviour(clock_after_reboot_s=0.0)
    ),
    "max-profile-only": Named(
        "rejects all but a maximum of the charge point", Behaviour(rejects_profiles=("TxProfile", "TxDefaultProfile"))
    ),
    "meters-0-w": _meters("tells 0 W while energy rises", "0 W"),
    "meters-energy-alone": _meters("tells its energy register alone", "energy alone"),
    "meters-energy-per-phase": _meters("tells energy by phase", "energy per phase"),
    "meters-kwh-as-wh": _meters("tells kWh and calls them Wh", "kWh as Wh"),
    "meters-l1-n": _meters("calls the currents L1-N to L3-N", "L1-N"),
    "meters-per-phase": _meters("tells power by phase", "power per phase"),
    "meters-phase-sum": _meters("tells one current, the sum of all phases", "current of all phases"),
    "meters-power-twice": _meters("tells power as a total and by phase", "power twice"),
    "meters-resetting": _meters("begins its energy register anew now and then", "register resets"),
    "meters-wh-as-kwh": _meters("tells Wh and calls them kWh", "Wh as kWh"),
    "necharge-steps": Named(
        "takes 6, 8, 10, 13 and 16 A alone", Behaviour(takes_currents_a=(6.0, 8.0, 10.0, 13.0, 16.0)), "NEcharge"
    ),
    "no-number-phases": Named("rejects periods with numberPhases", Behaviour(refuses_number_phases=True)),
    "no-smart-charging": Named("does not implement SetChargingProfile", Behaviour(lacks=("SetChargingProfile",))),
    "no-subprotocol": Named("offers no Sec-WebSocket-Protocol", Behaviour(no_subprotocol=True)),
    "no-two-periods": Named("claims 24 periods, takes one", Behaviour(refuses_periods_above=1)),
    "remote-start-late": Named(
        "takes a remote start while a session runs; acts on any 43 s later",
        Behaviour(queues_remote_starts=True, remote_start_after_s=(43.0, 43.0)),
    ),
    "restarts-on-key": Named(
        "restarts when its AuthorizationKey is set", Behaviour(restarts_when_asked=("AuthorizationKey",))
    ),
    "says-amperes-takes-watts": Named(
        "claims to take amperes and refuses them", Behaviour(takes_units=("A", "W"), refuses_units=("A",))
    ),
    "schneider-level-100": Named(
        "claims stack level 200, rejects those above 100",
        Behaviour(highest_stack_level=200, refuses_levels_above=100),
        "Schneider Electric",
    ),
    "timxon-default-only": Named(
        "answers TxProfile with NotSupported, takes Relative profiles alone",
        Behaviour(not_supported=("TxProfile",), takes_kinds=("Relative",)),
        "Timxon",
    ),
    "wallbox-relative": Named(
        "takes Relative profiles of level 0 alone",
        Behaviour(takes_kinds=("Relative",), refuses_levels_above=0, needs_start_schedule=True),
        "Wall Box Chargers",
    ),
    "wallbox-stays-at-9a": Named("accepts lower limits and stays at 9 A", Behaviour(keeps_a=9.0), "Wall Box Chargers"),
    "whole-amperes": Named("takes whole amperes alone", Behaviour(takes_whole_amperes=True)),
    "zoe-no-wake": Named("its cars sleep for good once they were paused", Behaviour(cars_sleep_after_s=1.0)),
}
