"""Objects that count each call of their methods, where a forked child's calls are seen, too."""

from __future__ import annotations

import collections
import mmap
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

METHODS = (
    *("__hash__", "__eq__", "__ne__", "__lt__", "__len__", "__bool__", "__sizeof__", "__repr__"),
    *("__str__", "__format__", "__iter__", "__next__", "__contains__", "__index__", "__int__"),
    *("__dir__", "__reduce__", "__reduce_ex__", "__del__", "__call__", "__getitem__"),
    *("__missing__", "__getattr__", "__getattribute__", "__setattr__", "__length_hint__"),
    *("__instancecheck__", "__subclasscheck__", "__subclasses__", "mro", "keys", "items"),
    *("values", "get", "isidentifier", "startswith", "__delitem__", "__setitem__", "__float__"),
)
PROPERTIES = ("__class__", "__dict__", "__module__", "__doc__")
CALLS = mmap.mmap(-1, len(METHODS) + len(PROPERTIES))  # shared with children
KEPT: list[Any] = []


def called() -> list[str]:
    return [name for name, count in zip(METHODS + PROPERTIES, CALLS[:], strict=True) if count]


def forget() -> None:
    CALLS[:] = bytes(len(CALLS))


def note(name: str) -> None:
    CALLS[(METHODS + PROPERTIES).index(name)] = 1


def counted(name: str, base: Any) -> Callable[..., Any]:
    found = getattr(base, name, None)

    def method(self: Any, *args: Any, **keywords: Any) -> Any:
        note(name)
        if found is None:
            raise AttributeError(name)
        return found(self, *args, **keywords)

    return method


def methods(base: Any, *left_out: str) -> dict[str, Any]:
    return {name: counted(name, base) for name in METHODS if name not in left_out}


def properties(base: Any) -> dict[str, Any]:
    def made(name: str) -> Any:
        return property(lambda self: (note(name), object.__getattribute__(self, "_none"))[1])

    own = ("__module__", "__doc__") if base is types.ModuleType else PROPERTIES[:2]
    return {name: made(name) for name in own}


Meta = type("Meta", (type,), methods(type, "__getattribute__", "__subclasses__", "__del__"))
type.__setattr__(Meta, "__getattribute__", counted("__getattribute__", type))


def subclass(base: Any) -> Any:
    names = {**methods(base, "__subclasses__", "mro"), "_none": None, **properties(base)}
    return type.__call__(Meta, f"Counting_{base.__name__}", (base,), names)


class Name(str):
    """A key that is no plain str."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        note("__eq__")
        return str.__eq__(self, other)


def instances() -> list[Any]:
    """One of each sort; a good number of those that are cached and sampled."""
    made = [subclass(kind)() for kind in (object, dict, list, str, int, tuple, set, frozenset)]
    made += [subclass(kind)() for kind in (bytes, float, bytearray, collections.deque)]
    made += [subclass(kind)() for kind in (Exception, threading.local, property)]
    made += [subclass(collections.OrderedDict)(), subclass(collections.defaultdict)()]
    made.append(subclass(types.ModuleType)("counting_module"))
    plain = subclass(object)
    target = plain()
    made += [target, subclass(weakref.ref)(target), weakref.ref(target, plain())]
    return made


def named(value: Any) -> Any:
    """Namespaces with keys that compare in Python, under the hashes of names that are looked up."""
    holder = types.SimpleNamespace()
    for name in ("maxsize", "data", "__file__", "__spec__", "__module__", "__sizeof__"):
        vars(holder)[Name(name)] = value
    module = types.ModuleType("named_module")
    module.__dict__.pop("__spec__")
    vars(module).update({Name("__file__"): 1, Name("__spec__"): 2, "plain": value})
    sys.modules["named_module"] = module
    kind = type("Kind", (), {Name("__sizeof__"): 1, Name("__slots_"): 2, "of_kind": value})
    return [holder, module, kind, kind()]


def fill() -> None:
    sort = subclass(object)
    KEPT.append(instances())
    KEPT.append({kind(): [kind()] for kind in [sort] * 50})
    KEPT.append({sort() for _ in range(50)})
    KEPT.append([sort() for _ in range(50)])
    KEPT.append(named(sort()))
    sys.modules["counting_module"] = KEPT[0][-4]
    for rounds in range(3):
        one, other = [sort()], [sort()]  # garbage, and what lives
        one.append(other)
        other.append(one)
        if rounds:
            KEPT.append(one)


def run_in_exec(begun: threading.Event, ended: threading.Event) -> threading.Thread:
    """A thread whose variables are in a mapping that counts."""
    given = subclass(dict)()
    dict.update(given, begun=begun, ended=ended, sort=subclass(object)())
    code = "begun.set(); ended.wait()"
    thread = threading.Thread(target=lambda: exec(code, {}, given), daemon=True)
    thread.start()
    begun.wait()
    return thread
