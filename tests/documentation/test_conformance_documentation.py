"""The table of what OCPP demands names modules and tests: they exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "conformance.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| requirement ")]
TESTS = sorted(set(re.findall(r"`(test_\w+)`", PAGE)))
PATHS = sorted(set(re.findall(r"`((?:csms|tests)/[^`]*)`", PAGE)))


@cache
def defined() -> frozenset[str]:
    code = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for text in code for name in re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_is_named_is_there(test: str) -> None:
    assert test in defined()


@pytest.mark.parametrize("path", PATHS)
def test_what_is_named_by_its_path_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_its_place_or_says_why_there_is_none(row: str) -> None:
    _, _, _, where, _ = row.split("|")
    words = ("not applicable", "**Not done**", "**In part**", "**in part**", "left to the operator")
    assert "`" in where or any(word in where for word in words)
