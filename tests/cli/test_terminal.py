"""The live commands in a terminal: they leave cleanly, and colours can be switched off."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..e2e.apps import LEAKY
from ..helpers import wait_until
from ..live_server import Server, serving
from ..workers.listing import listed
from .shell import environment

ALTERNATE, NORMAL = b"\x1b[?1049h", b"\x1b[?1049l"  # the terminal's second screen, and back
MAX_END_SECONDS = 60.0
COLOURS = b"\x1b[3"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("service"), LEAKY, "sync") as made:
        listed(made, 1)
        yield made


class Terminal:
    """A command in a terminal of 80 columns."""

    def __init__(self, cwd: Path, *words: str, **env: str) -> None:
        self.shown = b""
        self.pid, self.fd = pty.fork()
        if not self.pid:  # pragma: no cover
            os.chdir(cwd)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell in the background ignores it
            own = environment(TERM="xterm-256color", COLUMNS="80", LINES="24", **env)
            os.execve(sys.executable, [sys.executable, "-m", "flask_heapview.cli", *words], own)

    def until(self, text: bytes, seconds: float = 60.0) -> None:
        """Reads on until that is shown."""
        until = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < until, self.shown
            if not self._read():
                assert text in self.shown, self.shown

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # it has ended
            data = b""
        self.shown += data
        return bool(data)

    def end(self, keys: bytes) -> int:
        """Its exit code, after those keys."""
        os.write(self.fd, keys)
        until = time.monotonic() + MAX_END_SECONDS
        while self._read():
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.mark.parametrize("key", [b"q", b"\x03"], ids=["q", "Ctrl-C"])
def test_top_leaves_the_terminal_as_it_was(key: bytes, server: Server) -> None:
    directory = str(server.home / "heapview")
    shown = Terminal(server.home, "top", "--interval", "0.3", HEAPVIEW_DIR=directory)
    shown.until(b"Resident")
    assert shown.end(key) == 0
    assert ALTERNATE in shown.shown
    assert shown.shown.rstrip().endswith(NORMAL)
    assert b"Traceback" not in shown.shown


def test_a_watch_is_stopped_by_the_keyboard(server: Server) -> None:
    directory = str(server.home / "heapview")
    shown = Terminal(server.home, "watch", HEAPVIEW_DIR=directory)
    shown.until(b"1 of 4 snapshots")
    assert server.api("GET", "/watch")[1]["state"] == "running"
    assert shown.end(b"\x03") == 0
    assert b"The watch is stopped" in shown.shown
    assert server.api("GET", "/watch")[1]["state"] == "stopped"


def test_colours_can_be_switched_off(server: Server) -> None:
    directory = str(server.home / "heapview")
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        shown = Terminal(server.home, "capture", HEAPVIEW_DIR=directory, **more)
        shown.until(b"is done")
        assert shown.end(b"") == 0
        assert (COLOURS in shown.shown) is coloured, shown.shown
    wait_until(lambda: server.get("/health")[0] == 200, 10, "the service, unharmed")
