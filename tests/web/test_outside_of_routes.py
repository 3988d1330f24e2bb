"""What is allocated before routing, or while a response is sent, has its endpoint as well."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.allocations import tracing

from ..live_server import serving

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

SOURCE = """
from flask import Flask, g, request
from flask.sessions import SecureCookieSessionInterface
from flask_heapview import HeapView
app = Flask(__name__)
requests, sessions, parts, bodies, ends = [], [], [], [], []
rows = lambda: [f"{n}" * 30 for n in range(60)]
class Loader(SecureCookieSessionInterface):
    def open_session(self, app, request):
        if request.path.startswith("/seen"):
            sessions.append(rows())
        return super().open_session(app, request)
app.session_interface = Loader()
HeapView(app)
@app.get("/health")
def health():
    return "ok"
@app.get("/keep/<int:n>")
def keep(n):
    requests.append(request._get_current_object())
    return "ok"
@app.get("/seen/<int:n>")
def seen(n):
    return "ok"
@app.get("/quiet/<int:n>")
def quiet(n):
    return "ok"
@app.get("/stream/<int:n>")
def stream(n):
    def made():
        yield "a"
        parts.append(rows())
        yield "b"
    return made()
@app.get("/close/<int:n>")
def close(n):
    g.closing = True
    return "ok"
@app.teardown_appcontext
def end(error):
    if g.get("closing"):
        ends.append(rows())
inner = app.wsgi_app
def middleware(environ, start):
    if environ["PATH_INFO"].startswith("/upload"):
        bodies.append(rows())
    return inner(environ, start)
app.wsgi_app = middleware
@app.get("/upload/<int:n>")
def upload(n):
    return "ok"
"""
ENDPOINTS = {
    "app.requests": "keep",
    "app.sessions": "seen",
    "app.parts": "stream",
    "app.bodies": "upload",
    "app.ends": "close",
}
LONG = "x" * 1500  # what a kept request holds is enough to be sampled often
SERVERS = (
    ("gthread", "--threads", "4"),
    pytest.param(("sync",), marks=pytest.mark.slow),
    pytest.param(("gevent",), marks=pytest.mark.slow),
)


@pytest.fixture(params=SERVERS, ids=lambda options: options[0])
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """After requests in a random order: what comes next says nothing of what came before."""
    order = random.Random(5)
    with serving(tmp_path, SOURCE, *request.param) as server:
        taken = []
        for _ in range(3):
            for number in range(400):
                path = order.choice([*ENDPOINTS.values(), "quiet"])
                server.get(f"/{path}/{number}?{LONG}")
            taken.append(server.capture()["id"])
        yield server.api("GET", f"/report?base={taken[0]}&target={taken[-1]}")[1]


def test_each_has_its_endpoint(report: dict[str, Any]) -> None:
    found = {one["holder"]["path"]: one["endpoints"] for one in report["suspects"]}
    assert {path: shares[:1] for path, shares in found.items()} == {
        path: [{"endpoint": endpoint, "share": 1.0}] for path, endpoint in ENDPOINTS.items()
    }
