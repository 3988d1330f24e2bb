"""Does a route leak? In tests, on the command line, and against a running service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flask_heapview.errors import BadRequest
from flask_heapview.leakcheck.checker import check

from ..e2e.apps import LEAKY
from ..helpers import ROOT, TOKEN, unmeasured
from ..live_server import serving

pytest_plugins = ["pytester"]
BARE = LEAKY.replace("from flask_heapview import HeapView\n", "").replace("HeapView(app)\n", "")
HEALTHY = """
@app.get("/bounded/<int:number>")
def bounded(number):
    recent[number % 40] = [str(number)] * 30
    return str(len(recent))


@app.get("/circle/<int:number>")
def circle(number):
    node = {"number": number}
    node["self"] = node
    return "round"


@app.get("/broken/<int:number>")
def broken(number):
    return "no", 500


recent = {}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(BARE + HEALTHY)
    return tmp_path


def flask(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "shop", "heapview", "check", *arguments],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_leaking_route_is_named(shop: Path) -> None:
    done = flask(shop, "/leak/{n}", "--requests", "150")
    assert done.returncode == 1, done.stderr
    assert "shop.kept gained 150 entries" in done.stdout
    assert "150 requests" in done.stdout
    assert "leak: 188 times 200" in done.stdout


def test_a_mounted_app_names_its_requests(tmp_path: Path) -> None:
    named = LEAKY.replace("HeapView(app)", "HeapView(app, request_name=lambda asked: 'sort')")
    (tmp_path / "shop.py").write_text(named)
    env = {"HEAPVIEW_TOKEN": TOKEN, "HEAPVIEW_DIR": str(tmp_path / "heapview")}
    done = flask(tmp_path, "/leak/{n}", "--requests", "150", **env)
    assert done.returncode == 1, done.stderr
    assert "while serving leak: sort 100 %" in done.stdout


def test_healthy_routes_are_not(shop: Path) -> None:
    done = flask(shop, "/fine/{n}", "/bounded/{n}", "/circle/{n}", "--requests", "450")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no-leak: 562 times 200" in done.stdout


def test_the_ticket(shop: Path) -> None:
    done = flask(shop, "/leak/{n}", "/fine/{n}", "--requests", "200", "--json")
    report = json.loads(done.stdout)
    assert report["verdict"] == "leak"
    assert report["suspects"][0]["holder"]["path"] == "shop.kept"
    assert report["suspects"][0]["endpoints"][0]["endpoint"] == "leak"
    assert report["interval"]["endpoints"] == {"leak": 100, "fine": 100}


def test_what_cannot_be_told_is_said(shop: Path) -> None:
    for arguments, words in (
        (["/broken/{n}"], "Most answers were errors"),
        (["/leak/{n}", "--requests", "5"], "At least 30"),
        (["/leak/{n}", "--url", "127.0.0.1:9", "--token", "x"], "must begin with http"),
        (["/leak/{n}", "--url", "http://127.0.0.1:9", "--token", "x"], "does not answer"),
        (["/leak/{n}", "--url", "http://127.0.0.1:9"], "needs a token"),
    ):
        done = flask(shop, *arguments)
        assert done.returncode == 1
        assert words in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


def test_a_running_service(tmp_path: Path, shop: Path) -> None:
    home = tmp_path / "service"
    home.mkdir()
    with serving(home, LEAKY, "gthread", "--threads", "4") as server:
        url = f"http://127.0.0.1:{server.port}"
        leak = flask(shop, "/leak/{n}", "--url", url, "--requests", "150", HEAPVIEW_TOKEN=TOKEN)
        fine = flask(shop, "/fine/{n}", "--url", url, "--requests", "150", HEAPVIEW_TOKEN=TOKEN)
        wrong = flask(shop, "/fine/{n}", "--url", url, "--token", "wrong")
    assert leak.returncode == 1, leak.stdout + leak.stderr
    assert "dict app.kept gained" in leak.stdout
    assert "while serving leak 100 %" in leak.stdout
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert wrong.returncode == 1
    assert "token" in wrong.stderr.lower()


@pytest.fixture
def apart(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own, whose tests are not measured."""
    for name in os.environ.keys() - unmeasured().keys():
        monkeypatch.delenv(name)
    return pytester


def test_the_fixture(apart: pytest.Pytester) -> None:
    apart.makepyfile(
        shop=BARE + HEALTHY,
        conftest="""
        import pytest
        from flask import Flask

        @pytest.fixture
        def client():
            app = Flask("made-by-a-fixture")  # nobody but pytest holds it
            app.config["SEEN"] = {}

            @app.get("/see/<int:number>")
            def see(number):
                app.config["SEEN"][number] = [str(number)] * 30
                return "seen"

            @app.get("/say/<int:number>")
            def say(number):
                app.logger.warning("number %s", number)  # pytest notes each record
                return "said"
            return app.test_client()
        """,
        test_shop="""
        from shop import app

        def test_held_by_a_fixture(client, assert_no_leak):
            assert_no_leak(lambda n: client.get(f"/see/{n}"), requests=90)

        def test_logged(client, assert_no_leak):
            assert_no_leak(lambda n: client.get(f"/say/{n}"), requests=90)

        def test_leak(assert_no_leak):
            client = app.test_client()
            assert_no_leak(lambda n: client.get(f"/leak/{n}"), requests=90)

        def test_fine(assert_no_leak):
            client = app.test_client()
            assert_no_leak(lambda n: client.get(f"/bounded/{n}"), requests=90)

        def test_no_flask_at_all(assert_no_leak):
            kept = []
            assert_no_leak(lambda n: kept.append([n] * 50), requests=90)
        """,
    )
    # in a process of its own: this one measures, and is full of what other tests have left
    result = apart.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["*dict shop.kept gained 90 entries*"])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.slow
def test_the_fixture_does_not_flicker(apart: pytest.Pytester) -> None:
    apart.makepyfile(
        shop=BARE + HEALTHY,
        test_shop="""
        import pytest
        from shop import app

        @pytest.mark.parametrize("turn", range(50))
        @pytest.mark.parametrize("route", ["fine", "bounded", "circle"])
        def test_fine(assert_no_leak, turn, route):
            client = app.test_client()
            assert_no_leak(lambda n: client.get(f"/{route}/{n}"), requests=90)

        @pytest.mark.parametrize("turn", range(50))
        def test_leak(assert_no_leak, turn):
            client = app.test_client()
            with pytest.raises(pytest.fail.Exception, match="shop.kept"):
                assert_no_leak(lambda n: client.get(f"/leak/{turn * 1000 + n}"), requests=90)
        """,
    )
    result = apart.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=200)


CALLED = """
import json
from flask import Flask
from flask_heapview.leakcheck.checker import check, in_words

app, kept = Flask("shop"), []

@app.get("/<int:number>")
def keep(number):
    kept.append({"number": number, "text": "x" * 500})
    return "kept"

client = app.test_client()
report = check(lambda n: client.get(f"/{n}"), 120)
top = report.suspects[0]
print(json.dumps([report.verdict, top.holder.path, top.endpoints[0].endpoint,
                  report.interval.endpoints, in_words(report)]))
"""


def test_it_can_be_called() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    verdict, path, endpoint, served, words = json.loads(done.stdout)
    assert (verdict, path, endpoint) == ("leak", "__main__.kept", "keep")
    assert served == {"keep": 120}
    assert "What to do:" in words


def test_too_few_calls() -> None:
    with pytest.raises(BadRequest, match="At least 30"):
        check(lambda n: n, 3)
