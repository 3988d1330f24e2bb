"""The native memory of a snapshot by traceback, from the endpoint to the function that took it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile

from ..model.stacks import Frame, Stacks, StacksBuilder
from .estimates import OTHER
from .native_names import named
from .native_samples import NativeCall, NativeSamples, NativeTraceback

MAX_TRACEBACKS = 1000  # that a snapshot keeps
# from here on outwards the lines of Python say more
_INTERPRETER = re.compile(r"^(?:python(?:\d[\d.]*[dmt]*)?|libpython\d[\d.]*[dmt]*\.so.*)$")


def native_stacks(found: NativeSamples) -> Stacks:
    """Live bytes by traceback: endpoint or thread, lines of Python, functions of C. Those of the
    smallest ones go to one root."""
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for sample in found.live:
        row = sums[sample.traceback]
        row[0] += 1 / sample.block.chance
        row[1] += sample.bytes
    kept = [row for row in sums.items() if not found.tracebacks[row[0]].ours]
    kept.sort(key=lambda row: -row[1][1])
    builder = StacksBuilder()
    for at, (number, (count, size)) in enumerate(kept):
        large = at < MAX_TRACEBACKS
        stack = _stack_of(found.tracebacks[number]) if large else [Frame(OTHER)]
        builder.add(stack, round(count), round(size))
    return builder.build()


def _stack_of(traceback: NativeTraceback) -> list[Frame]:
    """Root first."""
    return [
        Frame(traceback.tag or OTHER),
        *(Frame(name, "", file, line) for file, name, line in traceback.places[::-1]),
        *(Frame(named(call)) for call in _of_library(traceback.calls)[::-1]),
    ]


def _of_library(calls: Sequence[NativeCall]) -> list[NativeCall]:
    """The calls up to the interpreter, the innermost first; at least one."""
    inside = takewhile(lambda call: not _INTERPRETER.match(os.path.basename(call.path)), calls)
    return list(inside) or list(calls[:1])
