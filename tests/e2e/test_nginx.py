"""Behind a real nginx that takes a prefix away, with two workers."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..helpers import BEARER, PREFIX, ROOT, TOKEN, needs, wait_until
from ..live_server import Server, serving
from ..workers.listing import listed
from .apps import LEAKY
from .running import running_capture
from .test_live import stream

BEHIND = (
    LEAKY
    + """
import os
from werkzeug.middleware.proxy_fix import ProxyFix
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_prefix=1)
@app.after_request
def by_whom(response):
    response.headers["X-Pid"] = str(os.getpid())
    return response
"""
)
MAX_SILENCE_SECONDS = 8  # a stream says something more often, if nginx lets it pass
ENOUGH = 40  # requests of a worker, to see what they leave behind
CONFIG = """
daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{
    listen 127.0.0.1:{port};
    {location}
  }}
}}
"""


def location(upstream: int) -> str:
    """The one of docs/deploy.md."""
    found = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/deploy.md").read_text(), re.DOTALL)
    assert found is not None
    assert "127.0.0.1:8000/" in found[1]
    return found[1].replace(":8000/", f":{upstream}/")


class Proxy:
    """The service as its clients see it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            link.request(method, path, body, headers or {})
            answer = link.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            link.close()

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {**BEARER, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        status, answer, _ = self.call(method, f"/shop{PREFIX}/api/v1{path}", data, headers)
        return status, json.loads(answer)


@contextmanager
def nginx(home: Path, server: Server) -> Iterator[Proxy]:
    """One in front of the service."""
    command = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    needs(command, "the proxy tests need nginx")
    assert command is not None
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = home / "nginx.conf"
    config.write_text(CONFIG.format(home=home, port=port, location=location(server.port)))
    process = subprocess.Popen([command, "-c", str(config), "-e", str(home / "nginx.log")])
    proxy = Proxy(port)
    try:
        wait_until(lambda: _answers(proxy), 30, "nginx")
        yield proxy
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, Server]]:
    home = tmp_path_factory.mktemp("nginx")
    with (
        serving(home, BEHIND, "sync", "--workers", "2") as server,
        nginx(home, server) as proxy,
    ):
        yield proxy, server


def _answers(proxy: Proxy) -> bool:
    try:
        return proxy.call("GET", "/shop/health")[0] == 200
    except OSError:
        return False


def test_pages_lead_to_pages(proxied: tuple[Proxy, Server]) -> None:
    proxy, server = proxied
    listed(server, 2)
    status, _, headers = proxy.call("GET", f"/shop{PREFIX}/?worker=1")
    assert status == 303
    sign_in = headers["Location"]
    assert sign_in.startswith(f"/shop{PREFIX}/login?next=")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, headers = proxy.call("POST", sign_in, f"token={TOKEN}", form)
    assert (status, headers["Location"]) == (303, f"/shop{PREFIX}/?worker=1")
    cookie = headers["Set-Cookie"]
    assert f"Path=/shop{PREFIX}" in cookie
    signed_in = {"Cookie": cookie.partition(";")[0]}
    status, page, _ = proxy.call("GET", f"/shop{PREFIX}/", headers=signed_in)
    assert status == 200
    links = set(re.findall(r'(?:href|src)="(/[^"#]*)"', page.decode()))
    assert len(links) > 3
    for link in sorted(links):
        assert link.startswith(f"/shop{PREFIX}"), link
        assert proxy.call("GET", link.replace("&amp;", "&"), headers=signed_in)[0] == 200, link


def test_both_workers_are_captured_and_compared(proxied: tuple[Proxy, Server]) -> None:
    proxy, server = proxied
    workers = listed(server, 2)
    taken: dict[str, list[str]] = {worker["id"]: [] for worker in workers}
    for turn in range(2):
        status, made = proxy.api("POST", "/snapshots", {"worker": "all"})
        assert status == 202, made
        for one in made["snapshots"]:

            def ended(snapshot: str = one["id"]) -> Any:
                state = proxy.api("GET", f"/snapshots/{snapshot}")[1]
                return state if state["state"] != "running" else None

            state = wait_until(ended, 120, "the capture")
            assert state["state"] == "done", state
            taken[state["worker"]].append(state["id"])
        _leak(proxy, [worker["pid"] for worker in workers], 1000 * turn)
    for base, target in taken.values():
        status, report = proxy.api("GET", f"/report?base={base}&target={target}")
        assert (status, report["interval"]["endpoints"]["leak"] > 0) == (200, True)
        assert report["suspects"][0]["holder"]["path"] == "app.kept"


def _leak(proxy: Proxy, pids: list[int], first: int) -> None:
    """Requests until each worker has served enough of them: the kernel shares them unevenly."""
    served = Counter[str]()
    for number in range(first, first + 1000):
        status, _, headers = proxy.call("GET", f"/shop/leak/{number}")
        assert status == 200
        served[headers["X-Pid"]] += 1
        if all(served[str(pid)] >= ENOUGH for pid in pids):
            return
    raise AssertionError(served)


def test_progress_comes_through_it(tmp_path: Path) -> None:
    """Event by event: nginx keeps an answer back unless it is told not to."""
    with (
        serving(tmp_path, BEHIND, "gthread", "--threads", "4") as server,
        nginx(tmp_path, server) as proxy,
        running_capture(tmp_path / "heapview") as capture,
        stream(proxy, capture.events, "/shop", MAX_SILENCE_SECONDS) as passed,
    ):
        assert passed.answer.status == 200
        assert passed.answer.headers["Content-Type"].startswith("text/event-stream")
        events = iter(passed)
        assert next(events)["state"] == "running"
        capture.advance(400)
        assert any(event["progress"]["done"] == 400 for event in events)
        capture.end()
        assert list(events)[-1]["state"] == "failed"
