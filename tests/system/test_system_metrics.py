"""What Prometheus is told by the running system, and to whom."""

from pathlib import Path

from support.system import KEYS, System, configuration, dc, eventually, neighbours, running, serving, site


async def scrape(system: System, key: str | None = KEYS["read"]) -> tuple[int, dict[str, float]]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with system.http.get(f"{system.http_url}/metrics", headers=headers) as answer:
        text = await answer.text()
        if answer.status != 200:
            return answer.status, {}
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return 200, {name: float(value) for name, value in lines}


async def test_figures_of_a_day_are_those_of_the_rest_interface(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], 30)) as system:
        await system.chargers({"CP-1": "1.6"})
        await system.configure(20)
        await eventually(system.quiet)
        _, told = await scrape(system)
        assert told['csms_site_ceiling_watts{site_id="park"}'] == 30_000
        assert told['csms_site_budget_watts{site_id="park"}'] == 20_000
        assert told['csms_site_excess_watts{site_id="park"}'] == 0
        assert told["csms_ocpp_connections"] == 1
        assert told['csms_charge_points{site_id="park",status="Offline"}'] == 1
        assert told['csms_ledger_connectors{site_id="park",state="not_commissioned"}'] == 1
        assert told['csms_ledger_connectors{site_id="park",state="confirmed"}'] == 1
        received = 'csms_ocpp_requests_received_total{action="BootNotification",protocol="ocpp1.6",result="Answered"}'
        assert told[received] == 1
        sent = 'csms_ocpp_requests_sent_total{action="SetChargingProfile",protocol="ocpp1.6",result="Answered"}'
        confirmed = told['csms_limits_sent_total{answer="Confirmed",site_id="park"}']
        assert told[sent] == confirmed >= 1
        assert told['csms_ocpp_answer_duration_seconds_count{action="SetChargingProfile"}'] == confirmed
        assert told['csms_decision_duration_seconds_count{site_id="park"}'] >= 1
        assert told["csms_store_commit_duration_seconds_count"] >= 1
        assert told['csms_store_file_bytes{file="database"}'] > 0
        assert told["csms_ready"] == 1
        assert told["process_resident_memory_bytes"] > 1e6


async def test_who_was_refused_is_counted_at_both_doors(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1", password_sha256="0" * 64)])) as system:
        for path in ("CP-1", "nobody"):
            async with system.http.get(f"{system.ws_url}/{path}".replace("ws://", "http://"), headers=UPGRADE):
                pass
        assert (await scrape(system, "wrong"))[0] == 401
        _, told = await scrape(system)
        assert told['csms_ocpp_connections_refused_total{status="401"}'] == 1
        assert told['csms_ocpp_connections_refused_total{status="404"}'] == 1
        assert told['csms_failed_logins_total{door="ocpp"}'] == 1
        assert told['csms_failed_logins_total{door="api"}'] == 1


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "ocpp1.6",
}


async def test_metrics_need_a_key_unless_they_are_public(tmp_path: Path) -> None:
    document = configuration(tmp_path, [site([dc("CP-1")])])
    async with serving(document) as ports, neighbours(*ports) as system:
        assert (await scrape(system, None))[0] == 401
    async with serving(document | {"metrics": {"public": True}}) as ports, neighbours(*ports) as system:
        assert (await scrape(system, None))[0] == 200
        assert (await system.request("GET", "/api/v1/sites", key=None))[0] == 401


async def test_no_caller_invents_a_name(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        for path in ("/api/v1/invented", "/api/v1/sites/invented"):
            await system.request("GET", path, key=KEYS["read"])
        _, told = await scrape(system)
        assert told['csms_api_requests_total{method="GET",route="unknown",status="404"}'] == 1
        assert told['csms_api_requests_total{method="GET",route="/api/v1/sites/{site_id}",status="404"}'] == 1
        assert not [name for name in told if "invented" in name]


async def test_a_stream_is_counted_and_its_length_is_nobodys_answer_time(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        headers = {"Authorization": f"Bearer {KEYS['read']}"}
        async with system.http.get(f"{system.http_url}/api/v1/events", headers=headers) as stream:
            assert await stream.content.readline() == b"retry: 3000\n"

        async def counted() -> bool:
            return (
                'csms_api_requests_total{method="GET",route="/api/v1/events",status="200"}' in (await scrape(system))[1]
            )

        await eventually(counted)
        assert not [name for name in (await scrape(system))[1] if "duration" in name and "/api/v1/events" in name]
