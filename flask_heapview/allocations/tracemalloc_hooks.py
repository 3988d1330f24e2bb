"""Taking tracemalloc's hooks out of a forked child, so that the capture itself is not traced.

tracemalloc wraps CPython's allocators while it is on: every allocation of the capture would be
traced as well, at ten times the price, in a child where nobody asks for it. PyMem_GetAllocator and
PyMem_SetAllocator are public (Doc/c-api/memory.rst). The traces that are there stay readable.
"""

from __future__ import annotations

import ctypes

RAW, MEM, OBJ = range(3)  # PyMemAllocatorDomain


class _Allocator(ctypes.Structure):
    """PyMemAllocatorEx: a context and four functions."""

    _fields_ = tuple(
        (name, ctypes.c_void_p) for name in ("ctx", "malloc", "calloc", "realloc", "free")
    )


class PlainAllocators:
    """The allocators as they were before tracing began."""

    def __init__(self) -> None:
        self._saved: dict[int, _Allocator] = {}

    def save(self) -> None:
        """To be called just before tracing starts."""
        for domain in (RAW, MEM, OBJ):
            found = _Allocator()
            ctypes.pythonapi.PyMem_GetAllocator(domain, ctypes.byref(found))
            self._saved[domain] = found

    def restore(self) -> bool:
        """Puts them back; only in a child. False when somebody else started the tracing."""
        for domain, found in self._saved.items():
            ctypes.pythonapi.PyMem_SetAllocator(domain, ctypes.byref(found))
        return bool(self._saved)


PLAIN = PlainAllocators()
