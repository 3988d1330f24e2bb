"""The app's hooks, error handlers and extensions neither see our requests nor touch our answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, g, redirect, signals
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from flask_heapview.web.access import HEADERS

from ..helpers import API, BEARER, PREFIX, TOKEN, capture

Build = Callable[..., Flask]
OFF = {"mode": "off"}
# method, path, headers, status: each kind of answer that we give
ANSWERS = [
    ("GET", f"{API}/workers", BEARER, 200),
    ("HEAD", f"{API}/workers", BEARER, 200),
    ("OPTIONS", f"{API}/workers", BEARER, 200),
    ("GET", f"{PREFIX}/", BEARER, 200),
    ("GET", f"{PREFIX}/login", {}, 200),
    ("GET", f"{PREFIX}/static/heapview.css", {}, 200),
    ("GET", f"{PREFIX}/static/nothing.css", {}, 404),
    ("POST", f"{API}/allocations", BEARER, 400),
    ("GET", f"{API}/workers", {}, 401),
    ("GET", f"{PREFIX}/", {}, 303),
    ("GET", PREFIX, {}, 308),
    ("GET", f"{API}/nothing", BEARER, 404),
    ("GET", f"{PREFIX}/nothing", BEARER, 404),
    ("GET", f"{PREFIX}/nothing", {}, 303),
    ("PUT", f"{API}/workers", BEARER, 405),
    ("PUT", f"{PREFIX}/", BEARER, 405),
]
answers = pytest.mark.parametrize(("method", "path", "headers", "status"), ANSWERS)


def spoils_headers(app: Flask) -> None:
    @app.after_request
    def spoil(response: Response) -> Response:
        for name in HEADERS:
            response.headers[name] = "unsafe-inline"
        response.set_data(b"spoilt")
        return response


def answers_errors(app: Flask) -> None:
    """As an app of one page does: whatever goes wrong, the page is shown."""
    for what in (401, 404, 405, 500, Exception):
        app.register_error_handler(what, lambda _: ("the app's page", 200))


def walls_off(app: Flask) -> None:
    wall = Blueprint("wall", __name__)
    wall.before_app_request(lambda: redirect("/set-up"))
    app.register_blueprint(wall)


@answers
@pytest.mark.parametrize("hook", [spoils_headers, answers_errors, walls_off])
def test_no_hook_touches_our_answers(
    build: Build, hook: Any, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    client = build(hook).test_client()
    answer = client.open(path, method=method, headers=headers, buffered=True)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "spoilt" not in answer.text
    assert "set-up" not in answer.headers.get("Location", "")
    assert "the app's page" not in answer.text


def test_the_hooks_are_still_the_apps(build: Build) -> None:
    assert build(spoils_headers).test_client().get("/health").text == "spoilt"
    assert build(answers_errors).test_client().get("/nothing").text == "the app's page"
    assert build(walls_off).test_client().get("/health").location == "/set-up"


def test_a_csrf_check(build: Build) -> None:
    client = build(CSRFProtect).test_client()
    assert client.post("/health").status_code == 400
    assert client.post(f"{API}/allocations", headers=BEARER, json=OFF).status_code == 200
    assert client.post(f"{PREFIX}/login", data={"token": TOKEN}).status_code == 303


def test_talisman(build: Build) -> None:
    policy = {"script-src": "'self' 'unsafe-inline'"}
    app = build(lambda app: Talisman(app, content_security_policy=policy))
    client = app.test_client()
    assert client.get("/health").status_code == 302
    answer = client.get(f"{API}/workers", headers=BEARER)
    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_rate_limits(build: Build) -> None:
    def limit(app: Flask) -> None:
        Limiter(get_remote_address, app=app, default_limits=["2/hour"], storage_uri="memory://")

    client = build(limit).test_client()
    polls = [client.get(f"{API}/snapshots", headers=BEARER).status_code for _ in range(5)]
    assert polls == [200] * 5
    assert [client.get("/health").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}])
def test_a_bug_of_ours_is_no_error_of_the_app(
    build: Build, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    seen: list[object] = []
    app = build(lambda app: app.register_error_handler(Exception, seen.append), config=config)
    monkeypatch.setattr(app.extensions["heapview"].inspector, "status", lambda: 1 / 0)
    with signals.got_request_exception.connected_to(lambda *_, **__: seen.append("signal")):
        answer = app.test_client().get(f"{API}/status", headers=BEARER)
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert seen == []


def test_not_even_a_broken_error_page_reaches_the_app(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build(answers_errors)
    monkeypatch.setattr("flask_heapview.web.guard.page_error", lambda *_: 1 / 0)
    client = app.test_client()
    client.post(f"{PREFIX}/login", data={"token": TOKEN})
    answer = client.get(f"{PREFIX}/nothing")
    assert answer.status_code == 500
    assert answer.headers["Cache-Control"] == "no-store"


def catches_all(app: Flask) -> None:
    app.add_url_rule("/", "page", lambda: "page")
    methods = ["GET", "POST", "PUT", "DELETE"]
    app.add_url_rule("/<path:path>", "all", lambda path: path, methods=methods)


def test_a_catch_all_gets_what_is_not_below_our_prefix(build: Build) -> None:
    client = build(catches_all).test_client()
    assert client.get(f"{API}/workers", headers=BEARER).is_json
    for path in ("nothing", "static", "api/v1", "api/v2/workers"):
        answer = client.get(f"{PREFIX}/{path}", headers=BEARER)
        assert (answer.status_code, answer.headers.get("X-Robots-Tag")) == (404, "noindex"), path
        assert client.post(f"{PREFIX}/{path}", headers=BEARER).status_code == 404
        assert client.get(f"{PREFIX}/{path}").status_code in (303, 401)
    for path in ("anything", "_debug/memory-of-mine", "_debug/other", "_debug"):
        assert client.get(f"/{path}").text == path


@pytest.mark.parametrize("rule", ["/<path:path>", "/<one>/<path:path>", "/_debug/<path:path>"])
def test_what_a_rule_served_elsewhere_says_nothing_of_our_prefix(build: Build, rule: str) -> None:
    def add(app: Flask) -> None:
        app.add_url_rule(rule, "all", lambda **_: "the app's")
        app.add_url_rule("/other/<path:path>", "other", lambda **_: "other")

    client = build(add).test_client()
    for _ in range(2):  # what the first time found is known the second time
        assert client.get("/_debug/other").text == "the app's"
        assert client.get("/other/page").text == "other"
        assert client.get(f"{PREFIX}/nothing", headers=BEARER).status_code == 404
        assert client.get(f"{API}/workers", headers=BEARER).is_json


def test_a_page_that_the_app_put_below_our_prefix_is_the_apps(build: Build) -> None:
    def add(app: Flask) -> None:
        app.add_url_rule(f"{PREFIX}/mine/<name>", "mine", lambda name: name)
        app.before_request(lambda: abort(418))

    assert build(add).test_client().get(f"{PREFIX}/mine/one").status_code == 418


def test_what_is_allowed_is_said(build: Build) -> None:
    client = build().test_client()
    refused = client.put(f"{API}/snapshots", headers=BEARER)
    assert set(refused.allow) == {"GET", "HEAD", "OPTIONS", "POST"}
    asked = client.options(f"{API}/snapshots", headers=BEARER)
    assert set(asked.allow) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert client.options(f"{API}/snapshots").status_code == 401


def test_addresses_need_no_hook_of_the_app(build: Build) -> None:
    """Flask's documentation has these two for languages in addresses. They rely on one another."""

    def languages(app: Flask) -> None:
        @app.url_value_preprocessor
        def pull(_endpoint: str | None, values: dict[str, Any] | None) -> None:
            g.lang_code = (values or {}).pop("lang_code", None)

        @app.url_defaults
        def put(endpoint: str, values: dict[str, Any]) -> None:
            if g.lang_code and app.url_map.is_endpoint_expecting(endpoint, "lang_code"):
                values.setdefault("lang_code", g.lang_code)

        @app.before_request
        def forget() -> None:
            del g.lang_code

    client = build(languages).test_client()
    page = client.get(f"{PREFIX}/", headers=BEARER)
    assert page.status_code == 200
    assert f'href="{PREFIX}/static/heapview.css"' in page.text


def test_files_leave_as_they_are(build: Build) -> None:
    client = build(spoils_headers).test_client()
    made = capture(client)["id"]
    url = f"{API}/report?target={made}&format=markdown"
    answer = client.get(url, headers=BEARER)
    assert answer.mimetype == "text/markdown"
    assert answer.headers["Content-Disposition"].endswith('.md"')
    assert answer.headers["X-Frame-Options"] == "DENY"
    url = f"{PREFIX}/static/heapview.css"
    style = client.get(url, buffered=True)
    again = client.get(url, headers={"If-None-Match": style.headers["ETag"]}, buffered=True)
    assert (style.status_code, again.status_code, again.data) == (200, 304, b"")
