"""Deep sizes from a sample: Pympler's, without what it would pull into the service."""

from __future__ import annotations

import builtins
import gc
import importlib.util
import math
import signal
import statistics
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any

from ...inspection.bounds import data_of
from ...inspection.type_info import DICT, TypeInfo, Types
from .cycles import in_blob

MAX_SAMPLED_ENTRIES = 24  # entries measured of each cache
MAX_SIZING_SECONDS = 4.0  # for all caches together
MAX_CACHE_SECONDS = 0.5  # seconds for one of them
_NAME = "flask_heapview.capture.portable._asizeof"


def _import_without_numpy(name: str, *args: Any, **kwargs: Any) -> Any:
    if name.partition(".")[0] == "numpy" and "numpy" not in sys.modules:
        raise ImportError(name)
    return builtins.__import__(name, *args, **kwargs)


def load_asizeof() -> Callable[[object], int]:
    """`pympler.asizeof.asizeof`, which gives bytes.

    Pympler imports numpy wherever it is installed: 20 MB and new warning filters in a service that
    may not use it. So the module is executed with an `__import__` of its own, under another name.
    """
    loaded = sys.modules.get("pympler.asizeof") or sys.modules.get(_NAME)
    if loaded is None:
        found = importlib.util.find_spec("pympler.asizeof")
        assert found is not None
        spec = importlib.util.spec_from_file_location(_NAME, found.origin)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        own = {**vars(builtins), "__import__": _import_without_numpy}
        loaded.__dict__["__builtins__"] = own
        sys.modules[_NAME] = loaded  # it looks itself up
        spec.loader.exec_module(loaded)
    return loaded.asizeof  # type: ignore[no-any-return]


_asizeof = load_asizeof()
# Pympler asks objects in Python: it is given only what is made of these, which answer in C
_ATOMS = (int, float, complex, bool, str, bytes, bytearray, type(None))
_PLAIN = frozenset(map(id, (*_ATOMS, list, tuple, dict, set, frozenset)))


def warm_up() -> None:
    """Lets Pympler build its tables, in the service, once."""
    _asizeof({"warm": [1]})


class _TooLong(BaseException):
    """Sizing ran into an object that takes forever; no `except Exception` may swallow it."""


class Sizer:
    """Deep sizes from a sample of entries. An entry may lead to much, so each question has a time
    limit, and all of this happens last, in the child."""

    def __init__(self, set_handler: Callable[..., object], known: Types) -> None:
        self.left = MAX_SIZING_SECONDS
        self._types = known
        self._set_handler = set_handler

    def measure(self, entries: Sequence[object], total: int) -> tuple[int, int, int] | None:
        """(bytes of all, half a 95 % interval, entries measured), or None when it took too long."""
        if not entries or self.left <= 0:
            return None
        deadline = signal.getitimer(signal.ITIMER_REAL)[0]
        begin = time.monotonic()
        sizes: list[int] = []
        self._set_handler(signal.SIGALRM, _give_up)
        # again and again: what is measured may swallow the first interruptions
        signal.setitimer(signal.ITIMER_REAL, min(self.left, MAX_CACHE_SECONDS), 0.05)
        try:
            sizes = _sizes(entries, self._types)
        except _TooLong:
            pass
        used = time.monotonic() - begin
        signal.setitimer(signal.ITIMER_REAL, max(0.1, deadline - used) if deadline else 0)
        self._set_handler(signal.SIGALRM, signal.SIG_DFL)
        self.left -= used
        return (*estimate(sizes, total), len(sizes)) if sizes else None


def _sizes(entries: Sequence[object], known: Types) -> list[int]:
    """Deep sizes in bytes; none at all where an object makes Pympler fail."""
    try:
        return [_deep_size(entry, known) for entry in entries]
    except Exception:
        return []


def _deep_size(entry: object, known: Types) -> int:
    """Pympler's figure where all below the entry is plain; else the sum of shallow sizes.

    Modules, classes and functions, which everything leads to, are left out, as Pympler does.
    """
    todo, seen = [entry], {id(entry)}
    size, plain = 0, True
    while todo:
        obj = todo.pop()
        info = known.of(obj)
        size += info.sizeof(obj)
        plain = plain and id(info.kind) in _PLAIN
        for child in gc.get_referents(obj) if info.tracked else ():
            if id(child) not in seen and not in_blob(known.of(child)):
                seen.add(id(child))
                todo.append(child)
    return int(_asizeof(entry)) if plain else size


def _give_up(_: int, frame: types.FrameType | None) -> None:
    """Interrupts the measuring, and nothing else: a signal may be handed over late."""
    while frame is not None:
        if frame.f_code is _sizes.__code__:
            raise _TooLong
        frame = frame.f_back


def estimate(sizes: Sequence[int], total: int) -> tuple[int, int]:
    """(bytes, half a 95 % interval) of a population of `total` entries from a sample of sizes.

    The usual estimate of a total from a simple random sample, with the correction for a finite
    population (Cochran, Sampling Techniques, chapter 2).
    """
    mean = statistics.fmean(sizes)
    if len(sizes) < 2 or len(sizes) >= total:
        return round(mean * total), 0 if len(sizes) >= total else round(mean * total)
    spread = statistics.stdev(sizes) / math.sqrt(len(sizes)) * math.sqrt(1 - len(sizes) / total)
    return round(mean * total), round(1.96 * spread * total)


def entries_of(
    obj: object, info: TypeInfo, wanted: int = MAX_SAMPLED_ENTRIES
) -> tuple[list[object], int]:
    """A spread-out sample of a container's entries, keys beside values, and how many there are."""
    if info.cache is not None and info.cache != "functools":
        data = data_of(obj, info)
        obj = obj if data is None else data
    if type.__dict__["__flags__"].__get__(type(obj)) & DICT:
        items: Sequence[object] = list(dict.items(obj))  # type: ignore[arg-type]
    else:
        items = _members(obj, info)
    step = max(1, len(items) // wanted)
    return list(items[::step][:wanted]), len(items)


def _members(obj: object, info: TypeInfo) -> list[object]:
    refs = gc.get_referents(obj)
    if info.cache == "functools":  # a link holds key and result; without a bound it is a dict
        table = max((r for r in refs if type(r) is dict), key=len, default={})
        return list(table.items())
    return [r for r in refs if r is not type(obj)]
