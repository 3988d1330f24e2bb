"""The native core against oracles, and under fire."""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.capture import select
from flask_heapview.capture.native import engine
from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.capture.select import select_engine
from flask_heapview.core import selfcheck

from ..helpers import ROOT, needs
from ..run_isolated import alone

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

from flask_heapview.core import _core, offsets

KNOWN = offsets.knowledge(_core)


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
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.oracle", freeze, *imports],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["missing"] == {}
    assert result["sizes"] == []
    assert result["found"] >= result["expected"] > 50_000


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


def test_a_broken_type_fails_its_snapshot_and_nothing_else() -> None:
    result = alone("""
        import ctypes
        class Broken: pass
        kept = Broken()
        gc.disable()
        traverse = ctypes.c_void_p.from_address(id(Broken) + 184)  # tp_traverse
        taken()
        right, traverse.value = traverse.value, 16
        failed = take()
        traverse.value = right
        again = take()
        say(state=failed.state, error=failed.error, again=again.state)
    """)
    assert result["state"] == "failed"
    assert "SIGSEGV" in result["error"]
    assert "__main__.Broken" in result["error"]
    assert result["again"] == "done"


def test_an_abort_in_a_library_is_a_failed_snapshot() -> None:
    result = alone("""
        import ctypes
        class Deep: pass
        kept = Deep()
        gc.disable()
        taken()
        traverse = ctypes.c_void_p.from_address(id(Deep) + 184)
        right = traverse.value
        traverse.value = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
        failed = take()
        traverse.value = right
        say(state=failed.state, error=failed.error)
    """)
    assert result["state"] == "failed"
    assert "SIGABRT" in result["error"]
    assert "__main__.Deep" in result["error"]


def test_the_deadline_ends_it() -> None:
    result = alone("""
        import ctypes
        class Slow: pass
        kept = Slow()
        gc.disable()
        taken()
        traverse = ctypes.c_void_p.from_address(id(Slow) + 184)
        right = traverse.value
        traverse.value = ctypes.cast(ctypes.CDLL(None).pause, ctypes.c_void_p).value
        runner.deadline = 0.5
        failed = take()
        traverse.value = right
        say(state=failed.state, error=failed.error)
    """)
    assert result["state"] == "failed"
    assert "deadline of 0.5 s" in result["error"]


def test_a_full_disk_is_said() -> None:
    needs(sys.platform == "linux", "file size limits by signal")
    result = alone("""
        import resource
        taken()
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        failed = take()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        left = sorted({p.suffix for p in store.directory.iterdir()})
        say(state=failed.state, error=failed.error, left=left, again=take().state)
    """)
    assert result["state"] == "failed"
    assert "cannot write" in result["error"]
    assert result["left"] == [".failed"]
    assert result["again"] == "done"


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


FIRE = """
import random, types
stop = False
problems = []

def churn(number):
    dice = random.Random(number)
    kept = {}
    try:
        while not stop:
            kind = type(f"Made{dice.randrange(50)}", (dict if dice.random() < 0.2 else object,), {})
            kept[dice.randrange(500)] = [kind(), {dice.random(): [1]}, (i for i in range(3))]
            module = types.ModuleType(f"made_{dice.randrange(20)}")
            module.value = kept.get(3)
            sys.modules[module.__name__] = module
            if dice.random() < 0.02:
                thread = threading.Thread(target=sum, args=([1, 2],))
                thread.start()
                thread.join()
            if dice.random() < 0.05: gc.collect(0)
            sys.modules.pop(f"made_{dice.randrange(20)}", None)
            time.sleep(0)
    except Exception as error:
        problems.append(repr(error))

threads = [threading.Thread(target=churn, args=(n,)) for n in range(3)]
for thread in threads: thread.start()
done = 0
for _ in range(int(sys.argv[1])):
    snapshot = taken()
    assert sum(snapshot.ownership.stacks.count) == snapshot.heap.objects
    done += 1
stop = True
for thread in threads: thread.join()
say(done=done, problems=problems)
"""


def test_under_fire() -> None:
    assert alone(FIRE, "8") == {"done": 8, "problems": []}


@pytest.mark.slow
def test_under_fire_for_long() -> None:
    assert alone(FIRE, "100", patience=1800) == {"done": 100, "problems": []}


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


# --- shapes of types


def shapes(dice: random.Random) -> list[object]:
    """Instances of a class of random making, filled at random."""
    bases: tuple[type, ...] = dice.choice(
        [(), (), (dict,), (list,), (set,), (int,), (str,), (Exception,), (tuple,), (bytes,)]
    )
    body: dict[str, Any] = {}
    fixed = bases in [(int,), (tuple,), (bytes,)]  # of variable size: no slots
    if dice.random() < 0.5 and not fixed:
        slots = [f"s{n}" for n in range(dice.randrange(4))]
        if dice.random() < 0.3 and not bases:
            slots.append("__dict__")
        body["__slots__"] = tuple(slots)
    kind = type("Shape", bases, body)
    for _ in range(dice.randrange(3)):
        slotted = dice.random() < 0.4 and not fixed
        slot = {"__slots__": (f"t{dice.randrange(9)}",)} if slotted else {}
        kind = type("Shape", (kind,), slot)
    found: list[object] = []
    for _ in range(8):
        obj = kind()
        for name in (*(f"s{n}" for n in range(4)), "a", "b", *(f"x{n}" for n in range(40))):
            if dice.random() < 0.3:
                try:
                    setattr(obj, name, [dice.random()])
                except AttributeError:
                    continue
        if dice.random() < 0.3 and hasattr(obj, "__dict__"):
            vars(obj)
        if dice.random() < 0.1 and not bases and hasattr(obj, "__dict__"):
            del obj.__dict__
        found.append(obj)
    return [*found, kind]


@pytest.mark.parametrize("seed", range(40))
def test_types_of_every_shape(seed: int) -> None:
    for obj in shapes(random.Random(seed)):
        size, edges = _core.look(KNOWN, obj)
        assert size == sys.getsizeof(obj)
        assert {id(ref) for ref in gc.get_referents(obj)} <= set(edges)


@pytest.mark.parametrize("number", range(len(selfcheck.specimens())))
def test_specimens(number: int) -> None:
    obj = selfcheck.specimens()[number]
    size, edges = _core.look(KNOWN, obj)
    assert size == sys.getsizeof(obj)
    assert {id(ref) for ref in gc.get_referents(obj)} <= set(edges)


# --- the self-check


def test_the_self_check_passes_here() -> None:
    selfcheck.check(_core, KNOWN)


@pytest.mark.parametrize("folly", ["size", "references", "count", "crash"])
def test_a_core_that_misunderstands_is_not_used(
    folly: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong:
        @staticmethod
        def look(knowledge: Any, obj: object) -> tuple[int, list[int]]:
            if folly == "crash":
                import ctypes

                ctypes.string_at(16)
            size, edges = _core.look(knowledge, obj)
            return size + (folly == "size"), [] if folly == "references" else edges

        @staticmethod
        def tracked() -> int:
            return _core.tracked() + (1000 if folly == "count" else 0)

        words = _core.words

    monkeypatch.setattr(engine, "core", Wrong)
    chosen = select_engine("auto")
    assert chosen.name == "native"
    chosen.warm_up()
    assert chosen.name == "portable"
    assert "self-check failed" in chosen.why
    assert {"size": "bytes", "references": "misses", "count": "counts", "crash": "SIGSEGV"}[
        folly
    ] in chosen.why


def test_asking_for_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_heapview.errors import ConfigError

    monkeypatch.setattr(engine, "core", None)
    monkeypatch.setattr(engine, "WHY_NOT", "It was not built.")
    assert select.select_engine("auto").why == "It was not built."
    with pytest.raises(ConfigError, match="It was not built"):
        select.select_engine("native")


def test_a_damaged_result_is_refused(tmp_path: Path) -> None:
    from flask_heapview.capture.native import walk_file

    for data in (b"", b"HVRAW001END.", b"HVRAW001" + b"\xff" * 200 + b"END."):
        with pytest.raises(ValueError, match="core's result"):
            walk_file.parse(data)


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
