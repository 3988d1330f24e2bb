"""From a file and a line to a function and an endpoint."""

from __future__ import annotations

import gc
import types
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from tracemalloc import Frame as TraceFrame

import msgspec

from ..model.stacks import Frame
from ..text import clean


class EndpointCode(msgspec.Struct, frozen=True):
    """The lines that a view function takes in its file."""

    endpoint: str
    file: str
    first: int
    last: int


def code_lines(code: types.CodeType) -> tuple[int, int]:
    """The first and the last line of a function, nested ones included."""
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            last = max(last, code_lines(constant)[1])
    return code.co_firstlineno, last


class CodeLocations:
    """Knows the functions of every file that is asked for, and the endpoints' views."""

    def __init__(self, codes: Iterable[types.CodeType], endpoints: Iterable[EndpointCode]) -> None:
        self._by_file: dict[str, list[types.CodeType]] = {}
        for code in codes:
            self._by_file.setdefault(code.co_filename, []).append(code)
        self._tables: dict[str, tuple[list[int], list[str]]] = {}
        self._frames: dict[tuple[str, int], Frame] = {}
        self._endpoints: dict[str, list[EndpointCode]] = {}
        for entry in endpoints:
            self._endpoints.setdefault(entry.file, []).append(entry)
        self._known: dict[tuple[str, int], str | None] = {}

    def frame(self, file: str, line: int) -> Frame:
        """The frame of a place, with the name of the innermost function around it."""
        key = (file, line)
        frame = self._frames.get(key)
        if frame is None:
            frame = self._frames[key] = Frame(self._function(file, line), "", clean(file), line)
        return frame

    def _function(self, file: str, line: int) -> str:
        table = self._tables.get(file)
        if table is None:
            table = self._tables[file] = self._line_table(file)
        starts, names = table
        at = bisect_right(starts, line) - 1
        return names[at] if at >= 0 and starts[at] == line else "?"

    def _line_table(self, file: str) -> tuple[list[int], list[str]]:
        """Every line that has code, with its function; an inner function wins over an outer."""
        owner: dict[int, str] = {}
        codes = self._by_file.get(file, [])
        for code in sorted(codes, key=lambda c: c.co_firstlineno):
            for _, _, line in code.co_lines():
                if line and (line != code.co_firstlineno or line not in owner):
                    owner[line] = clean(code.co_name)
        lines = sorted(owner)
        return lines, [owner[line] for line in lines]

    def endpoint(self, traceback: Sequence[TraceFrame]) -> str | None:
        """The endpoint whose view function stands in the traceback, outermost first."""
        for frame in traceback:
            key = (frame.filename, frame.lineno)
            if key not in self._known:
                self._known[key] = self._endpoint_of(*key)
            if self._known[key] is not None:
                return self._known[key]
        return None

    def _endpoint_of(self, file: str, line: int) -> str | None:
        for entry in self._endpoints.get(file, ()):
            if entry.first <= line <= entry.last:
                return entry.endpoint
        return None


def reachable_codes(
    functions: Iterable[object], others: Iterable[types.CodeType] = ()
) -> list[types.CodeType]:
    """The code objects of functions and the others, with those nested in their constants."""
    codes: list[types.CodeType] = []
    todo = [r for f in functions for r in gc.get_referents(f) if type(r) is types.CodeType]
    todo += others
    seen: set[int] = set()
    while todo:
        code = todo.pop()
        if id(code) not in seen:
            seen.add(id(code))
            codes.append(code)
            todo += [c for c in code.co_consts if type(c) is types.CodeType]
    return codes
