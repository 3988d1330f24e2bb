"""The page says which process reads the snapshots, and what it takes."""

from __future__ import annotations

from typing import Any

import psutil

from ..helpers import API, BEARER, PREFIX, capture, wait_until


def test_the_reader_is_shown_while_it_lives(client: Any) -> None:
    assert client.get(f"{API}/status", headers=BEARER).json["reader"] is None
    made = capture(client)["id"]
    assert client.get(f"{API}/snapshots/{made}/gc", headers=BEARER).status_code == 200
    reader = client.get(f"{API}/status", headers=BEARER).json["reader"]
    process = psutil.Process(reader["pid"])
    assert 0.5 <= reader["resident"] / process.memory_info().rss <= 2
    page = client.get(f"{PREFIX}/", headers=BEARER).text
    assert f"Process {process.pid} reads the snapshots for all workers" in page
    wait_until(lambda: not process.is_running(), 60, "the end of the reader")
    assert client.get(f"{API}/status", headers=BEARER).json["reader"] is None
