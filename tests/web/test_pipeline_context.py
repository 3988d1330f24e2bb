"""What of the app does run for us: HEAPVIEW_AUTH, its session and its teardown functions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, abort, current_app, g, redirect, request, session, signals
from flask_login import LoginManager, UserMixin, current_user, login_user

from ..helpers import API, BEARER, PREFIX

Build = Callable[..., Flask]
SIGNALS = ("request_started", "request_finished", "request_tearing_down", "got_request_exception")


def signs_in(app: Flask) -> None:
    @app.post("/enter/<name>")
    def come_in(name: str) -> str:
        session["name"] = name
        return "welcome"


class User(UserMixin):
    """Somebody whom Flask-Login knows."""

    def __init__(self, name: str) -> None:
        self.id = name


def flask_login(app: Flask) -> None:
    LoginManager(app).user_loader(User)

    @app.post("/enter/<name>")
    def come_in(name: str) -> str:
        login_user(User(name))
        return "welcome"


def by_session(_: Any) -> bool:
    return session.get("name") == "root"


def by_login(_: Any) -> bool:
    return bool(current_user.is_authenticated and current_user.get_id() == "root")


def walls_off(app: Flask) -> None:
    app.before_request(lambda: None if request.endpoint == "come_in" else redirect("/set-up"))


@pytest.mark.parametrize(("host", "auth"), [(signs_in, by_session), (flask_login, by_login)])
def test_the_apps_own_sign_in(build: Build, host: Any, auth: Any) -> None:
    client = build(host, walls_off, token=None, auth=auth).test_client()
    assert client.get(f"{API}/workers").status_code == 401
    client.post("/enter/somebody")
    assert client.get(f"{API}/workers").status_code == 401
    client.post("/enter/root")
    answer = client.get(f"{API}/workers")
    assert answer.status_code == 200
    assert "session=" not in answer.headers.get("Set-Cookie", "")
    assert client.get(f"{PREFIX}/").status_code == 200


def test_it_sees_the_request_as_a_hook_would(build: Build) -> None:
    seen: list[Any] = []

    def auth(given: Any) -> bool:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        seen.append((app, given.endpoint, given.blueprint, request.path))
        return True

    app = build(token=None, auth=auth)
    app.add_url_rule("/<path:path>", "all", lambda path: path)
    for path in ("/workers", "/no/such"):
        app.test_client().get(API + path)
    app.test_client().get(f"{PREFIX}/nothing")
    assert seen == [
        (app, "heapview.api_workers", "heapview", f"{API}/workers"),
        (app, "heapview.api_unknown", "heapview", f"{API}/no/such"),
        (app, None, None, f"{PREFIX}/nothing"),
    ]


def test_what_it_changes_in_the_session_is_kept(build: Build) -> None:
    def auth(_: Any) -> bool:
        session["visits"] = session.get("visits", 0) + 1
        return True

    app = build(token=None, auth=auth)
    app.add_url_rule("/visits", "visits", lambda: str(session["visits"]))
    client = app.test_client()
    for _ in range(3):
        client.get(f"{API}/workers")
    assert client.get("/visits").text == "3"


def test_a_session_that_cannot_be_saved_spoils_nothing(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def auth(_: Any) -> bool:
        session["seen"] = True
        return True

    app = build(token=None, auth=auth)
    monkeypatch.setattr(app.session_interface, "save_session", lambda *_: 1 / 0)
    assert app.test_client().get(f"{API}/workers").status_code == 200


def test_it_cannot_rely_on_hooks(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    def load_user(app: Flask) -> None:
        @app.before_request
        def load() -> None:
            g.user = "root"

    app = build(load_user, token=None, auth=lambda _: g.user == "root")
    with caplog.at_level(logging.ERROR, "flask_heapview"):
        answer = app.test_client().get(f"{API}/workers")
    assert answer.status_code == 401
    assert "HEAPVIEW_AUTH failed" in answer.json["detail"]
    assert "before_request" in caplog.text


def test_it_may_answer_by_itself(build: Build) -> None:
    client = build(token=None, auth=lambda _: abort(redirect("/enter"))).test_client()
    answer = client.get(f"{PREFIX}/")
    assert (answer.status_code, answer.location) == (302, "/enter")
    client = build(token=None, auth=lambda _: abort(Response("later", 503))).test_client()
    assert client.get(f"{API}/workers").status_code == 503
    client = build(token=None, auth=lambda _: abort(418)).test_client()
    assert client.get(f"{API}/workers").json["status"] == 418


class Teardown:
    """An app's teardown functions: one for the context, one for the request; both may fail."""

    def __init__(self, fails: bool = False) -> None:
        self.calls: list[str] = []
        self.fails = fails

    def __call__(self, app: Flask) -> None:
        app.teardown_appcontext(lambda _: self._note("context"))
        app.teardown_request(lambda _: self._note("request"))

    def _note(self, what: str) -> None:
        self.calls.append(what)
        if self.fails:
            raise RuntimeError("nothing to close")


def test_what_a_context_opened_is_closed(build: Build) -> None:
    """A gauge that before_request raises and teardown_request lowers must not go down for us."""
    host = Teardown()
    build(host).test_client().get(f"{API}/workers", headers=BEARER)
    assert host.calls == ["context"]


def test_what_the_callable_opened_is_closed(build: Build) -> None:
    host = Teardown()
    build(host, token=None, auth=lambda _: True).test_client().get(f"{API}/workers")
    assert host.calls == ["request", "context"]


@pytest.mark.parametrize("settings", [{}, {"token": None, "auth": lambda _: True}])
def test_a_failing_teardown_leaves_our_answer(
    build: Build, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    host = Teardown(fails=True)
    app = build(host, **settings)
    answer = app.test_client().get(f"{API}/workers", headers=BEARER)
    assert answer.status_code == 200
    assert answer.is_json
    assert "nothing to close" in caplog.text
    with pytest.raises(RuntimeError, match="nothing to close"):
        app.test_client().get("/health")
    begun_and_ended(app)


def begun_and_ended(app: Flask) -> None:
    """Each request that was begun has ended: else the process would never be read again."""
    history = app.extensions["heapview"].level_history
    assert next(history._begun) == next(history._ended)


def test_nothing_of_ours_is_the_apps_traffic(build: Build) -> None:
    seen: list[str] = []

    def count(app: Flask) -> None:
        app.before_request(lambda: seen.append("before"))
        app.teardown_request(lambda _: seen.append("after"))

    app = build(count)
    for name in SIGNALS:
        getattr(signals, name).connect(lambda _, **__: seen.append("signal"), app, weak=False)
    client = app.test_client()
    for path in (f"{API}/workers", f"{PREFIX}/", f"{PREFIX}/nothing", f"{API}/no/such", PREFIX):
        client.get(path, headers=BEARER)
        client.put(path)
    assert seen == []
    assert app.extensions["heapview"].requests() == {}
    client.get("/health")
    client.get("/missing")
    assert app.extensions["heapview"].requests() == {"health": 1, "(no route)": 1}
    assert {"before", "after", "signal"} == set(seen)
    begun_and_ended(app)


def test_a_request_that_never_began_does_not_end(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build()
    monkeypatch.setattr(app.session_interface, "open_session", lambda *_: 1 / 0)
    assert app.test_client().get("/health").status_code == 500
    begun_and_ended(app)
