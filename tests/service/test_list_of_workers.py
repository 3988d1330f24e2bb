"""The worker's entry in the list of workers: kept up to date, and cheap where the page is busy."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from flask import Flask

from flask_heapview.service import service as module
from flask_heapview.service.service import EXTENSION, Service
from flask_heapview.service.workers import Worker

from ..helpers import API, BEARER


@pytest.mark.parametrize(("seconds", "expected"), [(1e9, 1), (0.0, 5)])
def test_many_visits_write_it_seldom(
    seconds: float,
    expected: int,
    make_app: Callable[..., Flask],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LISTED_SECONDS", seconds)
    app = make_app()
    service: Service = app.extensions[EXTENSION]
    written: list[Worker] = []
    monkeypatch.setattr(service.registry, "write", written.append)
    for _ in range(5):
        assert app.test_client().get(f"{API}/workers", headers=BEARER).status_code == 200
    assert len(written) == expected


def test_a_forked_worker_writes_its_own(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTED_SECONDS", 1e9)
    service: Service = make_app().extensions[EXTENSION]
    written: list[Worker] = []
    monkeypatch.setattr(service.registry, "write", written.append)
    service.visited()
    assert service._listed is not None
    service._listed = os.getpid() + 1, service._listed[1]  # its parent's
    service.visited()
    assert len(written) == 2
