"""From `pip install` to a ticket, as somebody does it who follows the tutorial."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..helpers import ROOT, needs, unmeasured, wait_until
from .test_examples import LEAKS
from .test_tutorial import BLOCKS, TEXT, aimed

MAX_SECONDS, MAX_CLICKS = 300, 10
PAGE = LEAKS[4][0]  # the shop's leak that the stranger has
(START,) = re.findall(r"^## Start the shop.*?```sh\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)


class Stranger:
    """Knows a shell and a browser, and counts what the browser takes."""

    def __init__(self, home: Path, browser: Any) -> None:
        self.home, self.browser, self.clicks = home, browser, 0
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        kept = {k: v for k, v in unmeasured().items() if not k.startswith(("PYTHON", "VIRTUAL"))}
        path = f"{home / '.venv' / 'bin'}:{os.environ['PATH']}"
        self.env = {**kept, "PATH": path, "HEAPVIEW_DIR": str(home / "heapview")}
        self.env["HEAPVIEW_TOKEN"] = self.says(
            "python3 -c 'import secrets; print(secrets.token_hex())'"
        )

    def says(self, command: str) -> str:
        """What a command prints. It has to succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The tutorial's command, on a port that is free here."""
        (line,) = [line for line in START.splitlines() if line.startswith("gunicorn ")]
        command = line.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.home,
            env=self.env,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

    def click(self, target: Any) -> None:
        self.clicks += 1
        target.click()

    def goes_on(self, page: Any) -> None:
        """Presses Capture, and sees its end."""
        before = page.locator("#compare tbody tr").count()
        self.click(page.get_by_role("button", name="Capture", exact=True))
        page.wait_for_selector(f"#compare tbody tr:nth-child({before + 1})")
        page.wait_for_selector("#progress", state="detached", timeout=120_000)

    def finds(self, traffic: list[str]) -> str:
        """The ticket, by way of the page."""
        page = self.browser.new_page()
        address = f"http://127.0.0.1:{self.port}/_debug/memory/"
        wait_until(lambda: answers(self.port), 60, "the shop")
        page.goto(address)
        page.get_by_label("Token").fill(self.env["HEAPVIEW_TOKEN"])
        self.click(page.get_by_role("button", name="Sign in"))
        for command in traffic:
            self.says(command)
            self.goes_on(page)
        self.click(page.get_by_role("link", name="See the evidence"))
        self.click(page.get_by_role("link", name="Make a ticket"))
        with page.expect_download() as waiting:
            self.click(page.get_by_role("link", name="Download for GitHub"))
        text = Path(waiting.value.path()).read_text()
        page.close()
        return text


def answers(port: int) -> bool:
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def sdist(checkout: Path) -> Path:
    """What a release has for everybody, whatever their platform."""
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", "dist"]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (found,) = (checkout / "dist").glob("*.tar.gz")
    return found


@pytest.mark.slow
def test_a_ticket_in_five_minutes_and_ten_clicks(browser: Any, sdist: Path, tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "pip", "index", "versions", "setuptools"]
    found = subprocess.run(asked, capture_output=True, check=False).returncode == 0
    needs(found, "a stranger installs dependencies from a package index")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    began = time.monotonic()
    venv.create(tmp_path / ".venv", with_pip=True, symlinks=True)
    stranger = Stranger(tmp_path, browser)
    stranger.says(f"pip install --quiet 'flask-heapview[demo] @ file://{sdist}'")
    installed = time.monotonic() - began
    traffic = [
        line for line in aimed(BLOCKS[PAGE], stranger.port).splitlines() if "traffic" in line
    ]
    assert len(traffic) == 3
    with stranger.serving():
        ticket = stranger.finds(traffic)
    seconds = time.monotonic() - began
    print(f"{seconds:.0f} s, {installed:.0f} of them for pip; {stranger.clicks} clicks")
    assert "examples.leaky_shop.app.prices" in ticket
    assert "work_out" in ticket
    assert f"`{PAGE}`: 100 %" in ticket.replace("\xa0", " ")
    assert stranger.clicks <= MAX_CLICKS
    assert seconds < MAX_SECONDS
