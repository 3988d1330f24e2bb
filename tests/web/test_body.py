"""Bodies of any size, from nobody: the worker holds none of them."""

from __future__ import annotations

import contextlib
import http.client
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..helpers import API, BEARER, PREFIX, TOKEN
from ..live_server import Server, serving

SOURCE = """
from flask import Flask
from flask_heapview import HeapView
app = Flask(__name__)
HeapView(app)
@app.get("/health")
def health():
    return "ok"
"""
GIGABYTE = 10**9
MEGABYTE = 10**6
# of the gigabyte; where the client is slow, gunicorn itself reads on for a moment, into some MB
MAX_GROWN_BYTES = 16 * MEGABYTE
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="token"; filename="f"\r\n\r\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("bodies")
    with serving(home, SOURCE, "gthread", "--threads", "2") as made:
        yield made


def send(server: Server, kind: str, begin: bytes, total: int, chunked: bool) -> int | None:
    """Posts a sign-in of so many bytes; the status, or None where the server hung up."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    piece = b"a" * 1_000_000
    status = None
    try:
        link.putrequest("POST", f"{PREFIX}/login")
        link.putheader("Content-Type", kind)
        length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(total))
        link.putheader(*length)
        link.endheaders()
        with contextlib.suppress(OSError):
            link.send(b"%x\r\n%s\r\n" % (len(begin), begin) if chunked else begin)
            for at in range(len(begin), total, len(piece)):
                part = piece[: total - at]
                link.send(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            link.send(b"0\r\n\r\n" if chunked else b"")
        with contextlib.suppress(OSError, http.client.HTTPException):
            status = link.getresponse().status
    finally:
        link.close()
    return status


def peak(worker: psutil.Process) -> int:
    """Bytes: the most that was resident since the last `forget_peak`."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{worker.pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def forget_peak(worker: psutil.Process) -> int:
    Path(f"/proc/{worker.pid}/clear_refs").write_text("5")
    return peak(worker)


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize(
    ("kind", "begin"), [(FORM, b"token="), (MULTIPART, FILE)], ids=["form", "file"]
)
def test_a_sign_in_of_a_gigabyte_costs_nothing(
    server: Server, kind: str, begin: bytes, chunked: bool
) -> None:
    (worker,) = psutil.Process(server.process.pid).children()
    for _ in range(3):  # the first requests load what they need
        send(server, kind, begin, 70_000, chunked)
        assert server.api("GET", "/workers")[0] == 200
    grown, written = cost_of_a_gigabyte(server, worker, kind, begin, chunked)
    assert grown < MAX_GROWN_BYTES
    assert written < MEGABYTE  # no temporary file either
    assert server.api("GET", "/workers")[0] == 200


def cost_of_a_gigabyte(
    server: Server, worker: psutil.Process, kind: str, begin: bytes, chunked: bool
) -> tuple[int, int]:
    """Bytes: resident at the peak more than before, and written."""
    before, written = forget_peak(worker), worker.io_counters().write_chars
    assert send(server, kind, begin, GIGABYTE, chunked) in (400, None)
    return peak(worker) - before, worker.io_counters().write_chars - written


def chunked(client: Any, path: str, data: bytes, **headers: str) -> Any:
    return client.post(
        path,
        input_stream=io.BytesIO(data),
        environ_overrides={"wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked", **headers},
    )


@pytest.mark.parametrize("path", [f"{PREFIX}/login", f"{PREFIX}/tracing", f"{API}/snapshots"])
def test_a_chunked_body_has_the_same_limit(client: Any, path: str) -> None:
    answer = chunked(client, path, b"x" * 70_000, **BEARER)
    assert answer.status_code == 400
    assert "larger than 65536 bytes" in answer.text


def test_a_small_chunked_body_is_read(client: Any) -> None:
    data = f"token={TOKEN}".encode()
    form = {"Content-Type": FORM}
    assert chunked(client, f"{PREFIX}/login", data, **form).status_code == 303
    body = chunked(client, f"{API}/allocations", b'{"mode": "off"}', **BEARER)
    assert body.json["mode"] == "off"
