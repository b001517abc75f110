"""The documentation as a site: what is in its menu, and what becomes of links that leave docs/."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def translated() -> Callable[[str, str, str], str]:
    spec = importlib.util.spec_from_file_location("links", ROOT / "docs" / "links.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    found: Callable[[str, str, str], str] = loaded.translated
    return found


LINKS = [
    ("[a](other.md#b)", "docs/reference", "reference/x.md", "[a](other.md#b)"),
    ("[a](#b)", "docs", "x.md", "[a](#b)"),
    ("[a](https://example.org/x)", "docs", "x.md", "[a](https://example.org/x)"),
    ("[a](../../csms/app.py)", "docs/explanation", "explanation/x.md", "a"),
    ("[`a`](../../tests/simulation)", "docs/explanation", "explanation/x.md", "`a`"),
    ("[a](../../CHANGELOG.md#b)", "docs/how-to", "how-to/x.md", "[a](../changelog.md#b)"),
    ("[a](../../deploy/csms.service)", "docs/how-to", "how-to/x.md", "[a](../files/deploy/csms.service)"),
    ("[a](../../deploy/Dockerfile)", "docs/how-to", "how-to/x.md", "[a](../files/deploy/Dockerfile.txt)"),
    ("![a](docs/demo.svg)", "", "index.md", "![a](demo.svg)"),
    ("[![a](docs/demo.svg)](docs/explanation/x.md)", "", "index.md", "[![a](demo.svg)](explanation/x.md)"),
    ("[![a](docs/demo.svg)](https://x/y)", "", "index.md", "[![a](demo.svg)](https://x/y)"),
    ("[a](docs/reference/rest.md#b)", "", "changelog.md", "[a](reference/rest.md#b)"),
    ("[a](README.md)", "simulators", "simulator.md", "[a](simulator.md)"),
]


@pytest.mark.parametrize(("text", "folder", "target", "expected"), LINKS)
def test_a_link_leads_to_where_the_site_has_it(text: str, folder: str, target: str, expected: str) -> None:
    assert translated()(text, folder, target) == expected


def test_every_page_is_in_the_menu_and_everything_in_the_menu_is_a_page() -> None:
    menu = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2], re.MULTILINE)
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert len(set(menu)) == len(menu)
    assert set(menu) == pages | {"changelog.md", "contributing.md", "index.md", "simulator.md"}
