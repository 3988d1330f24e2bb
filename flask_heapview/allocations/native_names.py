"""Functions of C libraries, by the names that people know them by."""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache

from ..text import clean
from .native_samples import NativeCall

MAX_FUNCTION_CHARACTERS = 160


def named(call: NativeCall) -> str:
    """The function, or the offset of one without a symbol, and its library."""
    function = demangled(call.symbol) or hex(call.offset)
    return f"{function} ({os.path.basename(call.path) or '?'})"


@lru_cache(maxsize=4096)
def demangled(symbol: str) -> str:
    """A function of C++ as its source has it; others as they are.

    By __cxa_demangle of the Itanium C++ ABI, where this process has libstdc++.
    """
    if not symbol.startswith("_Z"):
        return symbol
    library = _cpp_library()
    if library is None:
        return symbol
    status = ctypes.c_int()
    found = library.__cxa_demangle(symbol.encode(), None, None, ctypes.byref(status))
    if not found:
        return symbol
    try:
        text = ctypes.string_at(found).decode("utf-8", "replace")
    finally:
        ctypes.CDLL(None).free(ctypes.c_void_p(found))
    return clean(text, MAX_FUNCTION_CHARACTERS)


@lru_cache(maxsize=1)
def _cpp_library() -> ctypes.CDLL | None:
    for name in ("libstdc++.so.6", "libc++abi.so.1"):
        try:
            library = ctypes.CDLL(name)
            library.__cxa_demangle.restype = ctypes.c_void_p
        except (OSError, AttributeError):
            continue
        return library
    return None
