"""The commands of docs/ci.md and docs/kubernetes.md run, and their files are as they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flask_heapview.cli.check import check_command
from flask_heapview.cli.main import COMMANDS

from ..e2e.apps import LEAKY
from ..helpers import ROOT
from ..live_server import serving
from ..workers.listing import listed
from .shell import environment

CI, KUBERNETES = ((ROOT / "docs" / f"{name}.md").read_text() for name in ("ci", "kubernetes"))
PROGRAMS = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
# exec NAME -- COMMAND…: the container is this machine
KUBECTL = '#!/bin/sh\n[ "$1" = exec ] && [ "$3" = -- ] || exit 9\nshift 3\nexec "$@"\n'


def run_blocks(text: str, where: str) -> list[str]:
    return re.findall(rf"<!-- run: {where} -->\n```sh\n(.*?)```", text, re.DOTALL)


def run(script: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=home,
        env=environment(**env),
        capture_output=True,
        text=True,
        check=False,
    )


def commands(text: str, where: str, begin: str) -> list[list[str]]:
    """The words of each command behind what each line begins with."""
    lines = "".join(run_blocks(text, where)).splitlines()
    assert all(line.startswith(begin) for line in lines)
    return [shlex.split(line.removeprefix(begin).partition(" > ")[0]) for line in lines]


@pytest.mark.parametrize(
    "words",
    [
        *commands(CI, "ci", "flask --app shop heapview "),
        *commands(KUBERNETES, "kubectl", "kubectl exec deploy/leaky -- flask-heapview "),
    ],
    ids=" ".join,
)
def test_each_command_is_one_of_ours(words: list[str]) -> None:
    """That they do what is said is shown below, in the slow set."""
    known = {command.name: command for command in COMMANDS}
    assert known[words[0]].make_context(words[0], words[1:])


@pytest.mark.slow
def test_the_checks_run(tmp_path: Path) -> None:
    bare = LEAKY.replace("from flask_heapview import HeapView\n", "").replace("HeapView(app)", "")
    (tmp_path / "shop.py").write_text(bare)
    first, each = run_blocks(CI, "ci")
    for script in (first, each):
        done = run(script, tmp_path, PATH=PROGRAMS)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "kept gained" in done.stdout  # it leaks as before, and is known
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"leaks.xml", "leaks.sarif"}
    (tmp_path / "leaks.json").unlink()
    assert run(each, tmp_path, PATH=PROGRAMS).returncode == 1


def jobs() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", CI, re.DOTALL)]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [text for part in parts for text in strings(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("job", jobs(), ids=["github", "gitlab"])
def test_the_jobs_call_what_there_is(job: Any) -> None:
    texts = strings(job)
    (command,) = [text for text in texts if "heapview check" in text]
    words = shlex.split(command.partition("heapview check ")[2])
    asked = check_command.make_context("check", words).params
    assert asked["all_routes"]
    for wanted in ("junit", "sarif"):  # what a job hands on is what the command wrote
        if asked[wanted]:
            assert texts.count(str(asked[wanted])) == 1


@pytest.mark.slow
def test_the_commands_run_in_a_pod(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "kubectl").write_text(KUBECTL)
    (programs / "kubectl").chmod(0o755)
    home = tmp_path / "service"
    home.mkdir()
    env = {"PATH": f"{programs}:{PROGRAMS}", "HEAPVIEW_DIR": str(home / "heapview")}
    with serving(home, LEAKY, "sync", "--workers", "2") as server:
        listed(server, 2)
        for script in run_blocks(KUBERNETES, "kubectl"):
            done = run(script, tmp_path, **env)
            assert done.returncode == 0, script + done.stdout + done.stderr
    assert "before" in done.stdout  # of the list, which comes last
    assert (tmp_path / "ticket.md").read_text().startswith("#")
    for name in ("before", "after"):
        assert (tmp_path / f"{name}.snapshot").read_bytes().startswith(b'{"schema"')


def test_what_runs_in_the_container_is_found_there() -> None:
    text = (ROOT / "examples" / "container" / "Dockerfile").read_text()
    assert "PATH=/venv/bin:$PATH" in text
    assert all("flask-heapview" in script for script in run_blocks(KUBERNETES, "kubectl"))
