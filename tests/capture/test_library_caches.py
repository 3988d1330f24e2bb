"""Caches of well-known libraries are listed, and tables of constants are not."""

from __future__ import annotations

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..run_isolated import alone

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)


def test_the_caches_of_libraries() -> None:
    found = alone("""
        import sqlalchemy, jinja2, cachetools
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
        for number in range(5):
            environment.from_string(str(number))
        expiring = ExpiringDict()
        expiring.update(dict.fromkeys(range(12)))
        locmem = LocMemCache()
        plain = {n: n for n in range(100)}
        caches = {c.path: [c.source, c.entries, c.limit] for c in taken().caches.caches}
        say(caches=caches)
    """)["caches"]
    assert found["__main__.engine._compiled_cache"][0] == "sqlalchemy"
    assert found["__main__.engine._compiled_cache"][1] >= 7
    assert found["__main__.engine._compiled_cache"][2] == 500
    assert found["__main__.environment.cache"] == ["jinja", 0, 50]
    assert found["__main__.expiring"] == ["expiringdict", 12, 77]
    assert found["__main__.locmem"] == ["django", 40, 300]
    assert found["__main__.plain"] == ["container", 100, None]
    constants = [
        path
        for path, (source, *_) in found.items()
        if source == "container" and not path.startswith("__main__") and "cache" not in path.lower()
    ]
    assert constants == []
