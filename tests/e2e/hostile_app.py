"""A service in which every name that people see was chosen by an enemy, and leaks.

The tests serve a copy of this file, so it imports nothing of theirs.
"""

from __future__ import annotations

import gc
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from flask_heapview import HeapView

EVIL = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(2)'>&lt;b&gt;&amp;",
    "'-alert(3)-'</title></textarea></style></svg>",
    "javascript:alert(4)",
    "=cmd|' /C calc'!A0",
    "a|b `c` **d** [e](javascript:alert(5)) ![f](//example.com/x.png)",
    "\x1b[31mred\x1b]0;title\x07",
    "two\nlines\r\n\r\n# heading",
    "nul\0byte",
    "\u202edetrevni\u2066\u200f\u05e9\u05dc\u05d5\u05dd",
    "{{7*7}}{% raw %}{noformat}${x}%s",
    "m" * 1_000_000,
]
held: list[Any] = []  # one holder for each name


class Holder:
    """Has an attribute of that name, which grows."""

    def __init__(self, name: str) -> None:
        vars(self)[name] = self.grown = {}


def named(function: Any, name: str) -> Any:
    """The function with that name, in a file of that name beside this one."""
    code, place = function.__code__, Path(__file__).parent
    function.__code__ = code.replace(
        co_name=name, co_qualname=name, co_filename=f"{place}/{name}.py"
    )
    return function


def allocates(name: str) -> Callable[[], list[bytes]]:
    """A function of that name, in a file of that name."""

    def made() -> list[bytes]:
        return [bytes(700) for _ in range(20)]

    return named(made, name)


def hidden(name: str, make: Callable[[], Any]) -> Any:
    """A module of that name whose list grows."""
    module = types.ModuleType(name)
    module.grown = []  # type: ignore[attr-defined]
    module.make = make  # type: ignore[attr-defined]
    sys.modules[name] = module
    return module


def endpoint(name: str) -> Callable[[int], str]:
    """A view that leaks by each way that has a name in it."""
    kind = type(name.replace("\0", ""), (), {"__module__": name})  # a type's name has no NUL
    holder, make, module = Holder(name), allocates(name), hidden(name, allocates(name))
    held.append(holder)

    def view(number: int) -> str:
        one = kind()
        one.parts = make()  # type: ignore[attr-defined]
        vars(one)[name] = one  # a cycle
        holder.grown[f"{name}{number}"] = one
        module.grown.append(module.make())
        kind().itself = kind  # type: ignore[attr-defined]
        return "kept"

    return named(view, name)  # type: ignore[no-any-return]


def wait(name: str) -> None:
    """A thread that has a name, and data."""
    rows = [f"row {n}" for n in range(400)]
    threading.Event().wait()
    del rows


def make_app() -> Flask:
    """The service, with garbage that waits and files of these names in its directory."""
    app = Flask(__name__)
    heapview = HeapView(app)
    app.add_url_rule("/health", "health", lambda: "ok")
    gc.disable()
    for place, name in enumerate(EVIL):
        app.add_url_rule(f"/leak/{place}/<int:number>", name.replace(".", ","), endpoint(name))
        threading.Thread(target=wait, args=(name,), name=name, daemon=True).start()
        file = name.replace("/", "∕").replace("\0", "")[:80]
        held.append(Path(file).open("w"))  # noqa: SIM115
        heapview.register_cache(name[:1000], lambda: {"entries": 7, "limit": 9})
    return app


if __name__ == "app":  # gunicorn serves it; the tests import its names
    app = make_app()
