"""Which addresses lie below an allowed one, and which only look like it."""

import pytest

from csms.domain.urls import is_central_system, own_urls, url_allowed, url_understood

PREFIXES = ["https://good.example/fw", "ftp://logs.example:2121/", "wss://csms.example/ocpp"]


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example/fw",
        "https://good.example/fw/",
        "https://good.example/fw/a/b.bin?x=1",
        "HTTPS://GOOD.EXAMPLE:443/fw/b",
        "https://good.example./fw/b",
        "ftp://user:pass@logs.example:2121/up",
        "ftp://logs.example:2121",
        "wss://csms.example:443/ocpp/",
    ],
)
def test_an_address_below_a_prefix_is_allowed(url: str) -> None:
    assert url_allowed(url, PREFIXES)


@pytest.mark.parametrize(
    "url",
    [
        "http://good.example/fw",
        "https://good.example",
        "https://good.example/fwd/x",
        "https://good.example/fw/../secret",
        "https://good.example/fw/%2e%2e/secret",
        "https://good.example/fw/%2E./secret",
        "https://good.example/fw/..%2fsecret",
        "https://good.example/fw/..%5Csecret",
        "https://good.example.evil/fw",
        "https://evilgood.example/fw",
        "https://good.example@evil/fw",
        "https://good.example:443@evil/fw",
        "https://evil\\@good.example/fw",
        "https://evil#@good.example/fw",
        "https://a@evil@good.example/fw",
        "https://good.example:444/fw",
        "https://good.example:port/fw",
        "https://good.example /fw",
        "https://good.exam\tple/fw",
        "https://gооd.example/fw",
        "//good.example/fw",
        "good.example/fw",
        "https:///fw",
        "file:///fw",
        "ftp://logs.example/up",
        "ws://csms.example/ocpp",
        "wss://csms.example/",
        "https://csms.example/ocpp",
        "",
    ],
)
def test_an_address_that_only_looks_like_it_is_not(url: str) -> None:
    assert not url_allowed(url, PREFIXES)


def test_without_prefixes_nothing_is_allowed() -> None:
    assert not url_allowed("https://good.example/fw", [])


def test_a_prefix_that_cannot_be_understood_is_told_from_one_that_can() -> None:
    assert url_understood("sftp://host")
    assert not url_understood("host/path")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("wss://a/", True), (" WS://a/ ", True), ("https://a/", False), ("wsx://a/", False), ("", False), (None, False)],
)
def test_an_address_of_a_central_system_is_known_by_its_scheme(text: object, is_one: bool) -> None:
    assert is_central_system(text) is is_one


def test_our_own_listeners_are_known_unless_they_listen_everywhere() -> None:
    doors = [("127.0.0.1", 9000, False), ("::1", 9443, True), ("0.0.0.0", 80, False), ("::", 443, True)]
    assert own_urls(doors) == ("ws://127.0.0.1:9000/", "wss://[::1]:9443/")
    assert url_allowed("wss://[::1]:9443/ocpp/CP-1", own_urls(doors))
    assert not url_allowed("ws://127.0.0.1/ocpp", own_urls(doors))
