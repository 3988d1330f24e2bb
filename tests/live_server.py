"""A real server to test against, and traffic for it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .helpers import API, BEARER, TOKEN, needs, unmeasured, wait_until


class Server:
    """A real gunicorn with one module, in a directory of its own."""

    python = sys.executable
    health = "/health"  # answers 200 once the app is there
    patience = 40.0  # seconds until it has to
    measured = False  # by coverage

    def __init__(self, home: Path, source: str, worker_class: str, *options: str, **env: str):
        self.home = home
        (home / "app.py").write_text(source)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log = home / "log"
        log = self.log.open("wb")
        self.process = subprocess.Popen(
            self.command(worker_class, *options),
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={
                **(os.environ if self.measured else unmeasured()),
                "HEAPVIEW_TOKEN": TOKEN,
                "HEAPVIEW_DIR": str(home / "heapview"),
                **env,
            },
        )
        log.close()
        wait_until(self._answers, self.patience, "the server")

    def command(self, worker_class: str, *options: str) -> list[str]:
        return [
            *(self.python, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}"),
            *("--worker-class", worker_class, "--workers", "1", "--no-control-socket"),
            *options,
            "app:app",
        ]

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        with contextlib.suppress(OSError):
            return self.get(self.health)[0] == 200
        return False

    def call(
        self, method: str, path: str, body: Any = None, token: bool = False
    ) -> tuple[int, Any, dict[str, str]]:
        """(status, decoded JSON or bytes, headers)."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", "Connection": "close"}
        headers |= BEARER if token else {}
        try:
            link.request(method, path, None if body is None else json.dumps(body), headers)
            answer = link.getresponse()
            data: Any = answer.read()
            if "json" in answer.headers.get("Content-Type", ""):
                data = json.loads(data)
            return answer.status, data, dict(answer.headers)
        finally:
            link.close()

    def get(self, path: str) -> tuple[int, Any, dict[str, str]]:
        return self.call("GET", path)

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, data, _ = self.call(method, API + path, body, token=True)
        return status, data

    def capture(self, **body: Any) -> dict[str, Any]:
        status, made = self.api("POST", "/snapshots", body)
        assert status == 202, made

        def look() -> dict[str, Any] | None:
            state = self.api("GET", f"/snapshots/{made['id']}")[1]
            return state if state["state"] != "running" else None

        return wait_until(look, 120, "the capture")

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


class Uwsgi(Server):
    """A real uWSGI; `worker_class` has no meaning there."""

    def command(self, worker_class: str, *options: str) -> list[str]:
        del worker_class
        program = Path(sys.executable).parent / "uwsgi"
        needs(program.exists(), "pyuwsgi is not installed")
        return [
            *(
                str(program),
                "--http-socket",
                f"127.0.0.1:{self.port}",
            ),
            *("--module", "app:app", "--master", "--die-on-term", "--need-app"),
            *options,
        ]


class Traffic:
    """Requests in the background; counts what was answered and what failed."""

    def __init__(self, server: Server, path: str) -> None:
        self.server, self.path = server, path
        self.answered = self.failed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                ok = self.server.get(self.path.format(i=number))[0] == 200
            except OSError:
                ok = False
            self.answered += ok
            self.failed += not ok

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)


@contextlib.contextmanager
def serving(
    home: Path,
    source: str,
    worker_class: str,
    *options: str,
    kind: type[Server] = Server,
    **env: str,
) -> Iterator[Server]:
    server = kind(home, source, worker_class, *options, **env)
    try:
        yield server
    finally:
        server.stop()
