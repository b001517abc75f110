"""The dashboard's files, beside the API: read and compressed once, found by name in a table and nowhere else."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

from csms.api.problems import Problem

PREFIX = "/dashboard/"

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
"""Files of other kinds (licences, notes) lie in the folder and are not served."""

_COMPRESSED_ALREADY = frozenset({"woff2"})

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",  # no text can become markup, whatever a charger calls itself
}

_HEADERS = {
    "Cache-Control": "no-cache",  # kept by the browser, and asked for again by its ETag: an upgrade shows at once
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """`etag` is of `content`; the compressed form has another (RFC 9110 section 8.8.3.3). None: not worth it."""

    content_type: str
    content: bytes
    etag: str
    compressed: bytes | None

    @classmethod
    def of(cls, suffix: str, content: bytes) -> StaticFile:
        etag = hashlib.sha256(content).hexdigest()[:20]
        # mtime 0: the same file is the same bytes at every start.
        small = None if suffix in _COMPRESSED_ALREADY else gzip.compress(content, mtime=0)
        return cls(_TYPES[suffix], content, etag, small)


def add_routes(router: web.UrlDispatcher) -> None:
    """The page at /, and what it is made of below `PREFIX`."""
    pages = static_files()
    router.add_get("/", _serving(pages, lambda _request: "index.html"))
    router.add_get(PREFIX + "{name:.+}", _serving(pages, lambda request: request.match_info["name"]))


def is_static(path: str) -> bool:
    return path == "/" or path.startswith(PREFIX)


@functools.cache
def static_files() -> Mapping[str, StaticFile]:
    """By name relative to the folder, with / between its parts."""
    found = _walk(files("csms") / "dashboard", "")
    return {name: StaticFile.of(name.rpartition(".")[2], file.read_bytes()) for name, file in found}


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in _TYPES:
            yield prefix + entry.name, entry


def _serving(
    pages: Mapping[str, StaticFile], name_of: Callable[[web.Request], str]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        page = pages.get(name_of(request))
        if page is None:
            raise Problem(404, "There is no such resource.")
        return _response(page, request.headers.get("Accept-Encoding", ""), request.headers.get("If-None-Match", ""))

    return serve


def _response(page: StaticFile, accept_encoding: str, if_none_match: str) -> web.Response:
    small = page.compressed if _takes_gzip(accept_encoding) else None
    etag = f'"{page.etag}"' if small is None else f'"{page.etag}-gzip"'
    headers = {**_HEADERS, "ETag": etag}
    # A comparison of If-None-Match is weak (RFC 9110 section 13.1.2): a proxy may have put W/ before ours.
    if {etag, "*"} & {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = page.content_type
    if small is None:
        return web.Response(body=page.content, headers=headers)
    return web.Response(body=small, headers={**headers, "Content-Encoding": "gzip"})


def _takes_gzip(accept_encoding: str) -> bool:
    for coding in accept_encoding.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
