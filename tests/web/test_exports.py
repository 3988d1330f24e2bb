"""Snapshots of a leaking app as files for other programs, read by readers that are not ours."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.cli.snapshots import StoredSnapshots
from flask_heapview.views import BY_NAME, VIEWS

from ..heap_file import HeapFile
from ..helpers import API, BEARER, PREFIX, TOKEN, answered_here
from ..profile_proto import Decoded
from ..run_isolated import alone
from .contract_shop import make_shop
from .other_worker import as_own, service_of

STACKS = ("ownership", "allocations")
# a small process: the heap of a test runner makes large files of all of it
SNAPSHOTS = """
from tests.helpers import capture
from tests.web.contract_shop import make_shop, say_ids

client = make_shop(sys.argv[1], entry_items=500).test_client()
client.get("/keep/0")
ids = [capture(client)["id"]]
for number in range(1, 400):
    client.get(f"/keep/{number}")
ids.append(capture(client, kind=sys.argv[2])["id"])
say_ids(ids)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of an app that leaked between its two snapshots; the second is a graph capture."""
    directory = tmp_path_factory.mktemp("exports") / "heapview"
    kind = "graph" if NativeEngine.why_not() is None else "ownership"
    ids = alone(SNAPSHOTS, str(directory), kind)
    app = make_shop(str(directory))
    as_own(service_of(app), ids)
    client: Any = app.test_client()
    client.differences = {}  # of the two, once somebody has asked
    client.ids = ids
    client.post(f"{API}/allocations", headers=BEARER, json={"mode": "off"})
    with answered_here():
        yield client


def get(shop: Any, path: str, status: int = 200) -> Any:
    answer = shop.get(API + path, headers=BEARER)
    assert answer.status_code == status, answer.text
    return answer


def file_of(shop: Any, path: str, ending: str, mimetype: str) -> bytes:
    """A download whose name and type say what it is."""
    answer = get(shop, path)
    assert answer.mimetype == mimetype
    name = re.fullmatch(r'attachment; filename="([\w.-]+)"', answer.headers["Content-Disposition"])
    assert name is not None
    assert name[1].startswith(f"heapview-{shop.ids[0]}-{shop.ids[1]}" if "diff" in path else "heap")
    assert name[1].endswith(ending)
    data: bytes = answer.data
    return data


def places(shop: Any, view: str) -> list[tuple[str, list[int]]]:
    """The addresses of a view and of its difference, each with the sums that it has as JSON."""
    first, last = shop.ids
    diff = f"/diff?base={first}&target={last}"
    if not shop.differences:
        shop.differences = get(shop, diff).json["views"]
    one = get(shop, f"/snapshots/{last}/{view}").json["data"]["stacks"]
    two = shop.differences[view]["tree"]
    return [
        (f"/snapshots/{last}/{view}?", [sum(one["count"]), sum(one["size"])]),
        (f"{diff}&view={view}&", [sum(two["count_delta"]), sum(two["size_delta"])]),
    ]


@pytest.mark.parametrize("view", STACKS)
def test_exports_and_views_have_the_same_sums(shop: Any, view: str) -> None:
    for path, (count, size) in places(shop, view):
        data = file_of(shop, path + "format=pprof", f"-{view}.pb.gz", "application/octet-stream")
        profile = Decoded(data)
        assert profile.sums() == [count, size]
        assert f"snapshot {shop.ids[1]}" in profile.comments
        for weight, total in (("bytes", size), ("objects", count)):
            asked = f"{path}format=collapsed&weight={weight}"
            lines = file_of(shop, asked, ".collapsed.txt", "text/plain").decode().splitlines()
            assert sum(int(line.rpartition(" ")[2]) for line in lines) == total
        found = json.loads(
            file_of(shop, path + "format=speedscope", ".speedscope.json", "application/json")
        )
        ends = {each["name"]: each["endValue"] for each in found["profiles"]}
        for weight, total in (("bytes", size), ("objects", count)):
            came, went = ends.get(f"{weight} that came", 0), ends.get(f"{weight} that went", 0)
            assert ends.get(weight, came - went) == total


def test_the_leak_is_in_each_of_them(shop: Any) -> None:
    (_, _), (path, _) = places(shop, "ownership")
    grown = Decoded(get(shop, path + "format=pprof").data).stacks()
    lists = [(stack, values) for stack, values in grown.items() if ".KEPT (dict)" in stack]
    assert sum(values[1] for stack, values in lists if stack[-1] == "[value] (list)") > 1_600_000
    assert ".KEPT (dict);[value] (list) " in get(shop, path + "format=collapsed").text
    (_, _), (path, _) = places(shop, "allocations")
    grown = Decoded(get(shop, path + "format=pprof").data).stacks()
    mine = [v[1] for stack, v in grown.items() if stack[0] == "endpoint keep" and "keep" in stack]
    assert sum(mine) > 800_000


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_every_table_is_a_csv(shop: Any, view: str) -> None:
    first, last = shop.ids
    for place in (f"/snapshots/{last}/{view}?", f"/diff?base={first}&target={last}&view={view}&"):
        refused = get(shop, f"{place}format=csv&table=nothing", 400).json["detail"]
        names = re.split(r", | and ", refused.rpartition("There is ")[2].rstrip("."))
        for name in names:
            data = get(shop, f"{place}format=csv&table={name}").data.decode()
            heads, *rows = csv.reader(io.StringIO(data, newline=""))
            assert len(heads) == len(set(heads))
            assert all(len(row) == len(heads) for row in rows)
            for head, column in zip(heads, zip(*rows, strict=True), strict=False):
                if head.endswith("_bytes") and not head.startswith("births"):
                    assert all(not cell or int(cell) is not None for cell in column), head
        default = get(shop, f"{place}format=csv").data
        assert default == get(shop, f"{place}format=csv&table={names[0]}").data


def test_csv_has_the_rows_that_the_page_shows(shop: Any) -> None:
    heap = get(shop, "/snapshots/latest/heap").json["data"]
    found = csv.DictReader(io.StringIO(get(shop, "/snapshots/latest/heap?format=csv").text))
    assert sum(int(row["size_bytes"]) for row in found) == sum(t["size"] for t in heap["types"])
    asked = "/snapshots/latest/heap?format=csv&q=dict&sort=count"
    rows = list(csv.DictReader(io.StringIO(get(shop, asked).text)))
    assert all("dict" in row["type"].lower() for row in rows)
    assert [int(row["count"]) for row in rows] == sorted(int(row["count"]) for row in rows)[::-1]


# --- what is refused


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/snapshots/{1}/heap?format=pprof", "It has json and csv."),
        ("/snapshots/{1}/ownership?format=x", "json, pprof, speedscope, collapsed and csv."),
        ("/snapshots/{1}/ownership?format=collapsed&weight=x", "bytes, objects"),
        ("/diff?base={0}&target={1}&format=pprof", "view=ownership|heap"),
        ("/diff?base={0}&target={1}&view=heap&format=pprof", "It has json and csv."),
        ("/diff?target={1}&view=heap&format=csv", "Name two snapshots"),
        ("/snapshots/{1}/graph", "It has heapsnapshot."),
        ("/snapshots/{1}/graph?format=pprof", "It has heapsnapshot."),
    ],
)
def test_what_has_no_such_format(shop: Any, path: str, words: str) -> None:
    answer = get(shop, path.format(*shop.ids), 400)
    assert answer.mimetype == "application/problem+json"
    assert words in answer.json["detail"]


def test_json_is_the_answer_without_a_format(shop: Any) -> None:
    path = f"/snapshots/{shop.ids[0]}/heap"
    assert get(shop, path).json == get(shop, path + "?format=json").json


# --- the newest snapshot


def test_latest_is_the_newest(shop: Any) -> None:
    last = shop.ids[1]
    assert get(shop, "/snapshots/latest").json["id"] == last
    worker = get(shop, f"/snapshots/{last}").json["worker"]
    for view in BY_NAME:
        shown = get(shop, f"/snapshots/latest/{view}?worker={worker}").json
        assert (shown["snapshot"]["id"], shown["view"]) == (last, view)
    name = get(shop, "/snapshots/latest/ownership?format=pprof").headers["Content-Disposition"]
    assert last in name
    get(shop, "/snapshots/latest/heap?worker=1-1", 404)
    assert shop.delete(f"{API}/snapshots/latest", headers=BEARER).status_code == 404
    assert shop.get(f"{API}/snapshots/latest/ownership?format=pprof").status_code == 401


def test_without_a_snapshot_there_is_no_latest(client: Any) -> None:
    answer = client.get(f"{API}/snapshots/latest/ownership?format=pprof", headers=BEARER)
    assert answer.status_code == 404
    assert "captures one" in answer.json["detail"]


# --- the graph


def test_the_graph_for_devtools(shop: Any) -> None:
    info = get(shop, f"/snapshots/{shop.ids[1]}").json
    if info["kind"] != "graph":
        pytest.skip("graphs need the native engine")
    retained = get(shop, "/snapshots/latest/retained").json["data"]
    data = file_of(
        shop, "/snapshots/latest/graph?format=heapsnapshot", ".heapsnapshot", "application/json"
    )
    found = HeapFile(data)
    assert found.objects() == retained["objects"]
    roots = found.roots()
    assert len(found.to) == retained["edges"] + 1 + len(roots) + sum(map(len, roots.values()))
    assert sum(map(len, roots.values())) == retained["roots"] + retained["unreached"]
    kept = {node: found.leads(node) for node in found.named_edges("KEPT")}
    lists = [
        sum(name == "[value]" and found.name(to) == "list" for name, to in leads)
        for node, leads in kept.items()
        if found.name(node) == "dict"
    ]
    assert 400 in lists
    store = shop.application.extensions["heapview"].store
    by_command = io.BytesIO()
    StoredSnapshots(store).export_graph(shop.ids[1], by_command)
    assert by_command.getvalue() == data
    assert [path.name for path in store.directory.iterdir() if path.name.endswith(".part")] == []
    refused = get(shop, f"/snapshots/{shop.ids[0]}/graph?format=heapsnapshot", 404)
    assert "has no graph" in refused.json["detail"]


# --- the pages


def test_the_pages_link_to_the_files(shop: Any) -> None:
    first, last = shop.ids
    browser = shop.application.test_client()
    browser.get(f"{PREFIX}/login")
    entered = browser.post(f"{PREFIX}/login", data={"token": TOKEN})
    assert entered.status_code == 303
    for path in (
        f"/snapshots/{last}/ownership",
        f"/compare/allocations?base={first}&target={last}",
        f"/snapshots/{last}/process",
        f"/snapshots/{last}/allocations?group=module&q=flask",
        f"/snapshots/{last}/retained",
    ):
        page = browser.get(PREFIX + path).text
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="(\S+format=\S+)"', page)]
        stacks = {re.findall(r"format=(\w+)", link)[0] for link in links} - {"csv"}
        if "process" in path:
            assert (len(links), stacks) == (page.count(">CSV</a>"), set())
        elif "retained" not in path:
            assert stacks == {"pprof", "speedscope", "collapsed"}
        if "q=" in path:  # the files have what the page shows
            rows = browser.get(next(link for link in links if "csv" in link)).text.splitlines()
            assert [row.partition(",")[0] for row in rows] == ["place", "flask"]
        elif "compare" in path:
            answers = [browser.get(link) for link in links]
            assert {answer.status_code for answer in answers} == {200}
    assert f"{API}/snapshots/{last}/graph?format=heapsnapshot" in page
