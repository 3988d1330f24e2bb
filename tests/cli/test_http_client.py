"""The client of `flask heapview check --url`, against a service that is busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flask_heapview.cli import service_api
from flask_heapview.cli.http_client import ApiClient
from flask_heapview.errors import HeapViewError


class Busy(BaseHTTPRequestHandler):
    """Answers 503 as often as `times` says, then 200."""

    times = 0

    def do_GET(self) -> None:
        busy = Busy.times > 0
        Busy.times -= 1
        body = b'{"detail": "busy"}'
        self.send_response(503 if busy else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    monkeypatch.setattr(service_api, "BUSY_POLL_SECONDS", 0.0)
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield ApiClient(f"http://127.0.0.1:{server.server_port}", "/memory", "token")
        server.shutdown()
        thread.join()


def test_a_busy_service_is_asked_again(client: ApiClient) -> None:
    Busy.times = 3
    assert client.api.ask("GET", "/report") == b'{"detail": "busy"}'
    assert Busy.times == -1


def test_not_for_good(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_api, "MAX_BUSY_SECONDS", 0.0)
    Busy.times = 10**9
    with pytest.raises(HeapViewError, match="busy"):
        client.api.ask("GET", "/report")
