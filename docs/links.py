"""Where a link of a page leads on the site (see site.py): rules without mkdocs, which only the extra `docs` has."""

from __future__ import annotations

import posixpath
import re

PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",
    "simulators/README.md": "simulator.md",
}
"""Files outside docs/ that are pages of the site."""

DOWNLOADS = ("config.example.toml", "LICENSE", "deploy/")
"""Files, and folders of files, that can be downloaded."""

_LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def translated(markdown: str, folder: str, target: str) -> str:
    """The text with its links as the site needs them. It stands in `folder` of the repository, and is the page
    `target` of the site."""

    def link(found: re.Match[str]) -> str:
        image, text, address = found.groups()
        text = _LINK.sub(link, text)  # a picture
        name, _, anchor = address.partition("#")
        if not name or re.match(r"[a-z]+:", name):
            return f"{image}[{text}]({address})"
        place = _place(posixpath.normpath(posixpath.join(folder, name)))
        if place is None:
            return text
        there = posixpath.relpath(place, posixpath.dirname(target) or ".")
        return f"{image}[{text}]({there}{'#' + anchor if anchor else ''})"

    return _LINK.sub(link, markdown)


def _place(path: str) -> str | None:
    """Where a file of the repository is on the site; None if it is not there."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path in PAGES:
        return PAGES[path]
    return download(path) if any(path == name or path.startswith(name) for name in DOWNLOADS) else None


def download(path: str) -> str:
    """mkdocs has pages and files; what has no suffix would be neither."""
    return f"files/{path}" if "." in posixpath.basename(path) else f"files/{path}.txt"
