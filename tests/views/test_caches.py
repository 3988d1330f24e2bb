"""The table of caches: what may grow stands first, and bars say how full they are."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flask_heapview.cli.stored import table_text
from flask_heapview.model.caches import Cache, Caches
from flask_heapview.model.diff import CacheChange, CachesDiff
from flask_heapview.model.query import TableQuery
from flask_heapview.render.html import environment
from flask_heapview.views.caches import VIEW
from flask_heapview.views.table import Table


def cache(path: str, size: int, **more: Any) -> Cache:
    return Cache(path=path, type="dict", source="container", size=size, **{"entries": 10, **more})


BOUNDED = cache("app.bounded", 900, limit=40, hits=3, misses=1)
ENDLESS = cache("app.endless", 500)
UNKNOWN = cache("app.unknown", 700, limit_known=False)
FULL = cache("app.full", 800, limit=10, entries=12)


def shown(*caches: Cache) -> Table:
    (made,) = VIEW.tables(Caches(caches=list(caches)), TableQuery())
    return made


def by_path(made: Table) -> list[dict[str, Any]]:
    keys = [column.key for column in made.columns]
    return [dict(zip(keys, row.cells, strict=True)) for row in made.rows]


def test_what_has_no_limit_stands_first_and_then_what_is_large() -> None:
    rows = by_path(shown(FULL, BOUNDED, ENDLESS, UNKNOWN))
    assert [(row["path"], row["limit"]) for row in rows] == [
        ("app.unknown", "unknown"),
        ("app.endless", "no limit"),
        ("app.bounded", "40"),
        ("app.full", "10"),
    ]


def test_how_full_and_how_often_hit() -> None:
    rows = {row["path"]: row for row in by_path(shown(BOUNDED, ENDLESS, FULL))}
    assert (rows["app.bounded"]["filled"], rows["app.bounded"]["hits"]) == (0.25, 0.75)
    assert (rows["app.endless"]["filled"], rows["app.endless"]["hits"]) == (None, None)
    assert rows["app.full"]["filled"] == 1.2


def test_a_difference_begins_with_what_grew_without_a_limit() -> None:
    changes = [
        CacheChange(BOUNDED, entries_delta=30, size_delta=5000),
        CacheChange(ENDLESS, entries_delta=1, size_delta=20),
        CacheChange(UNKNOWN, entries_delta=2, size_delta=30),
        CacheChange(cache("app.still", 9999), entries_delta=0, size_delta=0),
    ]
    (made,) = VIEW.diff_tables(CachesDiff(caches=changes), TableQuery())
    paths = [row["path"] for row in by_path(made)]
    assert paths == ["app.unknown", "app.endless", "app.still", "app.bounded"]


@pytest.mark.parametrize(("asked", "bar"), [(BOUNDED, "15.0"), (FULL, "60.0")])
def test_the_bar_is_as_long_as_the_figure_says(asked: Cache, bar: str) -> None:
    template: Any = environment().get_template("_table.html").module
    text = template.show(shown(asked), lambda **_: "#")
    bars = re.findall(r'rx="2"/><rect width="([\d.]+)"', text)
    assert bars[0] == bar
    assert 'class="fill"' not in template.show(shown(ENDLESS), lambda **_: "#")


def test_a_terminal_has_the_figures_without_bars() -> None:
    lines = table_text(shown(BOUNDED)).splitlines()
    assert lines[-1].split()[-6:] == ["25", "%", "75", "%", "900", "B"]
