"""The described interface against the running one: whatever is sent, what is answered is as described."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from support.program import served, write_config
from support.system import KEYS, configuration, dc, site

from csms.api import examples
from csms.api.openapi import PATH
from csms.api.routes import ROUTES

CONFIG = Path(__file__).parent / "schemathesis.toml"
SEED = 20_260_504
EXAMPLES = 3
LONGEST_S = 150.0

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

LEFT_OUT = ("get_events", "delete_site", "delete_charge_point", "post_rebalance")
"""A stream without an end, those that would leave nothing to ask for, and one that waits for chargers."""


async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    document = configuration(tmp_path, [site([dc("CP-1"), dc("CP-2")], site_id=examples.PATH["site_id"][0])])
    document["api"]["max_requests_per_s"] = 100_000
    document["log"] = {"level": "error"}
    config, _, api_port = write_config(tmp_path, document)
    async with served(config, api_port):
        words = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(CONFIG),
            "run",
            f"http://127.0.0.1:{api_port}{PATH}",
        ]
        words += ["--checks", CHECKS, "--seed", str(SEED), "--max-examples", str(EXAMPLES), "--no-shrink", "--no-color"]
        words += ["--phases", "examples,coverage,fuzzing", "--header", f"Authorization: Bearer {KEYS['admin']}"]
        words += ["--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"]
        for operation_id in LEFT_OUT:
            words += ["--exclude-operation-id", operation_id]
        process = await asyncio.create_subprocess_exec(
            *words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            async with asyncio.timeout(LONGEST_S):
                out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    said = out.decode()
    assert process.returncode == 0, said[-8000:]
    assert f"Tested: {len(ROUTES) - len(LEFT_OUT)}" in said
