"""The commands in docs/cli.md run, and all commands are there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from flask_heapview.cli.main import COMMANDS
from flask_heapview.views import BY_NAME

from ..e2e.apps import LEAKY
from ..helpers import ROOT
from ..live_server import serving
from ..workers.listing import listed
from .shell import environment

TEXT = (ROOT / "docs" / "cli.md").read_text()
BLOCKS = re.findall(r"<!-- run: (\w+) -->\n```sh\n(.*?)```", TEXT, re.DOTALL)


def heed_the_keyboard() -> None:
    """A shell in the background ignores it, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_every_command_is_documented() -> None:
    named = set(re.findall(r"`?flask-heapview (\w+)", TEXT)) | set(re.findall(r"`(\w+)", TEXT))
    assert {command.name for command in COMMANDS} - set(BY_NAME) - {"attach"} <= named


def test_the_commands_run(tmp_path: Path) -> None:
    home = tmp_path / "service"
    home.mkdir()
    own = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    env = environment(PATH=own, HEAPVIEW_DIR=str(home / "heapview"))
    with serving(home, LEAKY, "sync", "--workers", "2") as server:
        listed(server, 2)
        for where, text in BLOCKS:
            if where == "service":
                script = ["bash", "-euo", "pipefail", "-c", text]
                done = subprocess.run(
                    script, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, text + done.stdout + done.stderr
    (command,) = [text for where, text in BLOCKS if where == "open"]
    opened = subprocess.Popen(
        command.split(),
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_the_keyboard,
    )
    assert opened.stdout is not None
    line = opened.stdout.readline()
    opened.send_signal(signal.SIGINT)
    opened.communicate(timeout=30)
    assert line.startswith("Open http://127.0.0.1:")
    assert opened.returncode == 0
