"""A C library leaks in a real service: the page, the API, the files and the switches say so."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from flask_heapview.core.loader import WHY_NOT, core

from ..helpers import BEARER, PREFIX, needs
from ..live_server import Server, serving
from ..profile_proto import Decoded
from .native_library import leaky

__all__ = ["leaky"]  # a fixture
if core is None:
    pytest.skip(WHY_NOT, allow_module_level=True)

INVOICE = 200_000  # bytes that a request leaves behind
APP = """
import ctypes, os
from flask import Flask
from flask_heapview import HeapView

library = ctypes.CDLL(os.environ["LEAKY"])
library.leak_blocks.argtypes = library.churn.argtypes = [ctypes.c_size_t, ctypes.c_int]
app = Flask(__name__)

@app.get("/health")
def health():
    return "well"

@app.get("/invoice")
def invoice():
    library.leak_blocks(20_000, 10)
    return "an invoice"

@app.get("/page")
def page():
    library.churn(20_000, 10)
    return "a page"

HeapView(app)
"""


class Leaky:
    """The service, and its snapshots: before sampling, and two while it went on."""

    def __init__(self, server: Server, library: Path) -> None:
        self.server, self.library = server, library
        self.off = server.capture()["id"]
        status, answer = server.api("POST", "/allocations", {"native": True})
        needs(status == 200, f"native memory is not sampled here: {answer}")
        self.taken = [self._after(requests) for requests in (120, 240)]

    def _after(self, requests: int) -> str:
        for _ in range(requests):
            self.server.get("/invoice")
            self.server.get("/page")
        found: str = self.server.capture()["id"]
        return found

    def get(self, path: str, status: int = 200) -> Any:
        got, data, _ = self.server.call("GET", PREFIX + path, token=True)
        assert got == status, data
        return data if isinstance(data, dict) else data.decode()

    def file(self, form: str, diff: bool, more: str = "") -> bytes:
        first, last = self.taken
        one = f"snapshots/{last}/native?"
        path = f"diff?base={first}&target={last}&view=native&" if diff else one
        _, data, heads = self.server.call(
            "GET", f"{PREFIX}/api/v1/{path}format={form}{more}", token=True
        )
        assert "-native" in heads["Content-Disposition"]
        return data if isinstance(data, bytes) else json.dumps(data).encode()

    @property
    def leak(self) -> str:
        """What leaks, as trees of tracebacks name it."""
        return f"leak_blocks ({self.library.name})"


@pytest.fixture(scope="module")
def service(leaky: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaky]:
    home = tmp_path_factory.mktemp("native")
    env = {"LEAKY": str(leaky), "HEAPVIEW_NATIVE": "off"}
    with serving(home, APP, "gthread", "--threads", "4", **env) as server:
        yield Leaky(server, leaky)


def test_the_api_has_sites_and_stacks(service: Leaky) -> None:
    found = service.get(f"/api/v1/snapshots/{service.taken[-1]}/native")["data"]
    (site,) = [one for one in found["sites"] if one["function"] == "leak_blocks"]
    assert (site["library"], site["endpoint"]) == (service.library.name, "invoice")
    assert site["file"].endswith("/app.py")
    assert site["size"] == pytest.approx(360 * INVOICE, rel=0.4)
    assert site["births"]["by"] == "requests"
    stacks = found["stacks"]
    assert sum(stacks["size"]) == pytest.approx(found["size"], rel=0.01)
    assert service.leak in [frame[0] for frame in stacks["frames"]]
    # some requests pass the pipeline in C, some in Python: to the app it is one way
    assert "web/pipeline.py" not in json.dumps(stacks["frames"])
    assert not service.get(f"/api/v1/snapshots/{service.off}/native")["data"]["on"]


def test_the_difference_is_what_came(service: Leaky) -> None:
    first, last = service.taken
    found = service.get(f"/api/v1/diff?base={first}&target={last}")["views"]["native"]
    grown = found["sites"][0]
    assert (found["begun"], grown["site"]["function"]) == (False, "leak_blocks")
    assert grown["size_delta"] == pytest.approx(240 * INVOICE, rel=0.5)
    begun = service.get(f"/api/v1/diff?base={service.off}&target={last}")["views"]["native"]
    assert begun["begun"]


@pytest.mark.parametrize("diff", [False, True], ids=["one", "difference"])
def test_the_files_say_the_same(service: Leaky, diff: bool) -> None:
    profile = Decoded(service.file("pprof", diff))
    assert profile.types == [("inuse_objects", "count"), ("inuse_space", "bytes")]
    assert "view native" in profile.comments
    assert profile.message.period > 1  # bytes from sample to sample
    leaks = {stack: values for stack, values in profile.stacks().items() if service.leak in stack}
    (stack,) = {stack[0] for stack in leaks}
    assert stack == "endpoint invoice"
    assert all("invoice" in stack for stack in leaks)
    size = sum(values[1] for values in leaks.values())
    assert size > 100 * INVOICE
    lines = service.file("collapsed", diff).decode().splitlines()
    rows = [line for line in lines if service.leak in line]
    assert sum(int(line.rpartition(" ")[2]) for line in rows) == size
    assert rows[0].startswith("endpoint invoice;")
    scope = json.loads(service.file("speedscope", diff))
    came = next(one for one in scope["profiles"] if one["name"].startswith("bytes"))
    names = [frame["name"] for frame in scope["shared"]["frames"]]
    at = names.index(service.leak)
    weights = zip(came["samples"], came["weights"], strict=True)
    assert sum(weight for frames, weight in weights if at in frames) == size
    table = csv.DictReader(io.StringIO(service.file("csv", diff).decode()))
    row = next(row for row in table if row["function"] == "leak_blocks")
    assert (row["library"], row["serving"]) == (service.library.name, "endpoint invoice")
    assert int(row["size_delta_bytes" if diff else "size_bytes"]) == pytest.approx(size, abs=99)


def test_the_pages_show_it(service: Leaky) -> None:
    first, last = service.taken
    for path in (f"snapshots/{last}/native", f"compare/native?base={first}&target={last}"):
        page = service.get(f"/{path}")
        assert service.library.name in page
        assert service.leak in page  # in the picture
        assert "format=pprof" in page
    assert f"/snapshots/{last}/native" in service.get(f"/snapshots/{last}/process")
    assert f"/snapshots/{last}/native" in service.get(f"/snapshots/{last}/allocations")
    assert f"/snapshots/{last}/native" in service.get("/")  # the overview's bar and card
    report = service.get(f"/report?base={service.off}&target={last}")
    assert f"/compare/native?base={service.off}&amp;target={last}" in report
    begun = service.get(f"/compare/native?base={service.off}&target={last}")
    assert "began between the two snapshots" in begun


def state(service: Leaky) -> str:
    _, answer = service.server.api("GET", "/workers")
    found: str = answer["workers"][0]["allocations"]["native"]
    return found


def press(service: Leaky, page: str, button: str) -> None:
    """Sends the form that has this button, as a browser does."""
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if button in one)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    named = re.findall(rf'<button[^>]* name="(\w+)" value="(\w+)">{button}</button>', form)
    link = http.client.HTTPConnection("127.0.0.1", service.server.port, timeout=60)
    heads = {"Content-Type": "application/x-www-form-urlencoded", **BEARER}
    link.request("POST", f"{PREFIX}/tracing", urlencode([*hidden, *named]), heads)
    assert link.getresponse().status == 303
    link.close()


def test_the_pages_switch_it(service: Leaky) -> None:
    """The last test: others need it on."""
    path = f"/snapshots/{service.off}/native"
    page = service.get(path)
    assert "was not sampled when this snapshot was taken" in page
    assert "It is sampled now" in page
    assert state(service) == "on"
    forms = [one for one in service.get("/").split("<form") if 'name="native"' in one]
    assert len(forms) == 1
    press(service, "<form" + forms[0], "Switch off")
    assert state(service) == "off"
    press(service, service.get(path), "Sample native memory now")
    assert state(service) == "on"
