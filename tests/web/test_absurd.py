"""What no client and no capture sends: it is refused in words, and never a bug of ours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from ..helpers import API, BEARER, PREFIX, answered_here
from .contract_shop import snapshots_in
from .other_worker import service_of, stored

DIGITS = "9" * 5000
Body = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def in_this_process() -> Iterator[None]:
    with answered_here():
        yield


def test_json_nested_a_thousand_deep(client: Any) -> None:
    data = b"[" * 1000 + b"]" * 1000
    for body in (data, b'{"label": ' + data + b"}"):
        answer = client.post(f"{API}/snapshots", headers=BEARER, data=body)
        assert answer.status_code == 400
        # how deep is too deep depends on the Python; a list is refused where it can be read
        assert answer.json["detail"].partition(" must")[0] in (
            *("The body is not JSON.", "The body", "label"),
        )


@pytest.mark.parametrize("number", ["²", DIGITS, "9" * 25, "x", "1e3", "-", "٣"])
@pytest.mark.parametrize("field", ["times", "every_requests", "every_seconds"])
def test_numbers_of_a_form(client: Any, field: str, number: str) -> None:
    answer = client.post(f"{PREFIX}/watch", headers=BEARER, data={field: number})
    assert answer.status_code == 400
    assert field in answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("watch", '{"every_requests": %s}'),
        ("watch", '{"every_seconds": %s}'),
        ("watch", '{"times": %s}'),
        ("allocations", '{"mode": "sampled", "sample_bytes": %s}'),
        ("allocations", '{"mode": "sampled", "frames": -%s}'),
    ],
)
@pytest.mark.parametrize("number", ["9" * 19, "9" * 40, DIGITS])
def test_numbers_of_a_body(client: Any, path: str, body: str, number: str) -> None:
    answer = client.post(f"{API}/{path}", headers=BEARER, data=body % number)
    assert answer.status_code == 400, answer.json


@pytest.mark.parametrize("number", ["²", DIGITS, "9" * 25])
def test_numbers_of_an_address(client: Any, number: str) -> None:
    place = "/snapshots/20260101-000000-00000000"
    for path, status in (
        (f"{place}/objects/{number}", 404),
        (f"{place}/objects/{number}/cut?referrer=0", 404),
        (f"{place}/objects?kind={number}", 400),
    ):
        for begin in (API, PREFIX):
            assert client.get(begin + path, headers=BEARER).status_code == status, path
    page = client.get(f"{PREFIX}{place}/heap?node={number}", headers=BEARER)
    assert page.status_code == 400


def test_many_threads_list_the_workers(app: Flask) -> None:
    def ask(_: int) -> int:
        return app.test_client().get(f"{API}/workers", headers=BEARER).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(320))) == {200}


def loop(body: Body) -> None:
    body["ownership"]["stacks"]["parent"][0] = len(body["ownership"]["stacks"]["parent"]) - 1


def no_such_parent(body: Body) -> None:
    body["allocations"]["stacks"]["parent"] = [10**9] * len(body["allocations"]["stacks"]["parent"])
    body["ownership"]["stacks"]["parent"][-1] = 10**9


def no_such_frame(body: Body) -> None:
    body["ownership"]["stacks"]["frame"][-1] = 10**12


def no_such_node(body: Body) -> None:
    body["ownership"]["holders"][0]["node"] = -(10**9)


def short(body: Body) -> None:
    body["ownership"]["stacks"]["size"].pop()


def no_such_app_frame(body: Body) -> None:
    body["allocations"]["app_frames"] = [10**12]


def spoil(path: Path, change: Callable[[Body], None]) -> None:
    """Changes a snapshot, with a checksum that fits."""
    line, _, data = path.read_bytes().partition(b"\n")
    head, body = json.loads(line), json.loads(data)
    change(body)
    data = json.dumps(body).encode()
    head["sha256"], head["length"] = hashlib.sha256(data).hexdigest(), len(data)
    path.write_bytes(json.dumps(head).encode() + b"\n" + data)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A store and the ids of its three snapshots, which a small service took."""
    directory = tmp_path_factory.mktemp("absurd") / "heapview"
    return directory, snapshots_in(directory)


@pytest.mark.parametrize(
    "change", [loop, no_such_parent, no_such_frame, no_such_node, short, no_such_app_frame]
)
def test_a_snapshot_with_absurd_numbers(
    app: Flask, client: Any, taken: tuple[Path, list[str]], change: Callable[[Body], None]
) -> None:
    base, target = stored(app, *taken)
    spoil(service_of(app).store.directory / f"{target}.snapshot", change)
    both = f"base={base}&target={target}"
    for path in (f"{API}/report?{both}", f"{API}/diff?{both}", f"{PREFIX}/compare/heap?{both}"):
        answer = client.get(path, headers=BEARER)
        assert answer.status_code == 410, (path, answer.text)
    assert client.get(f"{PREFIX}/", headers=BEARER).status_code == 200


@pytest.mark.parametrize("name", ["endpoint", "values", "self", "snapshot_id", "changes"])
def test_arguments_named_as_ours(
    app: Flask, client: Any, taken: tuple[Path, list[str]], name: str
) -> None:
    """What the address says besides goes into the links of a page, whatever its name."""
    made, _ = stored(app, *taken)
    answer = client.get(f"{PREFIX}/snapshots/{made}/heap?{name}=x", headers=BEARER)
    assert answer.status_code == 200
