"""What makes an application leak: it keeps a little of each request, where LEDGER says.

`module`: in a dict of this module. `deep`: in a list far below an object of the application. Both
at each call of the view LEDGER_ENDPOINT. `native`: by malloc without free, at each request.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
from collections.abc import Callable
from typing import Any

LINES, LINE_BYTES = 10, 64
NATIVE_BYTES = 20_000
ENTRY_BYTES = 2_150  # of one record, with all that it holds

entries: dict[int, dict[str, Any]] = {}
numbers = itertools.count()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]


def record(number: int) -> dict[str, Any]:
    return {"number": number, "lines": [os.urandom(LINE_BYTES).hex() for _ in range(LINES)]}


def write_down() -> None:
    number = next(numbers)
    entries[number] = record(number)


def append_to(deep: Callable[[], Any]) -> None:
    owner = deep()
    if "_seen" not in vars(owner):
        owner._seen = []
    owner._seen.append(record(next(numbers)))


def allocate() -> None:
    block = libc.malloc(NATIVE_BYTES)
    libc.memset(block, 1, NATIVE_BYTES)


def begin(app: Any, deep: Callable[[], Any]) -> None:
    kind = os.environ.get("LEDGER")
    if kind == "native":
        app.before_request_funcs.setdefault(None, []).insert(0, allocate)
    elif kind is not None:
        keep = write_down if kind == "module" else functools.partial(append_to, deep)
        endpoint = os.environ["LEDGER_ENDPOINT"]
        app.view_functions[endpoint] = noting(app.view_functions[endpoint], keep)


def noting(view: Callable[..., Any], keep: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(view)
    def noted(*values: Any, **named: Any) -> Any:
        keep()
        return view(*values, **named)

    return noted
