"""GraphFile captures: the file, the questions to it, its pages."""

from __future__ import annotations

import itertools
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.errors import CorruptSnapshot, NotFound

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

from flask_heapview.capture.base import CaptureRequest
from flask_heapview.capture.runner import Runner
from flask_heapview.capture.select import select_engine
from flask_heapview.graphs import format
from flask_heapview.graphs.cut import cut
from flask_heapview.graphs.read import GraphFile
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.store.snapshots import Store

from .. import sample_objects
from ..helpers import API, BEARER, PREFIX, answered_here, wait_until
from ..run_isolated import alone
from ..web.contract_shop import make_shop
from ..web.other_worker import as_own, service_of


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Snapshot]:
    store = Store(tmp_path_factory.mktemp("graph") / "heapview")
    request = CaptureRequest(worker="w", kind="graph")
    info = Runner(select_engine("native"), 120).start(request, store)
    wait_until(lambda: store.info(info.id).state != "running", 120)
    assert store.info(info.id).error is None
    return store, store.load(info.id)


@pytest.fixture(scope="module")
def graph(taken: tuple[Store, Snapshot]) -> GraphFile:
    return GraphFile(taken[0].graph(taken[1].info.id))


SMALL = """
from tests.helpers import capture
from tests.web.contract_shop import make_shop, say_ids

client = make_shop(sys.argv[1]).test_client()
gc.collect()
ids = []
for kind in sys.argv[2:]:
    ids.append(capture(client, kind=kind)["id"])
    client.application.config[f"KEPT {len(ids)}"] = {n: [str(n)] * 50 for n in range(3000)}
say_ids(ids)
"""


def small(directory: Path, *kinds: str) -> list[str]:
    """The ids of snapshots that a small process takes: 3,000 lists come after each."""
    found: list[str] = alone(SMALL, str(directory), *kinds)
    return found


def index_of(graph: GraphFile, obj: object) -> int:
    return next(n for n, address in enumerate(graph.address) if address == id(obj))


# --- the file


def test_others_can_read_it(taken: tuple[Store, Snapshot]) -> None:
    store, snapshot = taken
    path = store.graph(snapshot.info.id)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("manifest.json"))["schema"] == format.SCHEMA
        types = json.loads(archive.read("types.json"))
    with numpy.load(path) as arrays:
        first, edge = arrays["first"], arrays["edge"]
        assert first[-1] == len(edge) == snapshot.retained.edges
        assert len(arrays["address"]) == len(first) - 1 == snapshot.retained.objects
        assert (numpy.diff(arrays["address"].astype("i8")) > 0).all()
        assert edge["target"].max() < snapshot.retained.objects
        sizes = numpy.bincount(arrays["type"], weights=arrays["size"], minlength=len(types))
    rows = {row.type: row.size for row in snapshot.heap.types}
    for name in ("tests.sample_objects.Chain", "float", "tests.sample_objects.Order"):
        assert sizes[types.index(name)] == rows[name]
    assert store.info(snapshot.info.id).size > path.stat().st_size


def test_arrays_lie_where_they_can_be_mapped(taken: tuple[Store, Snapshot]) -> None:
    store, snapshot = taken
    data = store.graph(snapshot.info.id).read_bytes()
    for name in (n for n, *_ in (*format.CORE, *format.ANSWERS)):
        at = data.index(b"\x93NUMPY", data.index(f"{name}.npy".encode()))
        assert (at + format.HEADER_BYTES) % 64 == 0


def test_it_goes_with_its_snapshot(tmp_path: Path) -> None:
    ids = small(tmp_path / "heapview", "graph", "graph")
    store = Store(tmp_path / "heapview")
    store.delete(ids[0])
    assert [p.suffix for p in store.directory.iterdir() if ids[0] in p.name] == []
    assert store.graph(ids[1]).exists()


# --- what it says


def test_retained_is_what_would_be_freed(graph: GraphFile) -> None:
    found = graph.detail(index_of(graph, sample_objects.text_cache))
    whole = sys.getsizeof(sample_objects.text_cache)
    whole += sum(sys.getsizeof(k) + sys.getsizeof(v) for k, v in sample_objects.text_cache.items())
    assert found.retained == whole
    assert found.name == "tests.sample_objects.text_cache"
    assert found.dominated_total == 2000
    assert (found.referents_total, len(found.referents)) == (2000, 30)
    assert found.circle is None


def test_the_way_to_an_object_has_names(graph: GraphFile) -> None:
    found = graph.detail(index_of(graph, sample_objects.store.orders))
    assert found.name == "tests.sample_objects.store.orders"
    labels = [link.label for link in found.way if link.label != ".__dict__"]
    assert labels[-2:] == [".store", ".orders"]
    assert found.root
    referrers = {(link.label, link.type) for link in found.referrers}
    assert {(".orders", "tests.sample_objects.Store"), (".orders", "dict")} & referrers


def test_a_function_that_refers_has_its_own_name(graph: GraphFile) -> None:
    """No attribute leads to its code."""
    code = graph.detail(index_of(graph, sample_objects.make_counter.__code__))
    (function,) = (link for link in code.referrers if link.type == "function")
    assert (function.label, function.name) == ("[code]", "tests.sample_objects.make_counter")
    assert cut(graph, function.index, code.index).referrer.name == function.name
    orders = graph.detail(index_of(graph, sample_objects.store.orders))
    assert {link.name for link in orders.referrers if link.label == ".orders"} == {""}


def test_what_would_be_free_without_a_reference(graph: GraphFile) -> None:
    cache = graph.detail(index_of(graph, sample_objects.text_cache))
    namespace = next(link.index for link in cache.referrers if link.label == ".text_cache")
    found = cut(graph, namespace, cache.index)
    assert (found.freed, found.objects, found.size) == (True, 2001, cache.retained)
    assert {row.type: row.count for row in found.types} == {"dict": 1, "str": 2000}
    chain = index_of(graph, sample_objects.chain)
    following = index_of(graph, sample_objects.chain.following)
    assert cut(graph, chain, following).objects >= 1999


def test_a_long_chain_retains_all_of_itself(graph: GraphFile) -> None:
    found = graph.detail(index_of(graph, sample_objects.chain))
    assert found.retained >= 2000 * sys.getsizeof(sample_objects.chain)
    last = sample_objects.chain
    for _ in range(1000):
        last = last.following
    deep = graph.detail(index_of(graph, last))
    assert len(deep.dominators) == 60
    assert deep.retained < found.retained


def test_circles_are_marked(graph: GraphFile) -> None:
    orders = graph.biggest(graph.types.index("tests.sample_objects.Order"), 100)
    assert orders.total >= 5
    for one in orders.objects:
        detail = graph.detail(one.index)
        assert detail.circle is not None


def test_the_summary(taken: tuple[Store, Snapshot]) -> None:
    retained = taken[1].retained
    assert retained.objects > 50_000
    assert retained.edges > retained.objects
    assert abs(retained.objects - taken[1].heap.objects) < 2000  # less what the capture itself is
    assert [b.retained for b in retained.biggest] == sorted(
        (b.retained for b in retained.biggest), reverse=True
    )
    modules = {m.module: m for m in retained.modules}
    assert modules["tests"].app
    assert modules["tests"].retained > 100_000
    assert not modules["json"].app
    assert {"held from C"} <= {r.sort for r in retained.by_root}
    assert sum(r.count for r in retained.by_root) == retained.roots
    types = {t.type: t for t in retained.types}
    assert types["dict"].retained >= types["dict"].size


def test_what_is_not_there(taken: tuple[Store, Snapshot], graph: GraphFile, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no object"):
        graph.detail(graph.objects)
    with pytest.raises(NotFound, match="no type"):
        graph.biggest(len(graph.types), 5)
    with pytest.raises(NotFound, match="has no graph"):
        GraphFile(tmp_path / "nothing.graph")
    data = taken[0].graph(taken[1].info.id).read_bytes()
    for broken in (b"", b"PK", data[:5000], data[: len(data) // 2]):
        (tmp_path / "broken.graph").write_bytes(broken)
        with pytest.raises(CorruptSnapshot, match="damaged"):
            GraphFile(tmp_path / "broken.graph")


# --- over HTTP


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of an app whose worker has taken a plain snapshot and two graphs."""
    directory = tmp_path_factory.mktemp("http") / "heapview"
    ids = small(directory, "ownership", "graph", "graph")
    app = make_shop(str(directory))
    as_own(service_of(app), ids)
    client: Any = app.test_client()
    client.ids = ids
    with answered_here():
        yield client


def test_over_http(shop: Any) -> None:
    store = service_of(shop.application).store
    plain, whole = (msgspec.structs.asdict(store.info(number)) for number in shop.ids[:2])
    assert (plain["kind"], whole["kind"], whole["state"]) == ("ownership", "graph", "done")

    def get(path: str, status: int = 200) -> Any:
        answer = shop.get(path, headers=BEARER)
        assert answer.status_code == status, answer.text
        return answer.json if "/api/" in path else answer.text

    root = f"{API}/snapshots/{whole['id']}"
    data = get(f"{root}/retained")["data"]
    top = data["biggest"][0]
    one = get(f"{root}/objects/{top['index']}")
    assert one["retained"] == top["retained"]
    assert one["dominated"]
    kind = data["types"][0]["number"]
    assert get(f"{root}/objects?kind={kind}")["type"] == data["types"][0]["type"]
    get(f"{root}/objects?kind=x", 400)
    get(f"{root}/objects/999999999", 404)
    assert "has no graph" in get(f"{API}/snapshots/{plain['id']}/objects/0", 404)["detail"]
    pages = f"{PREFIX}/snapshots/{whole['id']}"
    listing = get(f"{pages}/retained")
    assert f'href="{pages}/objects/{top["index"]}"' in listing
    assert f'href="{pages}/objects?kind={kind}"' in listing
    detail = get(f"{pages}/objects/{top['index']}")
    for title in ("Path from a root", "Immediately dominated", "Referrers", "Referents"):
        assert title in detail
    assert '<ol class="path"' in detail
    assert "static/tables.js" in detail
    assert f'href="{pages}/ownership?only=type&amp;name=' in detail
    assert f'href="{pages}/history?only=type' in detail
    below = one["dominated"][0]["index"]
    question = f"objects/{below}/cut?referrer={top['index']}"
    answer = get(f"{root}/{question}")
    assert answer["reached"]
    assert answer["freed"] == (answer["objects"] > 0)
    if answer["freed"]:
        assert answer["size"] == answer["target"]["retained"]
    assert "Nothing was changed in the service." in get(f"{pages}/{question}")
    assert f'action="{pages}/objects/{below}/cut"' in get(f"{pages}/objects/{below}")
    get(f"{root}/objects/{below}/cut", 400)
    get(f"{root}/objects/{below}/cut?referrer={below}", 404)
    assert "Biggest objects of" in get(f"{pages}/objects?kind={kind}")
    assert "has no graph" in get(f"{PREFIX}/snapshots/{plain['id']}/retained")


def test_two_graphs_compared(shop: Any) -> None:
    _, first, second = shop.ids
    answer = shop.get(f"{API}/diff?base={first}&target={second}", headers=BEARER).json
    changes = {c["name"]: c["delta"] for c in answer["views"]["retained"]["types"]}
    assert changes["list"] > 3000 * 400
    assert answer["views"]["retained"]["objects_delta"] > 6000


def test_headers_have_the_length_they_say() -> None:
    for room, length in itertools.product((384, 512), (0, 1, 1 << 33)):
        assert len(format.local_header("x.npy", 1, length, room)) == room
    assert len(format.array_header(format.EDGE, 1 << 40)) == format.HEADER_BYTES
