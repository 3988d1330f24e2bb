"""Names of attributes and variables that are made of data: all have the mark in them."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import enum
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

MARK = "zqxv"  # in no name of this code
HELD: list[Any] = []
BY_HAND = types.ModuleType(f"{MARK}_module")
local = threading.local()


class Holder:
    """Has one attribute of its own, and those that data names."""

    def __init__(self) -> None:
        self.honest = [str(n) for n in range(50)]


class Bag(dict):  # type: ignore[type-arg]
    pass


class Stop:
    """What a running exec() waits for."""

    begun, ended = threading.Event(), threading.Event()


def names(kind: str) -> Iterator[str]:
    for number in range(12):
        yield f"{MARK}_{kind}_{number}"
    yield f"{kind}.{MARK}@example.com"


def row(kind: str) -> dict[str, Any]:
    """What a table or a request may give: containers, under names that are data."""
    return {name: [f"{n}" for n in range(60)] for name in names(kind)}


def fields(kind: str) -> list[str]:
    return [name for name in names(kind) if name.isidentifier()]


def in_namespaces() -> None:
    holder, bag, script = Holder(), Bag(row("key")), types.SimpleNamespace(**row("simple"))
    for name, value in row("setattr").items():
        setattr(holder, name, value)
        setattr(Holder, f"{name}_of_class", value)
        setattr(in_namespaces, f"{name}_of_function", value)
        setattr(bag, f"{name}_of_bag", value)
        setattr(local, f"{name}_of_thread", value)
        setattr(BY_HAND, f"{name}_of_module", value)
    globals().update(row("globals"))
    vars(script).update({f"{name}_again": [value] for name, value in row("vars").items()})
    HELD.extend((holder, bag, script, argparse.Namespace(**row("options")), BY_HAND))


def in_classes() -> None:
    kind = type("Made", (), row("class"))
    slotted: Any = type("Slotted", (), {"__slots__": fields("slot")})()
    for name in fields("slot"):
        setattr(slotted, name, [name] * 60)
    data = dataclasses.make_dataclass("Data", fields("dataclass"))
    tuples: Any = collections.namedtuple("Tuples", fields("tuple"))  # type: ignore[misc]
    members: Any = enum.Enum("Members", fields("enum"))  # type: ignore[misc]
    values = [[str(n)] * 60 for n in range(len(fields("x")))]
    HELD.extend((kind, kind(), slotted, data(*values), tuples(*values), members))


def in_cycles() -> None:
    for kind in ("live", "dead"):
        for name in names(kind):
            one, other = Holder(), Holder()
            setattr(one, name, other)
            setattr(other, name, one)
            if kind == "live":
                HELD.append(one)


def in_exec() -> None:
    """A traceback that is kept, and a thread that is in exec() until `Stop.ended`."""
    try:
        exec("raise ValueError", row("failed_global"), row("failed"))
    except ValueError as error:
        HELD.append(error)
    given = {"stop": Stop, **row("exec_global")}
    code = "stop.begun.set(); stop.ended.wait()"
    threading.Thread(target=exec, args=(code, given, row("exec"))).start()
    Stop.begun.wait()


def in_modules() -> None:
    made = types.ModuleType(f"{MARK}_imported")
    vars(made).update(row("imported"))
    sys.modules[made.__name__] = made


def clear() -> None:
    Stop.ended.set()
    HELD.clear()
    sys.modules.pop(f"{MARK}_imported", None)
    for namespace in (globals(), vars(in_namespaces), vars(local)):
        for name in [n for n in namespace if MARK in n]:
            del namespace[name]
    for name in [n for n in vars(Holder) if MARK in n]:
        delattr(Holder, name)
