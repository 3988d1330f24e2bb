"""The tree of owners is whole where it matters, however much code was imported."""

from __future__ import annotations

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..run_isolated import alone

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

CODE = """
import types, flask
import flask_heapview.capture.native.engine as native

if len(sys.argv) > 1:
    native.MAX_NODES = int(sys.argv[1])

SOURCE = "".join(
    f"def f{i}(a, b=({i}, 'x'), *, c='k{i}'):\\n"
    f"    def inner(): return a, b, c, {i}.5\\n"
    f"    return inner\\n"
    f"class C{i}:\\n"
    f"    limits = ['a', {i}]\\n"
    f"    def m{i}(self): return self\\n"
    for i in range(12)
)
code = compile(SOURCE, "library", "exec")
for number in range(2500):
    module = types.ModuleType(f"library{number % 50}.module{number}")
    module.__file__ = flask.__file__.replace("__init__", f"module{number}")
    exec(code, vars(module))
    sys.modules[module.__name__] = module

class Part: pass

engine = Part()
step = engine
for name in ("pool", "inner", "registry", "state"):
    setattr(step, name, Part())
    step = getattr(step, name)
step.seen = [str(n) * 20 for n in range(20_000)]
sys.modules["library0.module0"].small = small = types.SimpleNamespace(rows=[1, 2, 3, 4])
library = sys.modules["library1.module1"]
library.engine = engine
del engine, step, small

snapshot = taken()
tree = snapshot.ownership.stacks
say(
    objects=snapshot.heap.objects,
    counted=sum(tree.count),
    truncated=snapshot.ownership.truncated,
    nodes=len(tree.parent),
    holders={h.path: h.entries for h in snapshot.ownership.holders},
)
"""


@pytest.mark.parametrize("limit", [[], ["40000"]])
def test_no_object_is_lost_among_thousands_of_modules(limit: list[str]) -> None:
    """With a limit below their number, nodes are merged while the walk goes on."""
    found = alone(CODE, *limit)
    assert found["objects"] == found["counted"] > 400_000
    assert found["truncated"] == 0
    assert found["nodes"] < 60_000  # what is small in libraries is merged
    assert found["holders"]["library1.module1.engine.pool.inner.registry.state.seen"] == 20_000
    assert found["holders"]["library0.module0.small.rows"] == 4


LIBRARY = """
def remembers():
    seen = []
    def look(row): seen.append(row)
    return look

look = remembers()
collect = lambda row, rows=[]: rows.append(row)

def plain(): return 1

class Part:
    def method(self): return __class__
    method.rows = []
    def look(self): return 2
"""

FUNCTIONS = f"""
import types, flask

library = types.ModuleType("library")
library.__file__ = flask.__file__
exec(compile({LIBRARY!r}, "library", "exec"), vars(library))
sys.modules["library"] = library
for number in range(3000):
    library.look("x" * 20 + str(number))
    library.collect("y" * 20 + str(number))
    library.Part.method.rows.append("z" * 20 + str(number))

snapshot = taken()
tree = snapshot.ownership.stacks
say(
    holders={{h.path: h.entries for h in snapshot.ownership.holders}},
    paths=["".join(f.label for f in tree.stack(n)) for n in range(len(tree.parent))],
)
"""


def test_a_function_of_a_library_has_a_node_once_it_holds_something() -> None:
    found = alone(FUNCTIONS)
    assert found["holders"]["library.look closure seen"] == 3000
    assert found["holders"]["library.collect"] == 3000
    assert found["holders"]["library.Part.method.rows"] == 3000
    assert not {"library.plain", "library.Part.look"} & set(found["paths"])
