"""The rules of the house, checked: who may import whom, how long things grow, what the text must not say."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("csms", "simulators")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

STANDARD = set(sys.stdlib_module_names)

# Part of the house -> what it may import: other parts, and libraries beside the standard one. A part is a module or a
# package directly below csms. `app` and what starts it may import everything.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "balancing": {"domain"},
    "validation": {"pydantic", "pydantic_core", "annotated_types"},
    "site_rules": {"domain", "balancing", "validation"},
    "smart_charging": {"domain", "balancing", "site_rules", "validation", "pydantic", "annotated_types"},
    "keys": set(),
    "garbage": set(),
    "seed": {"domain"},
    "logs": {"structlog", "orjson"},
    "quirks_config": {"domain", "validation", "pydantic", "annotated_types"},
    "site_config": {"domain", "quirks_config", "site_rules", "smart_charging", "validation"}
    | {"pydantic", "annotated_types"},
    "security_config": {"validation", "pydantic", "annotated_types"},
    "config_ids": {"domain", "validation"},
    "token_models": {"domain", "validation", "pydantic", "annotated_types"},
    "token_csv": {"domain", "token_models", "validation", "pydantic"},
    "local_lists": {"domain"},
    "refusals": {"domain"},
    "id_tokens": {"domain", "refusals", "structlog"},
    "operation_config": {"validation", "annotated_types", "pydantic"},
    "config": {"domain", "config_ids", "operation_config", "site_config", "security_config", "token_models"}
    | {"validation", "pydantic", "annotated_types"},
    "charge_points": {"domain", "ocpp", "websockets", "orjson", "jsonschema_rs", "structlog"},
    "store": {"domain", "sqlalchemy", "alembic", "aiosqlite", "structlog", "orjson"},
    "api": {"domain", "site_config", "site_documents"}
    | {"quirks_config", "site_rules", "smart_charging", "keys", "token_csv", "token_models"}
    | {"validation"}
    | {"aiohttp", "yarl", "pydantic", "pydantic_core", "orjson", "structlog"},
    "archive": {"domain", "orjson", "structlog"},
    "metrics": {"domain", "prometheus_client"},
    "client": {"aiohttp", "pydantic"},
    "console": {"client", "typer", "rich"},
    "certificates": {"domain", "certs", "cryptography", "aiohttp", "structlog"},
    "certs": {"cryptography"},
    "certs_commands": {"certs", "exits", "cryptography", "typer"},
    "exits": {"typer"},
    "vigil": {"domain"},
    "fleet": {"domain", "site", "vigil", "structlog"},
    "estate": {"domain", "fleet", "seed", "site", "site_config", "structlog"},
    "site_documents": {
        "quirks_config",
        "config_ids",
        "domain",
        "site_config",
        "smart_charging",
        "validation",
        "pydantic",
    },
    "asking": {"domain"},
    "proving": {"domain", "balancing"},
    "commander": {"asking", "proving", "domain", "balancing", "structlog"},
    "steering": {"domain"},
    "promises": {"domain"},
    "site": {"domain", "balancing", "commander", "promises", "steering", "structlog"},
}
COMPOSITION = {"app", "cli", "serving", "demo", "__main__"}


def imports(path: Path) -> Iterator[str]:
    """The modules a file imports, in full, relative imports resolved."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield node.module or ""


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "csms").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [p for p in MODULES if p.is_relative_to(ROOT / "csms")], ids=str)
def test_a_part_of_the_house_imports_only_what_it_may(path: Path) -> None:
    part = part_of(path)
    if part == "__init__" or part in COMPOSITION:
        return
    for name in imports(path):
        top, *rest = name.split(".")
        imported = rest[0] if top == "csms" and rest else top
        allowed = imported == part or imported in MAY_IMPORT[part] or (top != "csms" and top in STANDARD)
        assert allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_only_charge_points_know_the_protocol_and_its_transport() -> None:
    for path in MODULES:
        if path.is_relative_to(ROOT / "csms") and part_of(path) != "charge_points":
            assert not {name.split(".")[0] for name in imports(path)} & {"ocpp", "websockets"}, path


def test_the_simulator_and_the_central_system_know_nothing_of_each_other() -> None:
    for path in MODULES:
        stranger = "csms" if path.is_relative_to(ROOT / "simulators") else "simulators"
        assert stranger not in {name.split(".")[0] for name in imports(path)}, path


def importers_of(module: str) -> set[str]:
    package, _, name = module.rpartition(".")
    found = [path for path in MODULES if module in set(imports(path)) or (package, name) in set(names_from(path))]
    return {part_of(path) for path in found if path.is_relative_to(ROOT / "csms")}


def names_from(path: Path) -> Iterator[tuple[str, str]]:
    """`from package import name`, as pairs."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def test_the_application_is_imported_by_the_command_line_alone() -> None:
    assert importers_of("csms.app") == {"serving"}
    assert importers_of("csms.serving") == {"cli"}


def test_commands_that_do_not_run_the_central_system_do_not_wait_for_it() -> None:
    code = "import sys, csms.cli; print(*{name.split('.')[0] for name in sys.modules}, *sys.modules)"
    loaded = set(
        subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout.split()
    )
    assert "csms.console" in loaded
    assert not loaded & {"csms.serving", "csms.app", "csms.config", "csms.client", "aiohttp", "pydantic", "sqlalchemy"}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_below_the_composition_root_reads_a_clock_or_rolls_dice(path: Path) -> None:
    if path.is_relative_to(ROOT / "csms") and part_of(path) in COMPOSITION | {"keys", "certs"}:
        return
    if path == ROOT / "simulators" / "__main__.py" or path == ROOT / "simulators" / "clock.py":
        return
    source = path.read_text()
    for forbidden in ("time.time(", "time.monotonic(", "datetime.now(", "utcnow(", "uuid4(", "random.random()"):
        assert forbidden not in source.replace("_rng.random()", "").replace("rng.random()", ""), forbidden


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_modules_and_functions_stay_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400, "a module of this size holds two ideas"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 50, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_every_module_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))
