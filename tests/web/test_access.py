"""Who may come in, and what a stranger learns: nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from ..helpers import API, BEARER, PREFIX, TOKEN, capture

HTML = {"Accept": "text/html"}


def csrf_of(page: Any) -> str:
    found = re.search(r'<meta name="csrf" content="([0-9a-f]{64})">', page.text)
    assert found
    return found[1]


def sign_in(client: Any, token: str = TOKEN, **more: Any) -> Any:
    return client.post(f"{PREFIX}/login", data={"token": token}, **more)


def test_the_cookie_opens_pages_and_api(client: Any) -> None:
    answer = sign_in(client)
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Path={PREFIX}" in cookie
    assert TOKEN not in cookie
    assert client.get(f"{PREFIX}/").status_code == 200
    assert client.get(f"{API}/workers").status_code == 200
    assert "Secure" not in cookie
    secure = sign_in(client, base_url="https://localhost")
    assert "Secure" in secure.headers["Set-Cookie"]


def test_signing_out_ends_it(client: Any) -> None:
    sign_in(client)
    page = client.get(f"{PREFIX}/")
    client.post(f"{PREFIX}/logout", data={"csrf_token": csrf_of(page)})
    assert client.get(f"{PREFIX}/").status_code == 303


def signed_out_cookie(client: Any) -> str:
    """A cookie that was good, and was then signed out."""
    sign_in(client)
    cookie = client.get_cookie("heapview_session", path=PREFIX)
    assert cookie is not None
    page = client.get(f"{PREFIX}/")
    assert client.post(f"{PREFIX}/logout", data={"csrf_token": csrf_of(page)}).status_code == 303
    return str(cookie.value)


def test_signing_out_voids_the_cookie_in_every_worker(make_app: Callable[..., Flask]) -> None:
    one, other = make_app().test_client(), make_app().test_client()
    kept = signed_out_cookie(one)
    for client in (one, other):
        client.set_cookie("heapview_session", kept, path=PREFIX)
        assert client.get(f"{API}/workers").status_code == 401
    assert sign_in(one).status_code == 303
    assert one.get(f"{API}/workers").status_code == 200


def test_no_number_of_sign_outs_brings_a_cookie_back(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_heapview.web.signed_out.MAX_COOKIES", 2)
    for kept in [signed_out_cookie(client) for _ in range(5)]:
        client.set_cookie("heapview_session", kept, path=PREFIX)
        assert client.get(f"{API}/workers").status_code == 401


@pytest.mark.parametrize("value", ["", "x.y.z", "IiI.ZZZ.AAA", "🙂"])
def test_forged_cookies_are_nothing(client: Any, value: str) -> None:
    client.set_cookie("heapview_session", value, path=PREFIX)
    assert client.get(f"{API}/workers").status_code == 401


def test_another_token_voids_the_cookie(make_app: Callable[..., Flask]) -> None:
    client = make_app().test_client()
    sign_in(client)
    cookie = client.get_cookie("heapview_session", path=PREFIX)
    assert cookie is not None
    other = make_app(token="another-token-entirely").test_client()
    other.set_cookie("heapview_session", cookie.value, path=PREFIX)
    assert other.get(f"{API}/workers").status_code == 401


def test_changes_by_cookie_need_the_csrf_token(client: Any) -> None:
    sign_in(client)
    token = csrf_of(client.get(f"{PREFIX}/"))
    url = f"{API}/allocations"
    assert client.post(url, json={"mode": "off"}).status_code == 403
    wrong = {"X-CSRF-Token": "0" * 64}
    assert client.post(url, json={"mode": "off"}, headers=wrong).status_code == 403
    right = {"X-CSRF-Token": token}
    assert client.post(url, json={"mode": "off"}, headers=right).status_code == 200
    assert client.post(f"{PREFIX}/tracing", data={"mode": "off"}).status_code == 403
    form = {"mode": "off", "csrf_token": token}
    assert client.post(f"{PREFIX}/tracing", data=form).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_changes_from_another_site_are_refused(client: Any, headers: dict[str, str]) -> None:
    sign_in(client)
    token = csrf_of(client.get(f"{PREFIX}/"))
    form = {"mode": "off", "csrf_token": token}
    assert client.post(f"{PREFIX}/tracing", data=form, headers=headers).status_code == 403
    assert sign_in(client, headers=headers).status_code == 403
    same = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post(f"{PREFIX}/tracing", data=form, headers=same).status_code == 303


def test_nothing_changes_by_get(client: Any) -> None:
    sign_in(client)
    for path in ("capture", "tracing", "collect", "logout"):
        assert client.get(f"{PREFIX}/{path}").status_code in (404, 405)


def test_the_login_page_says_what_is_wrong_and_keeps_the_way(client: Any) -> None:
    page = client.get(f"{PREFIX}/report?base=x&target=y")
    assert page.status_code == 303
    form = client.get(page.headers["Location"])
    assert form.status_code == 200
    assert 'value="/_debug/memory/report?base=x&amp;target=y"' in form.text
    failed = sign_in(client, "wrong")
    assert failed.status_code == 401
    assert "Wrong token" in failed.text
    assert "wrong" not in failed.text


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/",
        "//evil.example",
        "/elsewhere",
        "/_debug/memory/\\evil",
        "javascript:x",
        "/_debug/memory/\r\nSet-Cookie: a=b",
        "/_debug/memory/\n",
        "http://[",
    ],
)
def test_the_way_after_sign_in_stays_here(client: Any, following: str) -> None:
    answer = client.post(f"{PREFIX}/login", data={"token": TOKEN, "next": following})
    assert answer.headers["Location"] == f"{PREFIX}/"
    good = {"token": TOKEN, "next": f"{PREFIX}/report?a=1"}
    assert client.post(f"{PREFIX}/login", data=good).headers["Location"].endswith("/report?a=1")


def test_every_attempt_is_in_the_audit_log(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flask_heapview.audit"):
        client.get(f"{API}/workers")
        client.get(f"{API}/workers", headers=BEARER)
        client.get(f"{API}/workers/%0Aforged line", headers=BEARER)
    lines = [r.getMessage() for r in caplog.records if r.name == "flask_heapview.audit"]
    assert "by nobody: denied or failed (401)" in lines[0]
    assert "by token: allowed (200)" in lines[1]
    assert all("\n" not in line for line in lines)
    assert TOKEN not in caplog.text


def test_an_unknown_host_is_refused(make_app: Callable[..., Flask]) -> None:
    client = make_app(hosts="shop.example,localhost").test_client()
    assert client.get(f"{API}/workers", headers=BEARER).status_code == 200
    evil = {"base_url": "http://evil.example"}
    assert client.get(f"{API}/workers", headers=BEARER, **evil).status_code == 403
    assert client.get(f"{PREFIX}/login", **evil).status_code == 403


def test_hosts_are_compared_as_browsers_send_them(make_app: Callable[..., Flask]) -> None:
    client = make_app(hosts="Shop.Example, [::1]:8000").test_client()
    for host in ("shop.example", "SHOP.example:8080", "[::1]", "[::1]:8000"):
        there = {"base_url": f"http://{host}"}
        assert client.get(f"{API}/workers", headers=BEARER, **there).status_code == 200, host
    for host in ("evil.example", "[::2]", "shop.example.evil.example"):
        there = {"base_url": f"http://{host}"}
        assert client.get(f"{API}/workers", headers=BEARER, **there).status_code == 403, host


class TestAuthCallable:
    """The app's own sign-in in place of the token."""

    def client(self, make_app: Callable[..., Flask], answer: Any) -> Any:
        return make_app(token=None, auth=lambda _: answer).test_client()

    @pytest.mark.parametrize(
        "answer", [False, None, 0, "yes", set(), {"other"}, [["view"]], [{}], (1, None)]
    )
    def test_only_true_and_scopes_open(self, make_app: Callable[..., Flask], answer: Any) -> None:
        client = self.client(make_app, answer)
        assert client.get(f"{API}/workers").status_code == 401
        page = client.get(f"{PREFIX}/")
        assert page.status_code == 401
        assert "access control (HEAPVIEW_AUTH)" in page.text
        assert client.get(f"{PREFIX}/login").status_code == 404
        assert client.post(f"{PREFIX}/login", data={"token": ""}).status_code == 404

    def test_true_opens_all(self, make_app: Callable[..., Flask]) -> None:
        client = self.client(make_app, True)
        page = client.get(f"{PREFIX}/")
        assert page.status_code == 200
        form = {"mode": "off", "csrf_token": csrf_of(page)}
        assert client.post(f"{PREFIX}/tracing", data={"mode": "off"}).status_code == 403
        assert client.post(f"{PREFIX}/tracing", data=form).status_code == 303
        assert client.post(f"{API}/allocations", json={"mode": "off"}).status_code == 200
        plain = client.post(f"{API}/allocations", data='{"mode": "off"}')
        assert plain.status_code == 403

    def test_scopes_limit(self, make_app: Callable[..., Flask]) -> None:
        client = self.client(make_app, {"view"})
        assert client.get(f"{API}/workers").status_code == 200
        assert client.post(f"{API}/snapshots", json={}).status_code == 403
        assert client.get(f"{API}/report?target=x").status_code == 403

    def test_the_bearer_token_means_nothing_then(self, make_app: Callable[..., Flask]) -> None:
        client = self.client(make_app, False)
        assert client.get(f"{API}/workers", headers=BEARER).status_code == 401


def test_a_bug_of_ours_gives_nothing_away(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    inspector = app.extensions["heapview"].inspector

    def fail() -> None:
        raise RuntimeError("a secret value")

    monkeypatch.setattr(inspector, "status", fail)
    client = app.test_client()
    answer = client.get(f"{API}/status", headers=BEARER)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    sign_in(client)
    page = client.get(f"{PREFIX}/")
    assert page.status_code == 500
    assert "secret" not in page.text
    assert client.get("/health").text == "ok"


def test_forms_do_what_they_say(client: Any) -> None:
    sign_in(client)
    token = csrf_of(client.get(f"{PREFIX}/"))

    def post(path: str, **fields: str) -> Any:
        return client.post(f"{PREFIX}/{path}", data={"csrf_token": token, **fields})

    made = capture(client, label="kept")["id"]
    assert post(f"snapshots/{made}/pin", pinned="1").status_code == 303
    assert client.get(f"{API}/snapshots/{made}").json["pinned"]
    assert post(f"snapshots/{made}/pin", pinned="0").status_code == 303
    assert "unreachable objects found" in post("collect").text
    assert post("tracing", mode="exact", frames="x").status_code == 400
    assert post("tracing", mode="exact", frames="2").status_code == 303
    assert post("tracing", mode="off").status_code == 303
    assert post("capture", label="<b>").status_code == 303
    page = client.get(f"{PREFIX}/")
    assert "<b>" not in page.text
    assert post(f"snapshots/{made}/forget").status_code == 303
    assert client.get(f"{API}/snapshots/{made}").status_code == 404


def test_an_unusable_directory_is_said(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    client = make_app(dir=str(tmp_path / "open")).test_client()
    answer = client.get(f"{API}/workers", headers=BEARER)
    assert answer.status_code == 507
    assert "chmod 700" in answer.json["detail"]
    stranger = client.get(f"{API}/workers")
    assert stranger.status_code == 401
    assert str(tmp_path) not in stranger.text
    assert client.get("/health").text == "ok"


def test_without_a_fork_the_page_says_what_it_will_cost(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_heapview.isolation import forked_child

    monkeypatch.setattr(forked_child, "can_fork", lambda: False)
    status = client.get(f"{API}/status", headers=BEARER).json["capture"]
    assert status["mode"] == "in-process"
    assert status["estimate"]["stall_seconds"] == status["estimate"]["seconds"]
    assert "in-process" in client.get(f"{PREFIX}/", headers=BEARER).text
