"""/api/docs: the interface to read and to try in a browser. The viewer, RapiDoc, lies in `vendor`."""

from __future__ import annotations

import functools
import gzip
from importlib.resources import files

from aiohttp import web

PAGE = "/api/docs"
_VIEWER = "/api/docs/viewer.js"

_HTML = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>csms API</title>
<script type="module" src="{_VIEWER}"></script>
</head>
<body>
<rapi-doc spec-url="/api/v1/openapi.json" load-fonts="false" render-style="read" show-header="false"
 allow-server-selection="false" schema-description-expanded="true" persist-auth="false"></rapi-doc>
</body>
</html>
"""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of this page alone: the viewer writes its styles into the page. No inline script, and nothing from elsewhere."""

_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}


@functools.cache
def _viewer() -> bytes:
    """Compressed when it is first asked for."""
    return gzip.compress((files("csms") / "api" / "vendor" / "rapidoc-min.js").read_bytes(), mtime=0)


def add_routes(router: web.UrlDispatcher) -> None:
    async def page(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=_HTML, content_type="text/html", charset="utf-8", headers=_HEADERS)

    async def script(_request: web.Request) -> web.StreamResponse:
        headers = {**_HEADERS, "Content-Type": "text/javascript; charset=utf-8", "Content-Encoding": "gzip"}
        return web.Response(body=_viewer(), headers=headers)

    router.add_get(PAGE, page)
    router.add_get(_VIEWER, script)
