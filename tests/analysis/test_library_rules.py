"""Which types and places mean which cause."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.library_rules import cause_of, remedy_rule

from .factories import row, tree


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
        ("(interpreter)", "registry"),
        ("_ctypes._pointer_type_cache", "registry"),
        ("gc.callbacks", "registry"),
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


@pytest.mark.parametrize(
    ("types", "rule"),
    [
        (("list", "generator"), "generator"),
        (("unittest.mock.MagicMock", "unittest.mock._Call"), "mock"),
        (("shelve.DbfilenameShelf", "list"), "shelf"),
        (("list", "app.generator"), "traceback"),
    ],
)
def test_remedies_that_fit(types: tuple[str, str], rule: str) -> None:
    assert remedy_rule("traceback", "shop.items", types) == rule


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ((500, 800, 1100), "leak"),  # 3 of each request
        ((500, 800, 820), "no-leak"),  # it ends
        ((500, 508, 516), "no-leak"),  # few
    ],
)
def test_a_table_of_the_interpreter_grows_by_the_traffic_or_is_nobodys_fault(
    entries: tuple[int, ...], verdict: str
) -> None:
    snapshots = row(*entries)
    found = [
        replace(
            one,
            ownership=replace(
                one.ownership,
                stacks=tree(
                    ([("(interpreter)", "")], 0, 0),
                    ([("(interpreter)", ""), ("[ref]", "dict")], 1, 1000),
                    (
                        [("(interpreter)", ""), ("[ref]", "dict"), ("[value]", "function")],
                        count,
                        count * 150,
                    ),
                ).build(),
                holders=[],
            ),
        )
        for one, count in zip(snapshots, entries, strict=True)
    ]
    assert judge(found).verdict == verdict
