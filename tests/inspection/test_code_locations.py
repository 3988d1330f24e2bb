"""Functions and endpoints by file and line."""

from __future__ import annotations

import tracemalloc

from flask_heapview.inspection.code_locations import CodeLocations, EndpointCode, code_lines


def test_places_know_functions_and_endpoints() -> None:
    def outer() -> int:
        def inner() -> int:
            return 1

        return inner()

    code = outer.__code__
    first, last = code_lines(code)
    assert last - first == 4
    places = CodeLocations([code, *[c for c in code.co_consts if hasattr(c, "co_name")]], ())
    assert places.frame(__file__, first + 2).label == "inner"
    assert places.frame(__file__, first + 4).label == "outer"
    assert places.frame(__file__, 1).label == "?"
    known = CodeLocations([], [EndpointCode("page", __file__, first, last)])
    tracemalloc.start(10)
    try:
        made = [outer() for _ in range(3)]
        text = "x" * 1000 + str(made)
        traceback = tracemalloc.get_object_traceback(text)
    finally:
        tracemalloc.stop()
    assert traceback is not None
    assert known.endpoint(traceback) is None
    mine = CodeLocations([], [EndpointCode("page", __file__, 1, 10_000)])
    assert mine.endpoint(traceback) == "page"
