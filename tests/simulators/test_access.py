"""Where a simulated charge point connects to, and with what, once it was told otherwise."""

import pytest

from simulators.access import ATTEMPTS, Access, Network

OLD, NEW = "ws://old.example/ocpp", "wss://new.example/ocpp"


@pytest.mark.parametrize(
    ("slot", "network", "refused"),
    [
        (2, Network(NEW, 2), None),
        (1, Network(NEW, 3), None),
        (2, Network("ws://new.example", 1), None),
        (2, Network("ws://new.example", 0), "NoSecurityDowngrade"),
        (2, Network("ws://new.example", 2), "InvalidNetworkConf"),
        (2, Network(NEW, 1), "InvalidNetworkConf"),
        (2, Network("https://new.example", 2), "InvalidNetworkConf"),
        (3, Network(NEW, 2), "InvalidNetworkConf"),
    ],
)
def test_a_network_is_kept_if_it_is_one_and_not_less_secure(slot: int, network: Network, refused: str | None) -> None:
    assert Access(OLD, 1, "p").store(slot, network) == refused


def test_a_new_network_is_used_from_the_next_boot_on_and_the_old_one_where_it_does_not_work() -> None:
    access = Access(OLD, 1, "p")
    assert not access.prefer([2, 1])
    assert access.store(2, Network(NEW, 2)) is None
    assert access.prefer([2, 1])
    assert access.url == OLD
    access.booted()
    tried = []
    for _ in range(2 * ATTEMPTS + 1):
        tried.append(access.url)
        access.failed()
    assert tried == [NEW] * ATTEMPTS + [OLD] * ATTEMPTS + [NEW]


def test_who_has_come_by_a_higher_profile_takes_no_lower_one_any_more() -> None:
    access = Access(OLD, 1, "p")
    access.store(2, Network(NEW, 2))
    access.prefer([2])
    access.booted()
    assert access.security_profile == 1
    access.reached()
    assert access.security_profile == 2
    assert access.store(1, Network(OLD, 1)) == "NoSecurityDowngrade"
    assert not access.prefer([1])
    assert not access.prefer([])
    assert not access.prefer([7])
