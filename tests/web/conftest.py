from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview import HeapView, create_blueprint
from flask_heapview.process.collector import PAUSES

from ..helpers import PREFIX, TOKEN

Hook = Callable[[Flask], Any]


def extended(app: Flask, prefix: str, **settings: Any) -> None:
    HeapView(app, url_prefix=prefix, **settings)


def registered(app: Flask, prefix: str, **settings: Any) -> None:
    app.register_blueprint(create_blueprint(**settings), url_prefix=prefix)


@pytest.fixture(params=[extended, registered])
def mount(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Mounts us on an app, in either way."""
    number = iter(range(9))

    def do(app: Flask, prefix: str = PREFIX, **settings: Any) -> None:
        place = str(tmp_path / f"heapview{next(number)}")
        request.param(app, prefix, **{"token": TOKEN, "dir": place, **settings})

    yield do
    PAUSES.remove()


@pytest.fixture(params=["hooks first", "hooks last"])
def build(request: pytest.FixtureRequest, mount: Callable[..., None]) -> Callable[..., Flask]:
    """Makes an app with hooks of its own, which come before or after the mounting."""

    def make(*hooks: Hook, config: dict[str, Any] | None = None, **settings: Any) -> Flask:
        app = Flask("shop")
        app.config.update(SECRET_KEY="a key", **(config or {}))
        app.add_url_rule("/health", "health", lambda: "ok", methods=["GET", "POST"])
        steps: list[Hook] = [*hooks, lambda app: mount(app, **settings)]
        for step in steps if request.param == "hooks first" else (steps[-1], *steps[:-1]):
            step(app)
        return app

    return make
