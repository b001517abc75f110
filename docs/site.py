"""The site made of docs/: mkdocs calls the functions that begin with `on_` (mkdocs.yml, hooks).

The pages are written for the repository, where links that leave docs/ lead to files. On the site some of those files
are pages, some can be downloaded, and a link to source code is just its text: the site has no sources.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from links import DOWNLOADS, PAGES, download, translated
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

_ELSEWHERE = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, target in PAGES.items():
        if files.get_file_from_path(target) is None:
            text = translated((ROOT / source).read_text(encoding="utf-8"), posixpath.dirname(source), target)
            files.append(File.generated(config, target, content=text))
    for name in DOWNLOADS:
        for path in sorted((ROOT / name).iterdir()) if name.endswith("/") else [ROOT / name]:
            target = download(path.relative_to(ROOT).as_posix())
            files.append(File.generated(config, target, content=path.read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    target = page.file.src_uri
    return markdown if target in PAGES.values() else translated(markdown, posixpath.dirname(f"docs/{target}"), target)


def on_post_build(config: MkDocsConfig) -> None:
    """A page that loads anything from elsewhere fails the build."""
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        if found := _ELSEWHERE.search(page.read_text(encoding="utf-8")):
            raise PluginError(f"{page.name} loads something from elsewhere: {found[0]}")
