"""The frames of all threads, taken while no collection begins on its own.

Up to Python 3.11 a collection can begin wherever a frame object is made: in sys._current_frames,
and in each step to f_back (Python/frame.c, _PyFrame_MakeAndSetFrameObject). What it finalizes may
let other threads run. The frame that is being looked at may end meanwhile, and its object then
reads memory that has another use: the process crashes, or the chain of frames never ends. From
3.12 on, collections begin between instructions alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .postponed import POSTPONED


@contextmanager
def thread_frames() -> Iterator[dict[int, FrameType]]:
    """The innermost frame of each thread, by its ident. Take all steps to f_back within."""
    if sys.version_info >= (3, 12):
        yield sys._current_frames()
        return
    POSTPONED.allow()
    with POSTPONED.collections():
        yield sys._current_frames()
