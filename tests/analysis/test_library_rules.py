"""Which types and places mean which cause."""

from __future__ import annotations

import pytest

from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.library_rules import cause_of

from .factories import row


@pytest.mark.parametrize(
    ("kind", "leaf", "cause"),
    [
        ("dict", "ValueError", "traceback"),
        ("list", "threading.Thread", "thread"),
        ("dict", "concurrent.futures.thread.ThreadPoolExecutor", "thread"),
        ("functools._lru_cache_wrapper", "str", "unbounded-cache"),
        ("blinker.base.NamedSignal", "function", "registry"),
        ("deque", "generator", "traceback"),
        ("set", "str", "unbounded-container"),
    ],
)
def test_causes_by_types(kind: str, leaf: str, cause: str) -> None:
    assert judge(row(100, 200, 300, kind=kind, leaf=leaf)).suspects[0].cause == cause


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("gc.garbage", "uncollectable"),
        ("gc.garbage[item].weights", "uncollectable"),
        ("logging.Logger.manager.loggerDict", "registry"),
        ("shop.__warningregistry__", "registry"),
        ("threading._active", "thread"),
        ("shop.items", "unbounded-container"),
    ],
)
def test_causes_by_place(path: str, cause: str) -> None:
    assert cause_of(path, ["module"], ["str"], "container") == cause


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("before_request_funcs[value]", "registry"),
        ("url_map._rules", "registry"),
        ("config", "unbounded-container"),
        ("extensions[value]", "unbounded-container"),
        ("my_list", "unbounded-container"),
    ],
)
def test_who_adds_decides_what_is_a_registry_of_flask(name: str, cause: str) -> None:
    above = ["module", "flask.app.Flask", "dict"]
    assert cause_of(f"shop.app.{name}", above, ["str"], "container") == cause
