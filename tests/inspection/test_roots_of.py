"""The app is a root of its own only where no module leads to it."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from flask import Flask

from flask_heapview.inspection.roots import roots_of
from flask_heapview.model.ownership import CURRENT_APP


class Wrapper:
    def __init__(self, server: object) -> None:
        self.server = server


class Guarded:
    """Whoever asks it for an attribute is told off."""

    def __init__(self, server: object) -> None:
        vars(self)["server"] = server

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            return object.__getattribute__(self, name) if not Guarded.closed else 1 / 0
        return object.__getattribute__(self, name)

    closed = False


def named(app: Flask) -> bool:
    return CURRENT_APP not in [root.name for root in roots_of(app)]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    made = types.ModuleType("shop")
    made.__file__ = "/srv/shop.py"
    monkeypatch.setitem(sys.modules, "shop", made)
    return made


def test_an_app_of_a_factory() -> None:
    app = Flask("shop")
    root = roots_of(app)[-1]
    assert (root.name, root.module) == (CURRENT_APP, app)
    assert CURRENT_APP not in [root.name for root in roots_of(None)]


def test_an_app_in_a_module(module: types.ModuleType) -> None:
    app = Flask("shop")
    assert not named(app)
    module.application = app  # type: ignore[attr-defined]
    assert named(app)


def test_an_app_in_an_attribute_of_what_a_module_has(module: types.ModuleType) -> None:
    app = Flask("shop")
    module.dashboard = Wrapper(app)  # type: ignore[attr-defined]
    assert named(app)


def test_no_code_of_the_apps_is_called(
    module: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("shop")
    module.guarded = Guarded(app)  # type: ignore[attr-defined]
    monkeypatch.setattr(Guarded, "closed", True)
    assert named(app)


def test_long_lists_are_not_looked_through(module: types.ModuleType) -> None:
    app = Flask("shop")
    module.apps = [app]  # type: ignore[attr-defined]
    assert not named(app)
