"""The files in deploy/ by the tools that they are for, where a machine has these; elsewhere test_deploy.py must do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from support.bare_charger import charger
from support.system import (
    KEYS,
    PATIENCE_S,
    VERSIONS,
    configuration,
    dc,
    eventually,
    free_port,
    serving,
    sha256,
    site,
)

from csms import certs
from simulators.protocol import Version

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "csms.example.org"
PROXIES = ("nginx", "caddy")
PASSWORD = "a-generated-password"


def tool(name: str) -> str:
    """Its path; the test is skipped where it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def said(*words: str, given: bytes | None = None) -> str:
    done = subprocess.run(words, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode()
    assert done.returncode == 0, text
    return text


def test_prometheus_takes_the_alerts_and_each_comes_when_it_should() -> None:
    promtool = tool("promtool")
    assert "12 rules found" in said(promtool, "check", "rules", str(DEPLOY / "prometheus-alerts.yml"))
    assert "SUCCESS" in said(promtool, "test", "rules", str(Path(__file__).parent / "alerts.test.yml"))


async def test_prometheus_finds_nothing_wrong_with_the_metrics(tmp_path: Path) -> None:
    promtool = tool("promtool")
    async with (
        serving(configuration(tmp_path, [site([dc("CP-1")])])) as (_, port),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEYS['read']}"}) as http,
        http.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        metrics = await answer.read()
    assert await asyncio.to_thread(said, promtool, "check", "metrics", given=metrics) == ""


def test_systemd_takes_the_unit_and_finds_little_that_it_may(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    unit = tmp_path / "csms.service"
    unit.write_text((DEPLOY / "csms.service").read_text().replace("/opt/csms/bin/csms", "/bin/true"))
    assert said(analyze, "verify", "--man=no", str(unit)) == ""
    said(analyze, "security", "--offline=true", "--threshold=15", "--no-pager", str(unit))


@contextlib.asynccontextmanager
async def proxy(name: str, folder: Path, ocpp_port: int, api_port: int) -> AsyncIterator[tuple[str, str]]:
    """The shipped configuration with other ports, for this machine's own name; where operators and chargers come."""
    ports = free_port(), free_port()
    text = (DEPLOY / {"nginx": "nginx.conf", "caddy": "Caddyfile"}[name]).read_text().replace(HOST, "localhost")
    text = text.replace("127.0.0.1:9000", f"127.0.0.1:{ocpp_port}").replace("127.0.0.1:8080", f"127.0.0.1:{api_port}")
    config = folder / "proxy.conf"
    program = tool(name)
    if name == "nginx":
        config.write_text(nginx(text, folder, *ports))
        said(program, "-t", "-p", str(folder), "-c", str(config))
        words = [program, "-p", str(folder), "-c", str(config)]
    else:
        config.write_text(caddy(text, folder, *ports))
        said(program, "validate", "--config", str(config), "--adapter", "caddyfile")
        words = [program, "run", "--config", str(config), "--adapter", "caddyfile"]
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield f"https://localhost:{ports[0]}", f"wss://localhost:{ports[1]}/ocpp"
    finally:
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):  # it waits for streams that are open still: there must be none
            await process.wait()


def nginx(text: str, folder: Path, operators: int, chargers: int) -> str:
    certs.server(certs.authority("Trial", 1), ["localhost"], 1).write(folder / "proxy")
    text = text.replace("/etc/ssl/csms/fullchain.pem", str(folder / "proxy.pem"))
    text = text.replace("/etc/ssl/csms/privkey.pem", str(folder / "proxy.key"))
    text = text.replace("listen 443", f"listen {operators}").replace("listen [::]:443", f"listen [::1]:{operators}")
    text = text.replace("listen 9443", f"listen {chargers}").replace("listen [::]:9443", f"listen [::1]:{chargers}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder / kind}; " for kind in kinds)
    head = f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'}; events {{}}"
    return f"{head}\nhttp {{ access_log off; {paths}\n{text}\n}}\n"


def caddy(text: str, folder: Path, operators: int, chargers: int) -> str:
    text = text.replace("localhost {", f"localhost:{operators} {{").replace("localhost:9443", f"localhost:{chargers}")
    head = f"http_port {free_port()}\nhttps_port {operators}\nlocal_certs\nskip_install_trust\nadmin off\n"
    return f"{{\n{head}storage file_system {folder / 'caddy'}\n}}\n{text}"


@pytest.mark.parametrize("name", PROXIES)
async def test_operators_come_through_the_proxy_and_hear_events_at_once(name: str, tmp_path: Path) -> None:
    tool(name)
    async with (
        serving(configuration(tmp_path, [site([dc("CP-1")])])) as ports,
        proxy(name, tmp_path, *ports) as (operators, chargers),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEYS['read']}"}) as http,
    ):

        async def status(url: str) -> int:
            try:
                async with http.get(url, ssl=False) as answer:
                    return answer.status
            except aiohttp.ClientConnectionError:
                return 0

        async def is_up() -> bool:
            return await status(f"{operators}/healthz") == 200

        await eventually(is_up, "the proxy forwards")
        assert await status(f"{operators}/") == 200
        assert await status(f"{operators}/api/v1/sites/park") == 200
        assert await status(f"{operators}/metrics") == 404
        assert await status(chargers.replace("wss:", "https:").replace("/ocpp", "/healthz")) == 404
        async with http.get(f"{operators}/api/v1/events", ssl=False) as events, asyncio.timeout(5):
            assert await events.content.readuntil(b"\n\n") == b"retry: 3000\n\n"


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("name", PROXIES)
async def test_a_charger_with_a_password_comes_through_the_proxy(name: str, protocol: Version, tmp_path: Path) -> None:
    tool(name)
    document = configuration(tmp_path, [site([dc("CP-1", password_sha256=sha256(PASSWORD))])])
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with serving(document) as ports, proxy(name, tmp_path, *ports) as (_, chargers):

        async def comes() -> bool:
            try:
                async with charger(chargers, protocol, PASSWORD, context=trusting) as connected:
                    assert (await connected.call("Heartbeat", {}))[0] == 3
            except OSError:
                return False
            return True

        await eventually(comes, "the proxy forwards")
