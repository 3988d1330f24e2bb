"""Progress of a capture in a page shared by the child, its parent and every other worker."""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import Self

from ..model.snapshot import Progress
from . import own_resources

PAGE_BYTES = 4096
_HEAD = struct.Struct("=qqqqq32s")  # done, total, pause in ns, started, length of the error, phase
_ERROR_AT = 256


class ProgressPage:
    """A shared page. One side writes a field at a time; torn reads only misplace a progress bar."""

    def __init__(self, path: Path | None, create: bool = False) -> None:
        own_resources.announce(self)
        if path is None:
            self._map = mmap.mmap(-1, PAGE_BYTES)
            return
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0) | os.O_NOFOLLOW
        fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            if create:
                os.posix_fallocate(
                    fd, 0, PAGE_BYTES
                )  # a hole on a full disk would be a SIGBUS later
            self._map = mmap.mmap(fd, PAGE_BYTES)
        finally:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._map.close()

    def held_open(self) -> tuple[object, ...]:
        """The mapping; nothing while there is none."""
        return (self._map,) if "_map" in vars(self) else ()

    @property
    def mapping(self) -> mmap.mmap:
        """The page itself, for the native core: it writes the same fields."""
        return self._map

    def _read(self) -> tuple[int, int, int, int, int, bytes]:
        return _HEAD.unpack_from(self._map, 0)

    def _put(self, at: int, value: int) -> None:
        struct.pack_into("=q", self._map, at * 8, value)

    def advance(self, phase: str, done: int, total: int) -> None:
        """Says how far the work is."""
        self._put(0, done)
        self._put(1, max(total, done))
        struct.pack_into("=32s", self._map, 40, phase.encode()[:32])

    def progress(self) -> Progress:
        """What was last said."""
        done, total, _, _, _, phase = self._read()
        return Progress(done=done, total=total, phase=phase.rstrip(b"\0").decode(errors="replace"))

    @property
    def pause_ns(self) -> int:
        """Nanoseconds that the service stood still, as the parent measured them."""
        return self._read()[2]

    @pause_ns.setter
    def pause_ns(self, value: int) -> None:
        self._put(2, value)

    @property
    def started(self) -> bool:
        """Whether the child has begun to work."""
        return bool(self._read()[3])

    def start(self) -> None:
        self._put(3, 1)

    @property
    def error(self) -> str | None:
        """What the child died of, in its own words."""
        length = self._read()[4]
        if not length:
            return None
        return bytes(self._map[_ERROR_AT : _ERROR_AT + length]).decode(errors="replace")

    def fail(self, message: str) -> None:
        """Leaves an error for the parent, cut to what the page holds."""
        data = message.encode(errors="replace")[: PAGE_BYTES - _ERROR_AT]
        self._map[_ERROR_AT : _ERROR_AT + len(data)] = data
        self._put(4, len(data))
