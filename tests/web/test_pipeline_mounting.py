"""Where we stand: inside of WSGI middleware, at any prefix, on any host, on several apps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, redirect, url_for
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_heapview import create_blueprint

from ..helpers import API, BEARER, PREFIX, TOKEN, needs

Build = Callable[..., Flask]
FORWARDED = {
    "X-Forwarded-For": "10.1.2.3",
    "X-Forwarded-Host": "shop.example",
    "X-Forwarded-Prefix": "/shop",
    "X-Forwarded-Proto": "https",
}


def walls_off(app: Flask) -> None:
    app.before_request(lambda: redirect("/set-up"))


def wraps(middleware: Callable[[Any], Any]) -> Callable[[Flask], None]:
    def do(app: Flask) -> None:
        app.wsgi_app = middleware(app.wsgi_app)  # type: ignore[method-assign]

    return do


def behind_a_proxy(inner: Any) -> Any:
    return ProxyFix(inner, x_for=1, x_host=1, x_prefix=1, x_proto=1)


class StripPrefix:
    """As many a deployment has one."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/shop/"):
            environ["SCRIPT_NAME"] += "/shop"
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/shop")
        found: Iterable[bytes] = self.inner(environ, start_response)
        return found


class Locked:
    """A wall of the operator's, in front of the whole app."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_X_KEY" not in environ:
            start_response("451 Locked", [])
            return [b"locked"]
        found: Iterable[bytes] = self.inner(environ, start_response)
        return found


def test_a_proxy_is_believed_whoever_came_first(build: Build) -> None:
    client = build(wraps(behind_a_proxy), walls_off).test_client()
    answer = client.get(f"{PREFIX}/", headers=FORWARDED)
    assert answer.location == f"/shop{PREFIX}/login?next=/shop{PREFIX}/"
    answer = client.post(f"{PREFIX}/login", headers=FORWARDED, data={"token": TOKEN})
    assert answer.location == f"/shop{PREFIX}/"
    assert "Secure" in answer.headers["Set-Cookie"]
    assert f"Path=/shop{PREFIX}" in answer.headers["Set-Cookie"]


def test_a_stripped_prefix_is_gone_whoever_came_first(build: Build) -> None:
    client = build(wraps(StripPrefix), walls_off).test_client()
    page = client.get(f"/shop{PREFIX}/", headers=BEARER)
    assert page.status_code == 200
    assert f'href="/shop{PREFIX}/static/heapview.css"' in page.text
    assert client.get(f"/shop{PREFIX}", headers=BEARER).location.endswith(f"/shop{PREFIX}/")
    assert client.get("/shop/health").location == "/set-up"


def test_middleware_that_locks_the_app_locks_us(build: Build) -> None:
    client = build(wraps(Locked), walls_off).test_client()
    assert client.get(f"{API}/workers", headers=BEARER).status_code == 451
    assert client.get(f"{API}/workers", headers={**BEARER, "X-Key": "1"}).status_code == 200


def test_the_script_name_and_a_dispatcher(build: Build) -> None:
    app = build(walls_off, config={"APPLICATION_ROOT": "/ignored"})
    outside = Flask("outside")
    client = Client(DispatcherMiddleware(outside, {"/shop": app}))
    page = client.get(f"/shop{PREFIX}/", headers=BEARER)
    assert page.status_code == 200
    assert f'action="/shop{PREFIX}/capture"' in page.text
    assert client.get(f"{PREFIX}/", headers=BEARER).status_code == 404
    assert client.get("/shop/health").location == "/set-up"


def test_the_apps_own_links_to_us(build: Build) -> None:
    app = build(walls_off, config={"SERVER_NAME": "shop.example", "APPLICATION_ROOT": "/shop"})
    with app.test_request_context(base_url="http://shop.example"):
        assert url_for("heapview.overview") == f"{PREFIX}/"
    with app.app_context():
        assert url_for("heapview.overview") == f"http://shop.example/shop{PREFIX}/"
    client = app.test_client()
    page = client.get(f"{PREFIX}/", headers=BEARER, base_url="http://shop.example")
    assert page.status_code == 200
    assert f'href="{PREFIX}/static/heapview.css"' in page.text


@pytest.mark.parametrize("host", ["shop.example", "localhost:8000"])
def test_an_app_that_matches_hosts(mount: Callable[..., None], host: str) -> None:
    app = Flask("shop", host_matching=True, static_host="shop.example")
    walls_off(app)
    app.add_url_rule("/<path:path>", "all", lambda path: path, host="shop.example")
    mount(app)
    client = app.test_client()
    there: dict[str, Any] = {"base_url": f"http://{host}", "headers": BEARER}
    page = client.get(f"{PREFIX}/", **there)
    assert page.status_code == 200
    assert f'href="{PREFIX}/static/heapview.css"' in page.text
    assert client.get(f"{API}/workers", **there).is_json
    assert client.get(f"{PREFIX}/nothing", **there).status_code == 404
    assert client.put(f"{API}/workers", **there).status_code == 405
    assert set(client.options(f"{API}/snapshots", **there).allow) >= {"GET", "POST"}
    assert client.get(PREFIX, **there).location == f"http://{host}{PREFIX}/"
    assert client.get("/page", **there).location == "/set-up"


@pytest.mark.parametrize("matching", [{}, {"host_matching": True, "static_host": "localhost"}])
def test_a_host_that_the_app_does_not_trust(
    mount: Callable[..., None], matching: dict[str, Any]
) -> None:
    needs("TRUSTED_HOSTS" in Flask.default_config, "Flask 3.1 brought this setting")
    app = Flask("shop", **matching)
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    mount(app)
    client = app.test_client()
    assert client.get(f"{API}/workers", headers=BEARER).status_code == 200
    refused = client.get(f"{API}/workers", headers=BEARER, base_url="http://evil.example")
    assert refused.status_code == 400


def test_a_subdomain_of_ours(tmp_path: Path) -> None:
    app = Flask("shop", subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.example"
    app.add_url_rule("/<path:path>", "all", lambda path: path)
    walls_off(app)
    blueprint = create_blueprint(token=TOKEN, dir=str(tmp_path / "h"))
    app.register_blueprint(blueprint, url_prefix=PREFIX, subdomain="<place>")
    client = app.test_client()
    there: dict[str, Any] = {"base_url": "http://ops.shop.example", "headers": BEARER}
    page = client.get(f"{PREFIX}/", **there)
    assert page.status_code == 200
    assert f'href="{PREFIX}/static/heapview.css"' in page.text
    assert client.get(f"{PREFIX}/nothing", **there).status_code == 404
    # the app's own host has none of our routes: what is below the same path there is not ours
    here = client.get(f"{PREFIX}/nothing", base_url="http://shop.example", headers=BEARER)
    assert here.location == "/set-up"


@pytest.mark.parametrize("prefix", ["/<language>/inside", "/"])
def test_other_prefixes(mount: Callable[..., None], prefix: str) -> None:
    app = Flask("shop", static_folder=None)
    walls_off(app)
    app.add_url_rule("/health", "health", lambda: "ok")
    mount(app, prefix)
    client, root = app.test_client(), prefix.replace("<language>", "en").rstrip("/")
    page = client.get(f"{root}/", headers=BEARER)
    assert page.status_code == 200
    assert f'href="{root}/static/heapview.css"' in page.text
    assert client.get(f"{root}/api/v1/workers", headers=BEARER).is_json
    assert client.get(f"{root}/", follow_redirects=True).status_code == 200
    assert client.get("/health").location == "/set-up"


def test_within_another_blueprint(tmp_path: Path) -> None:
    app = Flask("shop")
    outer = Blueprint("ops", __name__)
    outer.before_request(lambda: redirect("/set-up"))
    outer.register_blueprint(
        create_blueprint(token=TOKEN, dir=str(tmp_path / "h")), url_prefix="/memory"
    )
    app.register_blueprint(outer, url_prefix="/ops")
    client = app.test_client()
    page = client.get("/ops/memory/", headers=BEARER)
    assert page.status_code == 200
    assert 'href="/ops/memory/static/heapview.css"' in page.text
    assert client.get("/ops/memory/nothing", headers=BEARER).status_code == 404
    assert app.extensions["heapview"].requests() == {}


def test_two_apps_of_one_process_stay_apart(mount: Callable[..., None]) -> None:
    one, other = Flask("one"), Flask("other")
    for app in (one, other):
        app.add_url_rule("/page", "page", lambda: "page")
    walls_off(other)
    mount(one)
    mount(other, token="another token of the tests")
    assert one.test_client().get("/page").text == "page"
    assert one.test_client().get(f"{API}/workers", headers=BEARER).status_code == 200
    assert other.test_client().get("/page").location == "/set-up"
    assert other.test_client().get(f"{API}/workers", headers=BEARER).status_code == 401
    assert one.extensions["heapview"].requests() == {"page": 1}


def test_switched_off_the_app_is_as_it_was(mount: Callable[..., None]) -> None:
    app = Flask("shop")
    before = set(vars(app))
    mount(app, enabled=False)
    assert set(vars(app)) == before
    assert app.test_client().get(f"{API}/workers", headers=BEARER).status_code == 404


def test_who_goes_around_us_finds_the_same_doors(build: Build) -> None:
    """An app that calls its class's pipeline by itself: the blueprint's own hooks guard then."""
    app = build()
    for headers, status in (({}, 401), (BEARER, 200)):
        with app.test_request_context(f"{API}/workers", headers=headers):
            answer = Flask.full_dispatch_request(app)
        assert answer.status_code == status
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_an_agent_that_patches_the_class_later_sees_the_app(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build()
    before, seen = Flask.full_dispatch_request, []

    def traced(self: Flask, *context: Any) -> Any:
        seen.append(self)
        return before(self, *context)

    monkeypatch.setattr(Flask, "full_dispatch_request", traced)
    client = app.test_client()
    assert client.get(f"{API}/workers", headers=BEARER).status_code == 200
    assert seen == []
    assert client.get("/health").text == "ok"
    assert seen == [app]
