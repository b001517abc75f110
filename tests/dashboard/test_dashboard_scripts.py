"""What the dashboard calculates, tested by Node where there is one: `*.test.js` beside this file."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DASHBOARD = HERE.parents[1] / "csms" / "dashboard"
NODE = shutil.which("node") or ""
TESTS = sorted(HERE.glob("*.test.js"))


def runs_tests() -> bool:
    """Whether Node is 20 or newer."""
    if not NODE:
        return False
    version = subprocess.run((NODE, "--version"), capture_output=True, text=True, check=False).stdout
    return int(version.removeprefix("v").split(".")[0] or 0) >= 20


@pytest.mark.skipif(not runs_tests(), reason="there is no Node of version 20 or newer")
def test_the_scripts_of_the_page_calculate_what_they_should(tmp_path: Path) -> None:
    # The browser is told that they are modules, by the page; Node is told here.
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for folder in ("js", "vendor"):
        shutil.copytree(DASHBOARD / folder, tmp_path / folder)
    for test in TESTS:
        shutil.copy(test, tmp_path)
    command = (NODE, "--test", "--test-reporter=tap", *(test.name for test in TESTS))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n# pass 0\n" not in done.stdout, "no test was found"
