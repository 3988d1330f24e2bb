"""What C alone holds is told from garbage, whatever lies on the stacks of frames that wait.

Since 3.14 a reference on a stack may be borrowed, and since 3.15 a number may lie there without an
object. The collector is the oracle: it frees nothing of what is made here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import needs_portable
from ..run_isolated import alone

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

WAITING = {
    "an argument": "self.add((yield), self)",
    "an item of a list": "rows = [self, (yield)]",
    "a comparison": "same = self is (yield)",
    "an index": "item = self[(yield)]",
    "a context manager": "with self: yield",
    "a loop over a list": "for self.number in self.numbers: yield",
    "a generator inside": "yield from self.inner()",
    "another local variable": "other = self\n        other.add(self, (yield))",
}

HELD = """
import ctypes

class Held:
    def __init__(self):
        self.steps = self.run()
        next(self.steps)
    def add(self, *items): pass
    def inner(self): yield
    def __getitem__(self, item): return item
    def __enter__(self): return self
    def __exit__(self, *error): pass
    numbers = [10**9, 10**10]
    def run(self):
        CODE

def hold(make):
    for _ in range(500):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(make()))

taken()
gc.collect()
gc.disable()
hold(MAKE)
snapshot = taken()
rows = {row.type: row.count for row in snapshot.heap.types}
say(garbage=snapshot.cycles.garbage_objects, freed=gc.collect(), held=rows["__main__.Held"])
"""


def measured(code: str, make: str = "Held", before: str = "") -> dict[str, int]:
    found: dict[str, int] = alone(before + HELD.replace("CODE", code).replace("MAKE", make))
    return found


ONE_AFTER_ANOTHER = """
found = {}
for where, code in json.loads(sys.argv[1]).items():
    names = {}
    exec(HELD.replace("CODE", code), globals(), names)
    hold(names["Held"])
    snapshot = taken()
    held = sum(row.count for row in snapshot.heap.types if row.type == "__main__.Held")
    found[where] = {"garbage": snapshot.cycles.garbage_objects, "freed": gc.collect(), "held": held}
say(**found)
"""


@pytest.fixture(scope="module")
def waiting() -> Any:
    """What is said of each, in one process: what was held before it stays."""
    begin, _, rest = HELD.partition("class Held:")
    held, _, hold = rest.partition("\ndef hold")
    ready = "def hold" + hold.partition("hold(MAKE)")[0]
    code = f"{begin}\nHELD = {'class Held:' + held!r}\n{ready}{ONE_AFTER_ANOTHER}"
    return alone(code, json.dumps(WAITING))


@pytest.mark.parametrize(("number", "where"), list(enumerate(WAITING, 1)))
def test_a_generator_that_waits_is_no_garbage(number: int, where: str, waiting: Any) -> None:
    found = waiting[where]
    assert found["held"] == 500 * number
    assert found["garbage"] == found["freed"] == 0


def test_a_frame_that_outlives_its_function_is_no_garbage() -> None:
    found = measured(
        "self.add((yield), self)",
        make="framed",
        before="""
def framed():
    held = Held()
    def failing(number):
        held.number = number
        raise ValueError
    try:
        held.add(failing(10**9), held)
    except ValueError as error:
        held.error = error
    return held
""",
    )
    assert found["held"] == 500
    assert found["garbage"] == found["freed"] == 0


def test_a_greenlet_that_waits_is_no_garbage() -> None:
    found = measured(
        "self.add((yield), self)",
        make="green",
        before="""
import greenlet

class Green(greenlet.greenlet):
    def add(self, *items): pass
    def run(self):
        self.held = Held()
        for self.number in [10**9]:
            self.add(self.parent.switch(), self, self.held)

def green():
    made = Green()
    made.switch()
    return made
""",
    )
    assert found["held"] == 500
    assert found["garbage"] == found["freed"] == 0


GARBAGE = """
class Node:
    def __init__(self, number):
        self.me, self.number = self, number

def made(number):
    vars(Node(number))["rows"] = [number]  # as functools.cached_property does

engine = select_engine(ENGINE)
runner = Runner(engine, 120)
taken()
gc.collect()
gc.disable()
for number in range(500):
    made(number)
snapshot = taken()
tree = snapshot.ownership.stacks
kinds = [tree.frame_at(node).type for node in tree.below("(held from C)")]
from_c = kinds.count("__main__.Node")
say(garbage=snapshot.cycles.garbage_objects, freed=gc.collect(), from_c=from_c)
"""


@pytest.mark.parametrize("engine", ["native", pytest.param("portable", marks=needs_portable)])
def test_garbage_with_a_dictionary_of_its_attributes_is_garbage(engine: str) -> None:
    """3.13 does not visit that dictionary, which its instance holds alone."""
    found = alone(GARBAGE.replace("ENGINE", repr(engine)))
    assert found["from_c"] == 0
    assert found["garbage"] >= 2 * 500
    assert found["freed"] >= 2 * 500
