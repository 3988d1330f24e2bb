"""Native memory by traceback: endpoint, lines of Python, functions of C."""

from __future__ import annotations

import pytest

from flask_heapview.allocations import native_stacks as made
from flask_heapview.allocations.native_samples import (
    NativeCall,
    NativeSample,
    NativeSamples,
    NativeTraceback,
)
from flask_heapview.allocations.samples import NONE, LiveSample
from flask_heapview.model.stacks import Frame

BLOCK = LiveSample(1 << 20, 1.0, 0, NONE, NONE, 0, 0, 0, 0, 0)  # each block is sampled
PARSE = NativeCall("/usr/lib/libparse.so", 0x10, "parse_page")
UNNAMED = NativeCall("/usr/lib/libparse.so", 0x2FF)
INTERPRETER = NativeCall("/usr/bin/python3.11", 0x99, "_PyEval_EvalFrameDefault")
PLACES = [("/srv/app.py", "read", 17), ("/srv/app.py", "page", 30)]


def traceback(*calls: NativeCall, tag: str = "endpoint page") -> NativeTraceback:
    return NativeTraceback(tag, 1, list(calls), PLACES, 1.0, 1.0)


def samples(*tracebacks: NativeTraceback) -> NativeSamples:
    """The later ones have less."""
    live = [
        NativeSample(n, BLOCK.size - n, BLOCK) for n in range(len(tracebacks)) for _ in range(2)
    ]
    return NativeSamples(1.0, 1, 0, 1.0, 1, 0, live, list(tracebacks))


def named(found: NativeSamples) -> dict[tuple[str, ...], tuple[int, int]]:
    stacks = made.native_stacks(found)
    return {
        tuple(frame.label for frame in stacks.stack(node)): (count, size)
        for node, (count, size) in enumerate(zip(stacks.count, stacks.size, strict=True))
        if count
    }


def test_it_goes_from_the_endpoint_to_the_function() -> None:
    found = samples(traceback(PARSE, UNNAMED, INTERPRETER, PARSE))
    stack = ("endpoint page", "page", "read", "0x2ff (libparse.so)", "parse_page (libparse.so)")
    assert named(found) == {stack: (2, 2 * BLOCK.size)}
    assert Frame("read", "", "/srv/app.py", 17) in made.native_stacks(found).frames


@pytest.mark.parametrize(
    "path", ["/usr/bin/python3.11", "/usr/bin/python", "/usr/lib/libpython3.13t.so.1.0"]
)
def test_calls_of_the_interpreter_are_left_out(path: str) -> None:
    """The lines of Python say more. What it allocates itself still has a name."""
    inside = NativeCall(path, 0x99, "PyObject_Call")
    (stack,) = named(samples(traceback(PARSE, inside)))
    assert stack[-1] == "parse_page (libparse.so)"
    assert len(stack) == 4
    (stack,) = named(samples(traceback(inside, PARSE)))
    assert stack[-1].startswith("PyObject_Call")


def test_a_library_that_begins_like_it_is_none() -> None:
    (stack,) = named(samples(traceback(NativeCall("/lib/libpythonic.so", 1, "think"), PARSE)))
    assert stack[-1] == "think (libpythonic.so)"
    assert stack[-2] == "parse_page (libparse.so)"


def test_the_smallest_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MAX_TRACEBACKS", 1)
    found = named(samples(traceback(PARSE), traceback(UNNAMED), traceback(PARSE, UNNAMED)))
    assert found[("(other)",)] == (4, 4 * BLOCK.size - 6)
    assert len(found) == 2
