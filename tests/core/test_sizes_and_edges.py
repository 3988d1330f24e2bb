"""Sizes and references of single objects, as the core sees them and as Python does."""

from __future__ import annotations

import gc
import random
import sys
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.core import selfcheck

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

from flask_heapview.core import _core, offsets

TYPE_TABLE = offsets.type_table(_core)


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
        size, edges = _core.look(TYPE_TABLE, obj)
        assert size == sys.getsizeof(obj)
        assert {id(ref) for ref in gc.get_referents(obj)} <= set(edges)


@pytest.mark.parametrize("number", range(len(selfcheck.specimens())))
def test_specimens(number: int) -> None:
    obj = selfcheck.specimens()[number]
    size, edges = _core.look(TYPE_TABLE, obj)
    assert size == sys.getsizeof(obj)
    assert {id(ref) for ref in gc.get_referents(obj)} <= set(edges)
