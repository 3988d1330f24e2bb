"""The sampler of native memory, started by hand, and what it knows."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from flask_heapview.allocations.native_samples import NativeSamples, parse_native
from flask_heapview.allocations.native_sites import native_memory
from flask_heapview.core.loader import WHY_NOT, core
from flask_heapview.model.native import NativeMemory, NativeSite
from flask_heapview.request_context import SERVING

if core is None:
    pytest.skip(WHY_NOT, allow_module_level=True)

from flask_heapview.core import _core

RATE = 512 * 1024
FINE = 4096
FINEST = 64 * 1024  # without a wish


def start(sample_bytes: float = RATE, seed: int = 1) -> None:
    why = _core.native_start(SERVING, sample_bytes, seed)
    if why is not None:
        pytest.skip(f"native memory is not sampled here: {why}")


def found() -> NativeSamples:
    data = _core.native_read()
    assert data is not None
    return parse_native(data)


def memory() -> NativeMemory:
    return native_memory(found())


def of(library: Path) -> list[NativeSite]:
    return [site for site in memory().sites if site.path == str(library)]


def size_of(library: Path) -> int:
    return sum(site.size for site in of(library))


def loaded(library: Path) -> ctypes.CDLL:
    made = ctypes.CDLL(str(library))
    for name in ("leak_blocks", "leak_by_realloc", "leak_by_pointer", "churn"):
        getattr(made, name).argtypes = [ctypes.c_size_t, ctypes.c_int]
    for name in ("map_pages", "reserve_pages", "leak_aligned"):
        getattr(made, name).argtypes = [ctypes.c_size_t]
        getattr(made, name).restype = ctypes.c_void_p
    made.unmap_pages.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    made.leak_in_a_thread_of_its_own.argtypes = [ctypes.c_size_t]
    return made
