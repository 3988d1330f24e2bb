"""What glibc's allocator says of itself, in sums and arena by arena; and its free memory back."""

from __future__ import annotations

import ctypes
import re
import time
from collections import deque
from collections.abc import Callable

import psutil

from ..model.process import Allocators, Arena

MAX_PAUSE_SECONDS = 0.005  # seconds that the service may stand still for it
_PRICE: deque[float] = deque(maxlen=1)  # seconds that the last sums took
_FIELDS = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)
NO_TRIM = "This C library has no malloc_trim. It cannot release memory on request."
_HEAP = re.compile(r"<heap nr=\"\d+\">(.*?)</heap>", re.DOTALL)
_FREE = re.compile(r"<total type=\"(?:fast|rest)\" count=\"\d+\" size=\"(\d+)\"/>")
_SIZE = re.compile(r"<system type=\"current\" size=\"(\d+)\"/>")


class _Mallinfo2(ctypes.Structure):
    """struct mallinfo2 of glibc 2.33 and later; see mallinfo(3)."""

    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS]


def _library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None


_LIBRARY = _library()  # once: each CDLL leaves a cycle of classes behind


def _function(name: str, result: object) -> Callable[..., object] | None:
    """One of the library's; None with another C library, or an older one."""
    found = getattr(_LIBRARY, name, None)
    if found is not None:
        found.restype = result
    return found


_mallinfo = _function("mallinfo2", _Mallinfo2)
_trim = _function("malloc_trim", ctypes.c_int)
_info = _function("malloc_info", ctypes.c_int)
_open_memstream = _function("open_memstream", ctypes.c_void_p)
_fclose = _function("fclose", ctypes.c_int)
_free = _function("free", None)


def figures() -> Allocators:
    """The sums, in bytes; nothing where the library does not tell."""
    if _mallinfo is None:
        return Allocators()
    began = time.perf_counter()
    info = _mallinfo()
    _PRICE.append(time.perf_counter() - began)
    assert isinstance(info, _Mallinfo2)
    return Allocators(
        malloc_arenas=info.arena + info.hblkhd,
        malloc_used=info.uordblks + info.hblkhd,
        malloc_free=info.fordblks,
    )


def is_cheap() -> bool:
    """Whether the last sums took so little that they may be asked for while the service stands."""
    return bool(_PRICE) and _PRICE[-1] <= MAX_PAUSE_SECONDS


def arenas() -> list[Arena]:
    """Each arena; malloc_info(3) takes their locks in turn, and looks at each free block.

    Empty where the sums, which cost as much, took too long: nobody could allocate meanwhile.
    """
    if _info is None or _open_memstream is None or _fclose is None or _free is None:
        return []
    if not is_cheap():
        return []
    text, length = ctypes.c_void_p(), ctypes.c_size_t()
    stream = ctypes.c_void_p(_open_memstream(ctypes.byref(text), ctypes.byref(length)))  # type: ignore[arg-type]
    if not stream:
        return []
    _info(0, stream)
    _fclose(stream)
    try:
        return parse_malloc_info(ctypes.string_at(text, length.value).decode(errors="replace"))
    finally:
        _free(text)


def parse_malloc_info(text: str) -> list[Arena]:
    """Reads the XML of malloc_info(3), the main arena first; leaves out what it does not know."""
    found = []
    for heap in _HEAP.findall(text):
        size = _SIZE.search(heap)
        if size is not None:
            free = sum(int(n) for n in _FREE.findall(heap))
            found.append(Arena(size=int(size[1]), free=free))
    return found


def can_trim() -> bool:
    """Whether the library can be asked to give free memory back."""
    return _trim is not None


def trim() -> tuple[int, int] | None:
    """Asks the C library to give free memory back; resident bytes before and after.

    None where it cannot be asked (no glibc). malloc_trim(3) takes each arena's lock in turn.
    """
    if _trim is None:
        return None
    process = psutil.Process()
    before = process.memory_info().rss
    _trim(0)
    return before, process.memory_info().rss
