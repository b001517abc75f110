"""Which addresses lie below an allowed one, and which only look like it."""

import pytest

from csms.domain.urls import url_allowed, url_understood

PREFIXES = ["https://good.example/fw", "ftp://logs.example:2121/"]


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
