"""Requests are counted."""

from __future__ import annotations

import threading

from flask_heapview.request_context import RequestCounter


def test_requests_are_counted_exactly_by_many_threads() -> None:
    counter = RequestCounter()

    def work() -> None:
        for _ in range(10_000):
            counter.add("page")
        counter.add(None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read() == {"page": 80_000, "(no route)": 8}
    assert counter.read()["page"] == 80_000
    counter.clear()
    assert counter.read() == {}


def test_names_are_safe_to_show() -> None:
    counter = RequestCounter()
    for name in ("a\x1b[2J", "a\x1b[2J", "x" * 1_000_000, "x" * 1_000_001):
        counter.add(name)
    assert counter.read() == {"a\\x1b[2J": 2, "x" * 160 + "…": 2}
