"""What the walk finds, held against oracles: a closure in Python, the collector, guppy3."""

from __future__ import annotations

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import needs_portable
from ..run_isolated import alone
from .agreement import assert_agreement

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)


@pytest.mark.parametrize(
    "imports",
    [
        ["flask", "sqlalchemy.orm", "lxml.etree", "asyncio"],
        ["numpy", "pydantic", "google.protobuf.descriptor_pb2"],
        ["cachetools", "prometheus_client", "gevent.monkey", "jinja2"],
    ],
)
@pytest.mark.parametrize("freeze", ["freeze", "no"])
def test_object_for_object_as_a_closure_in_python(imports: list[str], freeze: str) -> None:
    assert_agreement("-m", "tests.core.oracle", freeze, *imports)


SHAPES = """
import random, weakref
random.seed(int(sys.argv[1]))

class Node:
    def __init__(self): self.next = self.other = None

class Slotted:
    __slots__ = ("next", "other", "__weakref__")
    def __init__(self): self.next = self.other = None

def make(kind):
    return {"node": Node, "slotted": Slotted, "list": lambda: [None, None], "dict": dict}[kind]()

def link(a, b, at):
    if type(a) is list: a[at] = b
    elif type(a) is dict: a[at] = b
    else: setattr(a, ("next", "other")[at], b)

def graph(size):
    nodes = [make(random.choice(("node", "slotted", "list", "dict"))) for _ in range(size)]
    for node in nodes:
        for at in range(2):
            if random.random() < 0.6: link(node, random.choice(nodes), at)
    return random.sample(nodes, min(len(nodes), random.randint(0, 2)))

gc.collect()
gc.disable()
taken()
kept = []
for _ in range(60): kept += graph(random.randint(1, 30))
garbage = taken().cycles.garbage_objects
before = len(gc.garbage)
gc.set_debug(gc.DEBUG_SAVEALL)
gc.collect()
say(found=garbage, collected=len(gc.garbage) - before)
"""


@pytest.mark.parametrize("seed", range(4))
def test_garbage_is_what_the_collector_would_find(seed: int) -> None:
    result = alone(SHAPES, str(seed))
    assert result["found"] == result["collected"] > 0


@needs_portable
def test_the_census_agrees_with_guppy3() -> None:
    """guppy3 leaves its own functions and classes out, and does not see names in code objects."""
    result = alone("""
        from guppy import hpy
        heap = hpy()
        heap.heap()
        class Made:
            def __init__(self): self.parts = [1]
        made = [Made() for _ in range(1000)]
        taken()
        gc.collect()
        gc.disable()
        ours = {row.type: row.count for row in taken().heap.types}
        theirs = {row.name: row.count for row in heap.heap().bytype.partition.get_rows()}
        say(ours=ours, theirs=theirs)
    """)
    ours, theirs = result["ours"], result["theirs"]
    for name in ("__main__.Made", "property", "classmethod", "staticmethod", "module"):
        assert abs(ours[name] - theirs[name]) <= 5, name
    assert ours["code"] >= theirs["types.CodeType"] > 0.8 * ours["code"]
    for name in ("function", "type", "tuple", "set"):
        assert abs(ours[name] - theirs[name]) < 0.2 * ours[name], name
    for name in ("str", "bytes"):
        assert ours[name] >= theirs[name] > 0.5 * ours[name], name


def test_in_process_it_sees_the_same() -> None:
    result = alone("""
        kept = {str(n): [n, str(n)] for n in range(500)}
        gc.disable()
        taken()
        native = sys.modules["flask_heapview.capture.native.engine"]
        ids = []
        for native.FORK_SECONDS in (0.0, 1000.0):
            ids.append(take().id)
        forked, here = both = [store.load(one) for one in ids]
        paths = [{h.path: h.entries for h in s.ownership.holders} for s in both]
        say(engines=[s.info.engine for s in both], objects=[s.heap.objects for s in both],
            kept=[found["__main__.kept"] for found in paths],
            pause=[forked.info.pause_ms < forked.info.duration_ms, here.info.extra_bytes])
    """)
    assert result["engines"] == ["native", "native, in-process"]
    assert result["kept"][0] == result["kept"][1]
    assert abs(result["objects"][0] - result["objects"][1]) < 600
    assert result["pause"] == [True, None]


def test_the_capture_is_no_part_of_the_picture() -> None:
    result = alone("""
        taken()
        snapshot = taken()
        paths = [h.path for h in snapshot.ownership.holders]
        roots = [snapshot.ownership.stacks.frame_at(n).label
                 for n, p in enumerate(snapshot.ownership.stacks.parent) if p < 0]
        say(own=[p for p in paths if "heapview-capture" in p or " roots" in p], roots=roots)
    """)
    assert result["own"] == []
    assert "thread MainThread:" in result["roots"]
    assert not [label for label in result["roots"] if "heapview-capture" in label]


def test_threads_without_a_name_are_looked_at_too() -> None:
    result = alone("""
        import _thread
        go = _thread.allocate_lock()
        go.acquire()
        begun = []
        def work():
            rows = [str(n) for n in range(777)]
            begun.append(1)
            go.acquire()
        _thread.start_new_thread(work, ())
        while not begun: time.sleep(0.001)
        found = {h.path: h.entries for h in taken().ownership.holders}
        go.release()
        say(rows=found.get("thread ?: local rows"))
    """)
    assert result["rows"] == 777


@pytest.mark.parametrize(
    ("deep", "empty", "wide"),
    [
        (300_000, 3_000_000, 300_000),
        pytest.param(10_000_000, 50_000_000, 1_000_000, marks=pytest.mark.slow),
    ],
)
def test_shapes_that_hurt_others(deep: int, empty: int, wide: int) -> None:
    """Long chains would exhaust a recursion, wide containers a queue, many types a table."""
    result = alone(
        """
        deep, empty, width = map(int, sys.argv[1:])
        chain = None
        for _ in range(deep): chain = [chain]
        nothing = [None] * empty
        wide = {n: [n] for n in range(width)}
        kinds = [type(f"Kind{n}", (), {"__slots__": ("a",)}) for n in range(10_000)]
        many = [kind() for kind in kinds]
        snapshot = taken()
        whole = taken(kind="graph")
        rows = {r.type: r.count for r in snapshot.heap.types}
        by_path = {h.path: h.entries for h in snapshot.ownership.holders}
        made = [n for name, n in rows.items() if name.startswith("__main__.Kind")]
        say(lists=rows["list"], kinds=sum(made),
            nothing=by_path["__main__.nothing"], wide=by_path["__main__.wide"],
            retained={o.name: o.retained for o in reversed(whole.retained.biggest)})
        while chain: chain = chain[0]
        """,
        *map(str, (deep, empty, wide)),
        patience=600,
    )
    assert result["lists"] > deep + wide
    assert result["kinds"] == 10_000
    assert (result["nothing"], result["wide"]) == (empty, wide)
    assert result["retained"]["__main__.chain"] >= 64 * deep
