"""Caches of well-known libraries are listed, and tables of constants are not."""

from __future__ import annotations

from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import needs, why_not_portable
from ..run_isolated import alone

KNOWN = """
import sqlalchemy, jinja2, cachetools, cachelib, functools, linecache
class ExpiringDict(dict):
    __module__ = "expiringdict"
    def __init__(self): self.max_len = 77
class LocMemCache:
    __module__ = "django.core.cache.backends.locmem"
    def __init__(self):
        self._cache = {n: [n] for n in range(40)}
        self._max_entries = 300
engine = sqlalchemy.create_engine("sqlite://")
with engine.connect() as connection:
    for number in range(7):
        column = sqlalchemy.literal_column(str(number))
        connection.execute(sqlalchemy.select(column))
environment = jinja2.Environment(cache_size=50)
expiring = ExpiringDict()
expiring.update(dict.fromkeys(range(12)))
locmem = LocMemCache()
plain = {n: n for n in range(100)}
simple = cachelib.SimpleCache(threshold=90)
for number in range(9): simple.set(str(number), number)
bounded = cachetools.LRUCache(60)
for number in range(8): bounded[number] = number
@functools.cache
def square(number): return number * number
for number in range(6): square(number)
@functools.lru_cache(3)
def never_called(number): return number
made = [functools.lru_cache(10)(lambda n: n) for _ in range(5)]
for wrapped in made: wrapped(1), wrapped(2)
del wrapped
"""

TABLES = """
import collections, enum, sys, types
import flask, sqlalchemy.orm
many = range(100)
app = flask.Flask("app")
for number in many: app.add_url_rule(f"/{number}", f"view{number}", lambda: "")
app.test_client().get("/1")
Color = enum.Enum("Color", [f"c{number}" for number in many])
names = [str(number) for number in many]
class Base(sqlalchemy.orm.DeclarativeBase): pass
class Product(Base):
    __tablename__ = "product"
    id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(primary_key=True)
    seen = {number: number for number in many}
class Service:
    def __init__(self): self.answers = dict.fromkeys(many)
service = Service()
space = types.SimpleNamespace(found=dict.fromkeys(many))
users = collections.UserDict(dict.fromkeys(many))
def remembering():
    kept = dict.fromkeys(many)
    def look(key): return kept.get(key)
    return look
look = remembering()
groups = {number: {0: number, 1: number} for number in range(10)}
"""

SAY = """
from flask_heapview.capture.runner import Runner
runner = Runner(select_engine(sys.argv[1]), 120)
rows = [[c.path, c.source, c.entries, c.limit, c.count, c.size] for c in taken().caches.caches]
say(rows=rows)
"""


@pytest.fixture(scope="module", params=["native", pytest.param("portable", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> str:
    why_not = NativeEngine.why_not() if request.param == "native" else why_not_portable()
    needs(why_not is None, why_not or "")
    return str(request.param)


def caches_after(code: str, engine: str) -> dict[str, list[Any]]:
    """By path: source, entries, limit, how many, bytes."""
    rows = alone(code + SAY, engine, measured=False)["rows"]  # coverage has caches of its own
    found = {path: rest for path, *rest in rows}
    assert len(found) == len(rows)  # one row a path
    return found


def test_the_caches_of_libraries(engine: str) -> None:
    found = caches_after(KNOWN, engine)
    compiled = found["__main__.engine._compiled_cache"]
    assert compiled[0] == "sqlalchemy"
    assert compiled[1] >= 7
    assert compiled[2] == 500
    assert found["__main__.environment.cache"][:3] == ["jinja", 0, 50]
    assert found["__main__.expiring"][:3] == ["expiringdict", 12, 77]
    assert found["__main__.locmem"][:3] == ["django", 40, 300]
    assert found["__main__.plain"][:3] == ["container", 100, None]
    assert found["__main__.simple"][:3] == ["cachelib", 9, 90]
    assert found["__main__.bounded"][:3] == ["cachetools", 8, 60]
    assert found["__main__.square"][:3] == ["functools", 6, None]
    assert found["__main__.never_called"][:3] == ["functools", 0, 3]
    assert found["__main__.made"][:4] == ["functools", 10, 50, 5]
    assert "re._cache" in found
    assert all(size is None or size > 0 for _, entries, _, _, size in found.values() if entries)


def test_tables_are_no_caches(engine: str) -> None:
    found = caches_after(TABLES, engine)
    plain = {path for path, (source, *_) in found.items() if source == "container"}
    assert plain == {
        "__main__.Product.seen",
        "__main__.service.answers",
        "__main__.space.found",
        "__main__.users.data",
        "__main__.look closure kept",
    }
    # what a library made and nobody used, and our own
    others = {path: row for path, row in found.items() if not path.startswith("__main__.")}
    assert all(entries for _, entries, *_ in others.values())
    assert not any(path.startswith("flask_heapview.") for path in others)
