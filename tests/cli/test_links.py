"""What may stand at an address, what is refused, and which place counts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from flask_heapview.cli.http_link import HttpLink
from flask_heapview.cli.main import program
from flask_heapview.errors import HeapViewError, Unreachable

TOKEN = "a-token-that-must-not-be-shown"
WORKER = {"id": "1-a", "pid": 1, "started_at": "2026-01-01T00:00:00Z", "number": 1}


class Fake(BaseHTTPRequestHandler):
    """Answers with what stands in `answers`, by method and path."""

    answers: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {}
    seen: ClassVar[list[tuple[str, str, str]]] = []  # method, path, Authorization

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        Fake.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
        found = Fake.answers.get(f"{self.command} {self.path}")
        status, headers, body = found or (404, {"Content-Type": "text/html"}, b"nothing")
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        pass


def problem(status: int, detail: str) -> tuple[int, dict[str, str], bytes]:
    return (
        status,
        {"Content-Type": "application/problem+json"},
        json.dumps({"detail": detail}).encode(),
    )


def good(value: Any) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@pytest.fixture
def url() -> Iterator[str]:
    Fake.answers, Fake.seen = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Fake) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/memory"
        server.shutdown()
        thread.join()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The console script without the settings of this machine."""
    for name in ("HEAPVIEW_DIR", "HEAPVIEW_URL", "HEAPVIEW_TOKEN", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def invoke(*words: object, code: int = 0, **env: str) -> Any:
        done = CliRunner().invoke(program, list(map(str, words)), env=env)
        assert done.exit_code == code, done.output
        assert TOKEN not in done.output
        return done

    return invoke


def test_a_redirect_is_not_followed(url: str, run: Callable[..., Any]) -> None:
    to = url.replace("/memory", "/sign-in")
    Fake.answers["GET /memory/api/v1/workers"] = 302, {"Location": to}, b""
    done = run("workers", "--url", url, code=1, HEAPVIEW_TOKEN=TOKEN)
    assert f"redirects to {to}" in done.output
    assert [path for _, path, _ in Fake.seen] == ["/memory/api/v1/workers"]


def test_a_page_in_its_place(url: str, run: Callable[..., Any]) -> None:
    Fake.answers["GET /memory/api/v1/workers"] = 200, {"Content-Type": "text/html"}, b"<p>Sign in"
    assert "must include the path" in run(
        "workers", "--url", url, code=1, HEAPVIEW_TOKEN=TOKEN
    ).output.replace("\n", " ")
    Fake.answers["GET /memory/api/v1/workers"] = good({"workers": 7})
    done = run("workers", "--url", url, code=1, HEAPVIEW_TOKEN=TOKEN)
    assert "The answer cannot be read" in done.output


def test_a_refusal_is_said_in_the_services_words(url: str, run: Callable[..., Any]) -> None:
    words = "A capture would need about 90 MB, and the container has 50 MB left."
    Fake.answers["GET /memory/api/v1/workers"] = good({"workers": [WORKER]})
    Fake.answers["POST /memory/api/v1/snapshots"] = problem(409, words)
    done = run("capture", "--url", url, code=1, HEAPVIEW_TOKEN=TOKEN)
    assert done.stderr == f"Error: {words}\n"
    assert done.stdout == ""
    Fake.answers["POST /memory/api/v1/snapshots"] = problem(409, "\x1b]0;owned\x07 no\r\nno")
    done = run("capture", "--url", url, code=1, HEAPVIEW_TOKEN=TOKEN)
    assert done.output.rstrip("\n").isprintable()


def test_where_the_token_comes_from(url: str, run: Callable[..., Any], tmp_path: Path) -> None:
    Fake.answers["GET /memory/api/v1/workers"] = good({"workers": []})
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    run("workers", "--url", url, "--token-file", file, HEAPVIEW_TOKEN="from-the-environment")
    run("--url", url, "workers", HEAPVIEW_TOKEN="from-the-environment")
    run("workers", "--token", "given", HEAPVIEW_URL=url, HEAPVIEW_TOKEN="from-the-environment")
    assert [given.removeprefix("Bearer ") for _, _, given in Fake.seen] == [
        "from-a-file",
        "from-the-environment",
        "given",
    ]
    assert "needs a token" in run("workers", "--url", url, code=1).output
    assert "cannot be read" in run("workers", "--url", url, "--token-file", "none", code=1).output


def test_what_contradicts_is_a_usage_error(
    url: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    run("workers", "--url", url, "--dir", tmp_path, code=2)
    run("workers", "--token", "x", code=2)
    run("workers", "--url", url, "--token", "x", "--token-file", "y", code=2)
    run("allocations", "on", "--frames", "0", code=2)
    run("no-such-command", code=2)


def test_what_is_named_counts_before_the_environment(
    url: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    done = run("workers", "--dir", tmp_path / "none", code=1, HEAPVIEW_URL=url)
    assert "No worker of a service is alive" in done.output
    assert Fake.seen == []
    assert "No live service was found" in run("workers", code=1).output


@pytest.mark.parametrize(
    "address",
    [
        "shop.example",
        "ftp://shop.example/",
        "https://",
        "http://[",
        "https://a:b@shop.example/",
        "https://shop.example/?token=x",
    ],
)
def test_an_address_that_cannot_be_meant(address: str) -> None:
    with pytest.raises(HeapViewError, match="The URL must be"):
        HttpLink(address, TOKEN)


def test_nobody_answers(run: Callable[..., Any]) -> None:
    link = HttpLink("http://127.0.0.1:9/memory", TOKEN)
    with pytest.raises(Unreachable, match="does not answer"):
        link.call("GET", "/workers")
    with pytest.raises(HeapViewError, match="cannot be sent"):
        HttpLink("http://127.0.0.1:9/memory", "a\nb")


def test_a_download_that_is_cut_short(url: str, tmp_path: Path, run: Callable[..., Any]) -> None:
    info = {
        "id": "20260101-000000-00000000",
        "state": "done",
        "worker": "1-a",
        "taken_at": "2026-01-01T00:00:00Z",
    }
    Fake.answers["GET /memory/api/v1/snapshots"] = good({"snapshots": [info], "damaged": []})
    path = f"GET /memory/api/v1/snapshots/{info['id']}/download"
    Fake.answers[path] = 200, {"Content-Length": "1000"}, b"only this"
    target = tmp_path / "out.snapshot"
    words = ("export", "--snapshot", info["id"], "--output", target, "--url", url)
    assert "does not answer" in run(*words, code=1, HEAPVIEW_TOKEN=TOKEN).output
    assert not target.exists()
    assert list(tmp_path.glob(".out*")) == []
