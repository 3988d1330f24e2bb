"""Ten thousand requests of a dice: whatever is sent, nothing of ours breaks.

HEAPVIEW_SLOW=1 makes it a hundred thousand.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Request

from flask_heapview import HeapView
from flask_heapview.allocations import tracing
from flask_heapview.process.collector import PAUSES
from flask_heapview.service.service import EXTENSION, Service
from flask_heapview.web.access import ACCESS

from ..helpers import BEARER, PREFIX, TOKEN, answered_here, wait_until
from ..run_isolated import alone
from .fuzz import AUTHORIZATIONS, COOKIES, SCOPES, Dice
from .other_worker import as_own, copy_for_another_worker

SEEDS = [n if n < 1 else pytest.param(n, marks=pytest.mark.slow) for n in range(5)]
REQUESTS = 20_000 if os.environ.get("HEAPVIEW_SLOW") else 2_000  # for each seed
MEND_EVERY = 40  # requests
MEANT = 503  # busy with other questions
SCOPES_ASKED = "HTTP_X_SCOPES"
# what costs as much as a hundred refusals is drawn more seldom
DEAR = (
    *("collect", "trim", "watch", "capture", "report", "diff", "compare", "across"),
    *("overview", "schema", "opinion", "ticket"),
)


SNAPSHOTS = """
from tests.helpers import capture
from tests.web.contract_shop import make_shop, say_ids

client = make_shop(sys.argv[1], show_values=True).test_client()
kinds = ("ownership", "ownership", "graph")
say_ids([capture(client, kind=kind)["id"] for kind in kinds])
"""


class Target:
    """Two apps that share a store: one with a token, one that asks the app who it is."""

    def __init__(self, home: Path) -> None:
        self.store = home / "heapview"
        self.by_token = self._app(token=TOKEN)
        self.by_auth = self._app(auth=_scopes_of)
        apps = self.by_token, self.by_auth
        self.services: list[Service] = [app.extensions[EXTENSION] for app in apps]
        store = self.services[0].store
        # of a small process: on a test runner's heap each answer takes ten times as long
        as_own(self.services[0], alone(SNAPSHOTS, str(self.store)))
        copy_for_another_worker(store, store.listing()[-1].id)
        good = [path.stem for path in self.store.glob("2*.snapshot")]
        self._damage()
        self._kept = {path: path.read_bytes() for path in self.store.glob("2*.*")}
        damaged = sorted({path.name.split(".")[0] for path in self._kept})
        self.ids = [*good * 3, *damaged]
        self.cookie = self._sign_in()

    @property
    def signed_in(self) -> bool:
        """Whether the cookie still opens anything: it may have been signed out."""
        access = self.by_token.extensions[ACCESS]
        return access._cookie(self.cookie[0]) is not None

    def _app(self, **who: Any) -> Flask:
        app = Flask("shop")
        app.secret_key = "a key"
        app.add_url_rule("/health", "health", lambda: "ok")
        HeapView(app, dir=str(self.store), request_name="graphql", show_values=True, **who)
        return app

    def _damage(self) -> None:
        """Beside the good snapshots: one cut short, one of another version, one without a head."""
        good = min(self.store.glob("*.snapshot"), key=lambda path: path.stat().st_size)
        data = good.read_bytes()
        for number, made in enumerate((data[:-9], data.replace(b"/1", b"/99", 1), b"\x00" * 99)):
            (self.store / f"20260101-00000{number}-0123abcd.snapshot").write_bytes(made)
        (self.store / "20260101-000009-0123abcd.failed").write_bytes(b"[")
        (self.store / "20260101-000009-0123abcd.running").write_bytes(b'{"id":1}')

    def _sign_in(self) -> tuple[str, str]:
        client = self.by_token.test_client()
        client.post(f"{PREFIX}/login", data={"token": TOKEN})
        page = client.get(f"{PREFIX}/").text
        csrf = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        found = client.get_cookie("heapview_session", path=PREFIX)
        assert found is not None
        assert csrf
        return found.value, csrf

    def mend(self) -> None:
        """Puts back what was deleted."""
        if not self.signed_in:
            self.cookie = self._sign_in()
        for path, data in self._kept.items():
            if not path.exists():
                path.write_bytes(data)

    def calm(self) -> None:
        """Ends what was begun."""
        if tracing.mode() != "off":
            tracing.switch("off")
        for service in self.services:
            watch = service.inspector.watching()
            if watch is not None and watch.state == "running":
                service.inspector.unwatch()

    def end(self) -> None:
        self.calm()
        wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("heapview")])


def _scopes_of(req: Request) -> object:
    """The app's answer to who it is, as the request itself wants it."""
    words = str(req.environ.get(SCOPES_ASKED, ""))
    strange = {"none": None, "seven": 7, "text": "view", "mixed": ["view", 7], "one": 1}
    if words == "fails":
        raise RuntimeError("the app's own failure")
    return strange[words] if words in strange else True if words == "all" else set(words.split())


def sign(dice: Dice, environ: dict[str, Any], target: Target) -> Flask:
    """Gives the request an identity, or what looks like one."""
    who = dice.random.randrange(10)
    if who < 4:
        environ["HTTP_AUTHORIZATION"] = BEARER["Authorization"]
    elif who < 6:
        cookie, csrf = target.cookie
        environ["HTTP_COOKIE"] = f"heapview_session={cookie}"
        if dice.chance(0.8):
            environ["HTTP_X_CSRF_TOKEN"] = csrf
    elif who < 8:
        words = [*SCOPES, "all", "none", "seven", "text", "mixed", "one", "fails", ""]
        environ[SCOPES_ASKED] = dice.one([*words, "view capture", "view export values"])
        return target.by_auth
    elif who == 8:
        if dice.chance(0.7):
            environ["HTTP_AUTHORIZATION"] = dice.one(AUTHORIZATIONS)
        if dice.chance(0.7):
            environ["HTTP_COOKIE"] = dice.one(COOKIES)
    return target.by_token


def send(app: Flask, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """What the server would get."""
    began: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Any:
        began[:] = [int(status.split()[0]), headers]

    answer = app.wsgi_app(environ, start)
    try:
        data = b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
    status, headers = began
    for name, value in headers:
        assert (name + value).isprintable(), (name, value)
        assert (name + value).encode("latin-1")
    return status, dict(headers), data


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    made = Target(tmp_path_factory.mktemp("fuzz"))
    with answered_here():
        yield made
        made.end()
    PAUSES.remove()


class Failures(logging.Handler):
    """What our log says of failures, but for those that the app is to blame for."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "HEAPVIEW_AUTH failed" not in record.getMessage():
            self.texts.append(self.format(record))


@pytest.fixture
def failures() -> Iterator[Failures]:
    log, made = logging.getLogger("flask_heapview"), Failures()
    log.addHandler(made)
    log.propagate = False
    yield made
    log.propagate = True
    log.removeHandler(made)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_sent(seed: int, target: Target, failures: Failures) -> None:
    rules = [
        r for r in target.by_token.url_map.iter_rules() if target.services[0].is_own(r.endpoint)
    ]
    cheap = [r for r in rules if not any(word in r.endpoint for word in DEAR)]
    dice, answers = Dice(seed, cheap * 8 + rules, target.ids, PREFIX), Counter[int]()
    for number in range(REQUESTS):
        environ = dice.environ()
        app = sign(dice, environ, target)
        told = {k: v for k, v in environ.items() if not k.startswith("wsgi.") and v}
        body = environ["wsgi.input"].getvalue()[:200]
        status, headers, data = send(app, environ)
        answers[status] += 1
        if failures.texts or (status >= 500 and status != MEANT):
            words = "\n".join(failures.texts)
            pytest.fail(f"{seed}, {number}: {status}, {told}, {body!r}, {data[:300]!r}\n{words}")
        if headers.get("Content-Type") == "application/problem+json" and data:
            assert json.loads(data)["status"] == status
        target.calm()
        if number % MEND_EVERY == 0:
            target.mend()
    assert answers[200] > REQUESTS / 25
    assert {303, 400, 401, 403, 404, 405} <= set(answers)
