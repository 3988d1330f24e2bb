"""HeapView(app), factories, the bare blueprint, several apps; what is refused at set-up."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import pytest
from flask import Flask

from flask_heapview import HeapView, create_blueprint
from flask_heapview.errors import ConfigError, StoreError
from flask_heapview.web.secret import shared_secret

from .helpers import API, BEARER, PREFIX, TOKEN, capture


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("HEAPVIEW_"):
            monkeypatch.delenv(name)


def test_nobody_comes_in_unless_told() -> None:
    with pytest.raises(ConfigError, match="Set HEAPVIEW_TOKEN"):
        HeapView(Flask("shop"))


def test_settings_from_config_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEAPVIEW_TOKEN", "from the environment")
    monkeypatch.setenv("HEAPVIEW_KEEP_COUNT", "7")
    app = Flask("shop")
    app.config.update(
        HEAPVIEW_TOKEN=TOKEN, HEAPVIEW_URL_PREFIX="/inside", HEAPVIEW_DIR=tmp_path / "h"
    )
    HeapView(app)
    service = app.extensions["heapview"]
    assert service.store.retention.count == 7
    assert app.test_client().get("/inside/api/v1/workers", headers=BEARER).status_code == 200


def mounted(app: Flask) -> None:
    HeapView(app)


def registered(app: Flask) -> None:
    app.register_blueprint(create_blueprint(), url_prefix=PREFIX)


@pytest.mark.parametrize("mount", [mounted, registered])
def test_the_settings_are_read_once(
    mount: Callable[[Flask], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    class Config(flask.Config):
        def get(self, key: str, default: Any = None) -> Any:
            read.append(key)
            return super().get(key, default)

    monkeypatch.setattr(Flask, "config_class", Config)
    app = Flask("shop")
    app.config.update(HEAPVIEW_TOKEN=TOKEN, HEAPVIEW_DIR=str(tmp_path / "h"))
    mount(app)
    counts = Counter(key for key in read if key.startswith("HEAPVIEW_"))
    assert set(counts.values()) == {1}


def test_a_factory(tmp_path: Path) -> None:
    heapview = HeapView(dir=str(tmp_path / "h"), token=TOKEN)

    def create() -> Flask:
        app = Flask("shop")
        heapview.init_app(app)
        return app

    app = create()
    assert app.test_client().get(f"{API}/workers", headers=BEARER).status_code == 200
    held = weakref.ref(app)
    del app
    gc.collect()
    assert held() is None


def test_several_apps_in_one_process(tmp_path: Path) -> None:
    heapview = HeapView(token=TOKEN)
    clients = []
    for name in ("one", "two"):
        app = Flask(name)
        app.config["HEAPVIEW_DIR"] = str(tmp_path / name)
        app.add_url_rule("/page", "page", lambda: "page")
        heapview.init_app(app)
        clients.append(app.test_client())
    for _ in range(3):
        clients[0].get("/page")
    counts = [
        c.get(f"{API}/workers", headers=BEARER).json["workers"][0]["requests"] for c in clients
    ]
    assert counts == [3, 0]


def test_the_bare_blueprint(tmp_path: Path) -> None:
    app = Flask("shop")
    blueprint = create_blueprint(token=TOKEN, dir=str(tmp_path / "h"))
    app.register_blueprint(blueprint, url_prefix=PREFIX)
    assert app.test_client().get(f"{API}/workers", headers=BEARER).status_code == 200
    assert app.test_client().get(f"{API}/workers").status_code == 401


def test_the_bare_blueprint_is_closed_too() -> None:
    with pytest.raises(ConfigError, match="HEAPVIEW_TOKEN"):
        Flask("shop").register_blueprint(create_blueprint(), url_prefix=PREFIX)


def test_switched_off_there_is_nothing(tmp_path: Path) -> None:
    app = Flask("shop")
    app.config["HEAPVIEW_ENABLED"] = "off"
    HeapView(app)
    assert not [r for r in app.url_map.iter_rules() if PREFIX in r.rule]
    assert app.before_request_funcs == {}
    bare = Flask("bare")
    bare.config["HEAPVIEW_ENABLED"] = False
    bare.register_blueprint(create_blueprint(token=TOKEN), url_prefix=PREFIX)
    for path in (f"{PREFIX}/", f"{API}/workers", f"{PREFIX}/login", f"{PREFIX}/static/icon.svg"):
        assert bare.test_client().get(path, headers=BEARER).status_code == 404
    for method, path in (("PUT", f"{API}/workers"), ("GET", PREFIX), ("GET", f"{PREFIX}/logout")):
        assert bare.test_client().open(path, method=method).status_code == 404, (method, path)
    assert "heapview" not in bare.blueprints


def test_mounting_twice_is_a_mistake(tmp_path: Path) -> None:
    app = Flask("shop")
    HeapView(app, token=TOKEN)
    with pytest.raises((ConfigError, ValueError)):
        HeapView(app, token=TOKEN)
    with pytest.raises(ConfigError, match="already"):
        app.register_blueprint(create_blueprint(token=TOKEN, name="again"), url_prefix="/again")


def test_debug_mode_makes_a_token_that_all_workers_find(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("shop")
    app.debug = True
    with caplog.at_level(logging.WARNING, "flask_heapview"):
        HeapView(app, dir=str(tmp_path / "h"))
    token = (tmp_path / "h" / "token").read_text()
    assert (tmp_path / "h" / "token").stat().st_mode & 0o777 == 0o600
    assert f"/login#token={token}" in caplog.text
    other = Flask("shop")
    other.debug = True
    HeapView(other, dir=str(tmp_path / "h"))
    headers = {"Authorization": f"Bearer {token}"}
    assert other.test_client().get(f"{API}/workers", headers=headers).status_code == 200


def test_an_empty_secret_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    with pytest.raises(StoreError, match="Delete it"):
        shared_secret(tmp_path, "token")
    with pytest.raises(StoreError):
        shared_secret(tmp_path / "nowhere", "token")
    (tmp_path / "link").symlink_to(tmp_path / "token")
    with pytest.raises(StoreError):
        shared_secret(tmp_path, "link")


def test_registered_caches_are_shown(tmp_path: Path) -> None:
    app = Flask("shop")
    heapview = HeapView(app, token=TOKEN, dir=str(tmp_path / "h"))
    heapview.register_cache("prices", {n: n for n in range(12)})
    client = app.test_client()
    made = capture(client)
    data = client.get(f"{API}/snapshots/{made['id']}/caches", headers=BEARER).json["data"]
    (row,) = [c for c in data["caches"] if c["source"] == "registered"]
    assert (row["path"], row["entries"]) == ("prices", 12)


def test_importing_has_no_side_effect() -> None:
    code = (
        "import gc, logging, sys, threading, warnings\n"
        "import flask\n"
        "before = (gc.callbacks[:], warnings.filters[:], threading.active_count(),\n"
        "          logging.getLogger('flask_heapview').handlers[:])\n"
        "import flask_heapview\n"
        "after = (gc.callbacks[:], warnings.filters[:], threading.active_count(),\n"
        "         logging.getLogger('flask_heapview').handlers[:])\n"
        "assert before == after, (before, after)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_request_costs_a_count_and_nothing_else(tmp_path: Path) -> None:
    app = Flask("shop")
    HeapView(app, token=TOKEN, dir=str(tmp_path / "h"))
    app.add_url_rule("/page", "page", lambda: "page")
    client = app.test_client()
    callbacks = gc.callbacks[:]
    client.get("/page")
    client.get("/missing")
    assert gc.callbacks == callbacks
    assert not (tmp_path / "h").exists()
    assert app.after_request_funcs.get(None, []) == []
    assert app.extensions["heapview"].requests() == {"page": 1, "(no route)": 1}
