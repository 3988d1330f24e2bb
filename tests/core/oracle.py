"""Holds the native walk against a brute-force closure in Python. Run with -m, in a quiet process.

Prints a JSON object. Every object that the collector tracks, and all that is reachable from those
by gc.get_referents and by the parts of code objects, is in the closure.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import types
from array import array
from collections import Counter
from operator import attrgetter

from flask_heapview.core import _core, offsets
from flask_heapview.core.arguments import ModuleRoot, ThreadName, TypeTable
from flask_heapview.inspection.roots import known_threads, module_dict, modules
from flask_heapview.inspection.type_info import TypeInfo, Types

parts_of = attrgetter(
    *("co_consts", "co_names", "co_filename", "co_name", "co_qualname"),
    *("co_linetable", "co_exceptiontable"),
)


def arguments() -> tuple[TypeTable, list[ModuleRoot], list[ThreadName]]:
    """What the core is told: type table, modules, threads."""
    roots = [ModuleRoot(r.name, r.module, module_dict(r.module), r.rank) for r in modules()]
    threads = [ThreadName(ident, name) for ident, (name, _) in known_threads().items()]
    return offsets.type_table(_core), roots, threads


def audit() -> dict[int, int]:
    """Sizes by address, as the core sees them."""
    pairs = array("Q")
    pairs.frombytes(_core.audit(*arguments()))
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def closure(known: Types, found: dict[int, int]) -> dict[int, tuple[type, int]]:
    """Types and sizes by address, the brute way; what was made for this very test left out."""
    seen: dict[int, tuple[type, int]] = {}
    todo = gc.get_objects()
    own = {id(o) for o in (seen, todo, found, known, known.infos, known.all)}
    while todo:
        obj = todo.pop()
        if id(obj) in seen or id(obj) in own or type(obj) is TypeInfo:
            continue
        seen[id(obj)] = type(obj), known.of(obj).sizeof(obj)
        todo += gc.get_referents(obj)
        if type(obj) is types.CodeType:
            todo += parts_of(obj)
    return seen


def main(imports: list[str], freeze: bool) -> None:
    from .. import sample_objects

    for name in imports:
        sample_objects.__dict__[name] = importlib.import_module(name)
    known = Types()  # whose sizes are sys.getsizeof, except for what would run Python code
    closure(known, {})  # whatever this imports and caches, it does now
    gc.collect()
    gc.disable()
    if freeze:
        gc.freeze()
    found = audit()
    if freeze:
        gc.unfreeze()
    expected = closure(known, found)
    print(json.dumps(compare(found, expected)))


def compare(found: dict[int, int], expected: dict[int, tuple[type, int]]) -> dict[str, object]:
    missing = Counter(kind.__name__ for i, (kind, _) in expected.items() if i not in found)
    sizes = {kind.__name__ for i, (kind, size) in expected.items() if found.get(i, size) != size}
    return {
        "expected": len(expected),
        "found": len(found),
        "missing": dict(missing),
        "sizes": sorted(sizes),
    }


if __name__ == "__main__":
    main(sys.argv[2:], sys.argv[1] == "freeze")
