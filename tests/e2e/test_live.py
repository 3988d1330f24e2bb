"""Progress by server-sent events on real servers: where a request slot can be spared."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from ..helpers import API, BEARER, PREFIX, wait_until
from ..live_server import Server, Uwsgi, serving
from .apps import LEAKY
from .running import Running, running_capture
from .test_browser import open_page, sign_in

GTHREAD = ("gthread", "--threads", "4")
MAX_END_SECONDS = 10.0  # far below gunicorn's graceful timeout of 30


class Flask(Server):
    """`flask run`: a thread for each request."""

    def command(self, worker_class: str, *options: str) -> list[str]:
        del worker_class, options
        return [self.python, "-m", "flask", "--app", "app", "run", "--port", str(self.port)]


class WithPort(Protocol):
    """A server, or a proxy before it."""

    port: int


class Stream:
    """An open stream of events."""

    def __init__(self, port: int, path: str, seconds: float) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        self._link.request("GET", path, headers=BEARER)
        self.answer = self._link.getresponse()

    def __iter__(self) -> Iterator[Any]:
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def close(self) -> None:
        self.answer.close()
        self._link.close()


@contextmanager
def stream(at: WithPort, path: str, mount: str = "", seconds: float = 30) -> Iterator[Stream]:
    """Below the mount of a proxy. It may say nothing for so many seconds."""
    made = Stream(at.port, mount + API + path, seconds)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        pytest.param(Server, GTHREAD, id="gthread"),
        pytest.param(Server, ("gevent",), id="gevent"),
        pytest.param(Uwsgi, ("", "--threads", "4"), id="uWSGI with threads"),
        pytest.param(Flask, ("",), id="flask run"),
    ],
)
def test_progress_comes_while_the_app_serves(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        serving(tmp_path, LEAKY, *options, kind=kind) as server,
        running_capture(tmp_path / "heapview") as capture,
    ):
        before = server.api("GET", "/status")[1]["requests"]
        with stream(server, capture.events) as open_stream:
            assert open_stream.answer.status == 200
            assert open_stream.answer.headers["Content-Type"].startswith("text/event-stream")
            assert open_stream.answer.headers["X-Accel-Buffering"] == "no"
            assert open_stream.answer.headers["Cache-Control"] == "no-store"
            events = iter(open_stream)
            assert next(events)["state"] == "running"
            capture.advance(400)
            assert any(event["progress"]["done"] == 400 for event in events)
            assert server.get("/fine/1")[0] == 200
            capture.end()
            assert list(events)[-1]["state"] == "failed"  # and the server has hung up
        after = server.api("GET", "/status")[1]["requests"]
        assert {**before, "fine": before.get("fine", 0) + 1} == after
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        pytest.param(Server, ("sync",), id="sync"),
        pytest.param(Server, ("gthread", "--threads", "1"), id="one thread"),
        pytest.param(Server, ("gthread", "--threads", "2"), id="two threads"),
        pytest.param(Uwsgi, ("", "--enable-threads"), id="uWSGI"),
    ],
)
def test_no_stream_where_it_would_take_too_much(
    kind: type[Server], options: tuple[str, ...], tmp_path: Path
) -> None:
    with (
        serving(tmp_path, LEAKY, *options, kind=kind) as server,
        running_capture(tmp_path / "heapview") as capture,
        stream(server, capture.events) as refused,
    ):
        assert (refused.answer.status, refused.answer.read()) == (204, b"")
        path = f"{API}/snapshots/{capture.info.id}"
        assert server.call("GET", path, token=True)[1]["state"] == "running"


def test_one_slot_in_four_and_nobody_is_let_in_without_a_token(tmp_path: Path) -> None:
    with (
        serving(tmp_path, LEAKY, *GTHREAD) as server,
        running_capture(tmp_path / "heapview") as capture,
    ):
        assert server.get(API + capture.events)[0] == 401
        assert server.api("GET", "/snapshots/20260101-000000-00000000/events")[0] == 404
        assert server.api("GET", "/watch/events")[0] == 404  # there is no watch
        assert server.api("HEAD", capture.events)[0] == 204
        with stream(server, capture.events) as first:
            assert first.answer.status == 200
            with stream(server, capture.events) as second:
                assert second.answer.status == 204

        def again() -> bool:
            with stream(server, capture.events) as third:
                return third.answer.status == 200

        wait_until(again, 30, "its slot")


def slow(home: Path) -> str:
    """An app one of whose requests waits until it is let go."""
    return LEAKY + (
        f"\nimport pathlib, time\n@app.get('/slow')\ndef slow():\n"
        f"    while not pathlib.Path({str(home / 'go')!r}).exists(): time.sleep(0.02)\n"
        "    return 'done'\n"
    )


def test_it_gives_way_when_the_other_slots_are_taken(tmp_path: Path) -> None:
    with (
        serving(tmp_path, slow(tmp_path), *GTHREAD) as server,
        running_capture(tmp_path / "heapview") as capture,
        stream(server, capture.events) as held,
    ):
        begun = time.monotonic()
        links = [http.client.HTTPConnection("127.0.0.1", server.port) for _ in range(3)]
        for link in links:
            link.request("GET", "/slow")
        assert {event["state"] for event in held} == {"running"}  # until it ends
        assert time.monotonic() - begun < MAX_END_SECONDS
        (tmp_path / "go").touch()
        for link in links:
            with link.getresponse() as answer:
                assert answer.status == 200
            link.close()


@pytest.mark.parametrize("options", [GTHREAD, ("gevent",)], ids=["gthread", "gevent"])
def test_it_ends_with_its_worker(options: tuple[str, ...], tmp_path: Path) -> None:
    with (
        serving(tmp_path, LEAKY, *options) as server,
        running_capture(tmp_path / "heapview") as capture,
        stream(server, capture.events) as held,
    ):
        events = iter(held)
        next(events)
        begun = time.monotonic()
        os.kill(server.process.pid, signal.SIGTERM)
        assert {event["state"] for event in events} <= {"running"}
        server.process.wait(MAX_END_SECONDS)
        assert time.monotonic() - begun < MAX_END_SECONDS
        assert "graceful timeout" not in server.log.read_text()


def test_a_watch_is_told_by_the_worker_that_has_it(tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, *GTHREAD) as server:
        assert server.api("POST", "/watch", {"times": 2, "every_requests": 30})[0] == 202
        with stream(server, "/watch/events?worker=1") as told:
            events = iter(told)
            assert any(len(event["snapshots"]) == 1 for event in events)
            for number in range(10):
                server.get(f"/leak/{number}")
            assert any(event["requests"] == 10 for event in events)
            server.api("DELETE", "/watch")
            assert list(events)[-1]["state"] == "stopped"


def polls(asked: list[str], capture: Running) -> list[str]:
    return [url for url in asked if url.endswith(f"/snapshots/{capture.info.id}")]


@pytest.mark.parametrize("options", [GTHREAD, ("sync",)], ids=["gthread", "sync"])
def test_the_page_of_a_capture(browser: Any, options: tuple[str, ...], tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, *options) as server:
        page = open_page(browser, server)
        sign_in(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        with running_capture(tmp_path / "heapview") as capture:
            page.goto(f"{PREFIX}/")
            bar = page.wait_for_selector("#progress progress")
            for done in (300, 700):
                capture.advance(done)
                page.wait_for_selector(f"#progress p:has-text('walking: {done} of about 1,000')")
                assert bar.evaluate("bar => bar.value") == done
            assert sum("/events" in url for url in asked) == 1
            assert bool(polls(asked, capture)) == (options == ("sync",))
            capture.end()
            page.wait_for_selector("#progress", state="detached")
        assert page.problems == []
        page.context.close()
