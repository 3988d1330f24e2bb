"""The commands, code and tables of the README and the docs are true."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flask_heapview.config import HeapViewConfig
from flask_heapview.views import VIEWS

from .e2e.apps import LEAKY
from .e2e.test_examples import shop
from .helpers import ROOT, TOKEN, needs, unmeasured
from .live_server import serving

PACKAGE = ROOT / "flask_heapview"
README = (ROOT / "README.md").read_text()
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
BLOCK = re.compile(r"(?:<!-- run: (\w+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
BLOCKS = [match.groups() for match in BLOCK.finditer(README)]


def test_the_commands_for_the_shop_run(tmp_path: Path) -> None:
    needs(shutil.which("curl"), "the commands of the README use curl")
    commands = [text for where, kind, text in BLOCKS if where == "shop" and kind == "sh"]
    assert len(commands) == 2
    with shop(tmp_path) as server:
        for text in commands:
            script = text.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
            env = {
                **os.environ,
                "HEAPVIEW_TOKEN": TOKEN,
                "PATH": PATH,
            }
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=ROOT,
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


def test_the_two_commands_exist() -> None:
    for target in ("setup", "demo", "test", "bench", "lint", "prose", "format", "test-all"):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("target", "extras"), [("demo", "demo"), ("test", "test,demo")])
def test_each_command_installs_what_it_needs(target: str, extras: str, tmp_path: Path) -> None:
    words = ["make", "-n", target, f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"-e '\.\[(\S+)\]'", done.stdout) == [extras]


def test_the_demo_is_served_by_what_the_tests_installed(tmp_path: Path) -> None:
    for name in (".installed", ".installed-demo"):
        (tmp_path / name).touch()
    words = ["make", "-n", "demo", f"VENV={tmp_path}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pip" not in done.stdout


SHOP = (
    LEAKY.replace("/leak/<int:number>", "/process_data")
    .replace("def leak(number):", "def process_data():\n    number = request.args['key']")
    .replace("import Flask", "import Flask, request")
)


def test_the_checks_run(tmp_path: Path) -> None:
    (commands,) = [text for where, _, text in BLOCKS if where == "check"]
    bare = SHOP.replace("from flask_heapview import HeapView\n", "").replace("HeapView(app)", "")
    (tmp_path / "shop.py").write_text(bare)
    home = tmp_path / "service"
    home.mkdir()
    with serving(home, SHOP, "gthread", "--threads", "4") as server:
        for command in commands.strip().splitlines():
            script = command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=tmp_path,
                env={**unmeasured(), "HEAPVIEW_TOKEN": TOKEN, "PATH": PATH},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 1, done.stdout + done.stderr
            assert "kept gained" in done.stdout


def test_the_fixture_is_found(tmp_path: Path) -> None:
    (code,) = [text for where, _, text in BLOCKS if where == "test"]
    bare = SHOP.replace("from flask_heapview import HeapView\n", "").replace("HeapView(app)", "")
    (tmp_path / "shop.py").write_text(bare)
    (tmp_path / "conftest.py").write_text(
        "import pytest, shop\n\n@pytest.fixture\ndef client():\n    return shop.app.test_client()\n"
    )
    (tmp_path / "test_shop.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "dict shop.kept gained 200 entries" in done.stdout


@pytest.mark.parametrize(
    "code", [text for where, kind, text in BLOCKS if kind == "python" and where != "test"]
)
def test_the_code_runs(code: str, tmp_path: Path) -> None:
    env = {**os.environ, "HEAPVIEW_TOKEN": TOKEN, "HEAPVIEW_DIR": str(tmp_path / "h")}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=tmp_path)


def test_the_other_commands_are_known() -> None:
    rest = [text for where, kind, text in BLOCKS if kind == "sh" and not where]
    words = {line.split()[0] for text in rest for line in text.strip().splitlines()}
    assert words == {"make", "pip", "export", "gunicorn"}


def test_every_setting_is_documented() -> None:
    for item in dataclasses.fields(HeapViewConfig):
        assert f"`HEAPVIEW_{item.name.upper()}`" in README, item.name


def test_every_view_has_its_row() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    for view in VIEWS:
        assert f"| `{view.name}` | {view.summary} |" in text


# a path with a slash in it; with a name behind a colon, that it defines
REFERENCE = re.compile(r"`((?:\w+/)+(?:[\w.-]+\.\w+)?|\w+\.py)(?::([\w.]+))?`")
BASES = (ROOT, PACKAGE, PACKAGE / "core", PACKAGE / "core" / "csrc", PACKAGE / "graphs")
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))


def defines(path: Path, name: str) -> bool:
    """Whether a module has that function, class, method or constant."""
    scope: list[ast.stmt] = ast.parse(path.read_text()).body
    for part in name.split("."):
        found = [node for node in scope if part in names_of(node)]
        if not found:
            return False
        scope = getattr(found[0], "body", [])
    return True


def names_of(node: ast.stmt) -> set[str]:
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return {getattr(node, "name", ""), *(getattr(t, "id", "") for t in targets)}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_the_files_and_functions_that_are_named_exist(page: Path) -> None:
    for name, inside in REFERENCE.findall(page.read_text()):
        places = [base / name for base in BASES if (base / name).exists()]
        assert places, f"{page.name}: {name}"
        assert not inside or defines(places[0], inside), f"{page.name}: {name}:{inside}"


def test_every_room_has_its_line() -> None:
    rooms = {f"flask_heapview/{place.parent.name}/" for place in PACKAGE.glob("*/__init__.py")}
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert {room for room in rooms if f"- `{room}`: " not in text} == set()


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
