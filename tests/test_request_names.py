"""The ready names of requests: what they say, and that they leave the body to the app."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from flask_heapview.request_names import BATCH, MAX_BODY_BYTES, dash, graphql, json_rpc, small_body

DASH = "/_dash-update-component"
DIGEST = "0123abcd" * 8
OUTPUTS = [
    ("out.children", "out.children"),
    ("..a.children...b.figure..", "a.children, b.figure"),
    (f"out.children@{DIGEST}", "out.children@0123abcd"),
    (DIGEST, "0123abcd"),
    ('{"index":["MATCH"],"type":"row"}.style', '{"index":["MATCH"],"type":"row"}.style'),
    ("", ""),
    ("x" * 5000, None),
    (7, None),
    (None, None),
]


def sent(body: object, path: str = "/", **more: Any) -> Request:
    """A request with that body as JSON, or with those bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"method": "POST", "content_type": "application/json", "data": data, **more}
    return Request(EnvironBuilder(path, **given).get_environ())


@pytest.mark.parametrize(("output", "name"), OUTPUTS, ids=range(len(OUTPUTS)))
def test_dash(output: object, name: str | None) -> None:
    assert dash(sent({"output": output, "inputs": [{"value": "secret"}]}, DASH)) == name
    assert dash(sent({"output": output}, "/other")) is None


def test_long_ids_of_dash_are_told_apart() -> None:
    many = ["...".join(f"chart-{n}.figure" for n in range(9)) for _ in range(2)]
    names = {dash(sent({"output": f"..{ids}...last-{n}.x.."}, DASH)) for n, ids in enumerate(many)}
    assert len(names) == 2
    assert all(name is not None and len(name) <= 80 for name in names)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"query": "query Shop { a }"}, "Shop"),
        ({"query": "# a shop\n\n mutation\tBuy($n: Int) { b }"}, "Buy"),
        ({"query": "query A { a } query B { b }", "operationName": "B"}, "B"),
        ({"operationName": "Saved", "extensions": {}}, "Saved"),
        ({"query": "{ a }", "operationName": None}, None),
        ({"query": "query { a }"}, None),
        ({"query": "fragment F on A { a }"}, None),
        ({"operationName": "a name@example.com"}, None),
        ({"query": f"query {'a' * 81} {{ a }}"}, None),
        ({"query": 7}, None),
        ([{"operationName": "A"}, {"operationName": "A"}], "A"),
        ([{"operationName": "A"}, {"operationName": "B"}], BATCH),
        ([], None),
        (["A"], None),
        ("A", None),
        (None, None),
    ],
)
def test_graphql(body: object, name: str | None) -> None:
    assert graphql(sent(body)) == name


def test_graphql_without_json() -> None:
    asked = sent(b"", method="GET", query_string="query=query+Shop{a}")
    assert graphql(asked) == "Shop"
    asked = sent(b"", method="GET", query_string="query={a}&operationName=Other")
    assert graphql(asked) == "Other"
    assert graphql(sent(b"query Shop { a }", content_type="application/graphql")) == "Shop"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"jsonrpc": "2.0", "method": "tools/call", "id": 1, "params": ["secret"]}, "tools/call"),
        ({"jsonrpc": "2.0", "method": "Cart.add_item"}, "Cart.add_item"),
        ({"method": "add", "params": []}, None),
        ({"jsonrpc": "2.0", "method": "me@example.com"}, None),
        ({"jsonrpc": "2.0", "method": "http://example.com"}, None),
        ({"jsonrpc": "2.0", "method": {}}, None),
        ([{"jsonrpc": "2.0", "method": "a"}] * 3, "a"),
        ([{"jsonrpc": "2.0", "method": name} for name in "ab"], BATCH),
    ],
)
def test_json_rpc(body: object, name: str | None) -> None:
    assert json_rpc(sent(body)) == name


@pytest.mark.parametrize("ready", [graphql, json_rpc, lambda req: dash(req)])
@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 60_000, b"{" * 9, b'{"output":"\xed\xa0\x80"}', b"[9e999999]"]
)
def test_what_is_no_json_has_no_name(ready: Callable[[Request], Any], data: bytes) -> None:
    asked = sent(data, DASH)
    assert ready(asked) is None
    assert asked.get_data() == data


class Watched(io.BytesIO):
    """A body that says whether it was read."""

    touched = False

    def read(self, size: int | None = -1) -> bytes:
        self.touched = True
        return super().read(size)


@pytest.mark.parametrize(
    "more",
    [
        {"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-5"},
        {"CONTENT_LENGTH": "five"},
        {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
        {"CONTENT_TYPE": "multipart/form-data; boundary=x"},
        {"CONTENT_TYPE": "application/octet-stream"},
    ],
)
def test_other_bodies_are_left_alone(more: dict[str, Any]) -> None:
    asked = sent({"operationName": "A", "method": "a", "jsonrpc": "2.0", "output": "a"}, DASH)
    body = Watched(asked.environ["wsgi.input"].read())
    asked.environ.update({"wsgi.input": body, **more})
    assert (graphql(asked), json_rpc(asked), dash(asked)) == (None, None, None)
    assert not body.touched
    assert asked.environ["wsgi.input"] is body


def test_the_app_reads_the_body_as_it_likes() -> None:
    body = {"jsonrpc": "2.0", "method": "add"}
    ways: list[Callable[[Request], Any]] = [
        lambda req: req.get_json(),
        lambda req: json.loads(req.get_data()),
        lambda req: json.loads(req.stream.read()),
        lambda req: json.loads(req.environ["wsgi.input"].read(int(req.content_length or 0))),
        lambda req: Request(req.environ).get_json(),
    ]
    for way in ways:
        asked = sent(body)
        assert json_rpc(asked) == "add"
        assert way(asked) == body
    form = sent(b"a=1", content_type="application/x-www-form-urlencoded")
    assert small_body(form) == b"a=1"
    assert form.form["a"] == "1"


def test_a_body_that_the_app_has_begun_to_read() -> None:
    asked = sent({"jsonrpc": "2.0", "method": "add"})
    assert asked.stream.read(1) == b"{"
    assert json_rpc(asked) is None
    assert asked.stream.read(2) == b'"j'


class Gone(io.BytesIO):
    """A client that ends in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize("rest", [io.BytesIO(b'{"jsonrpc"'), Gone()])
def test_a_client_that_goes_away(rest: io.BytesIO) -> None:
    asked = sent({"jsonrpc": "2.0", "method": "add"})
    asked.environ["wsgi.input"] = rest
    assert json_rpc(asked) is None
