"""A real Prometheus scrapes a real gunicorn: every worker in every scrape."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from ..helpers import BEARER, PREFIX, ROOT, TOKEN, needs, unmeasured, wait_until
from ..live_server import Server, Traffic, serving
from .apps import LEAKY

WORKERS = 4
PAGE = ROOT / "docs" / "metrics.md"
NOT_INSTALLED = "Debian's package prometheus is not installed"
CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: shop
    metrics_path: {path}
    authorization:
      credentials_file: {token}
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""
Samples = dict[float, float]  # values by time


class Prometheus:
    """Debian's, with a database of its own."""

    def __init__(self, home: Path, target: Server) -> None:
        home.mkdir()
        token = home / "token"
        token.write_text(TOKEN)
        config = home / "prometheus.yml"
        config.write_text(CONFIG.format(path=f"{PREFIX}/metrics", token=token, port=target.port))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log = home / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={home / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=unmeasured(),
            )

    def query(self, query: str) -> list[dict[str, Any]]:
        """The series of an answer; nothing while it starts."""
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        words = urllib.parse.urlencode({"query": query})
        address = f"http://127.0.0.1:{self.port}/api/v1/query?{words}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        except OSError:
            return []
        return found

    def value(self, query: str) -> float:
        """The one value of an answer."""
        (series,) = self.query(query)
        return float(series["value"][1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@contextlib.contextmanager
def scraping(home: Path, target: Server) -> Iterator[Prometheus]:
    made = Prometheus(home, target)
    try:
        yield made
    finally:
        made.stop()


@contextlib.contextmanager
def shop(home: Path) -> Iterator[Server]:
    """Four workers, all of them listed."""
    options = ("--workers", str(WORKERS), "--threads", "4")
    with serving(home, LEAKY, "gthread", *options, HEAPVIEW_METRICS="on") as server:
        wait_until(lambda: len(values(server, "heapview_worker_up")) == WORKERS, 60, "the workers")
        yield server


def samples_of(found: dict[str, Any]) -> Samples:
    return {float(at): float(value) for at, value in found["values"]}


def scrape(server: Server) -> list[Any]:
    """The samples of one scrape."""
    status, text, headers = server.call("GET", f"{PREFIX}/metrics", token=True)
    assert status == 200, text
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    families = text_string_to_metric_families(text.decode())
    return [sample for family in families for sample in family.samples]


def values(server: Server, name: str) -> dict[str, float]:
    """Of one metric, by worker."""
    return {s.labels["worker"]: s.value for s in scrape(server) if s.name == name}


@pytest.mark.parametrize("scrapes", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_every_worker_is_in_every_scrape(scrapes: int, tmp_path: Path) -> None:
    needs(shutil.which("prometheus"), NOT_INSTALLED)
    with shop(tmp_path) as server, scraping(tmp_path / "prometheus", server) as prometheus:
        with Traffic(server, "/leak/{i}") as traffic:

            def enough() -> bool:
                found = prometheus.query("up[10m]")
                return bool(found) and len(found[0]["values"]) >= scrapes

            wait_until(enough, scrapes + 60, f"{scrapes} scrapes")
        assert traffic.failed == 0
        assert traffic.answered > scrapes
        (found,) = prometheus.query("up[10m]")
        up = samples_of(found)
        assert set(up.values()) == {1.0}
        for name in ("heapview_worker_up", "process_resident_memory_bytes"):
            rows = {s["metric"]["worker"]: samples_of(s) for s in prometheus.query(f"{name}[10m]")}
            assert sorted(rows) == ["1", "2", "3", "4"]
            for row in rows.values():
                assert set(up) <= set(row)
                least = 1.0 if name == "heapview_worker_up" else 10e6
                assert min(row.values()) >= least
        assert prometheus.value("sum(heapview_requests_total{endpoint='leak'})") > scrapes
        assert prometheus.value("min(sum by (worker) (python_gc_collections_total))") > 0
        assert prometheus.value("min(heapview_python_used_bytes)") > 1e6


def test_the_documentation_is_understood_by_prometheus(tmp_path: Path) -> None:
    needs(shutil.which("promtool"), NOT_INSTALLED)
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    queries = [text for kind, text in blocks if kind == "promql"]
    assert len(queries) >= 7
    alerts = [{"alert": f"Alert{n}", "expr": query} for n, query in enumerate(queries)]
    rules = tmp_path / "rules.yml"  # JSON is YAML
    rules.write_text(json.dumps({"groups": [{"name": "documented", "rules": alerts}]}))
    promtool("check", "rules", str(rules))
    (config,) = [text for kind, text in blocks if kind == "yaml"]
    (tmp_path / "prometheus.yml").write_text(config)
    promtool("check", "config", "--syntax-only", str(tmp_path / "prometheus.yml"))


def test_prometheus_finds_no_fault_with_the_names(tmp_path: Path) -> None:
    needs(shutil.which("promtool"), NOT_INSTALLED)
    with shop(tmp_path) as server:
        address = f"http://127.0.0.1:{server.port}{PREFIX}/metrics"
        asked = urllib.request.Request(address, headers={**BEARER, "Accept": "text/plain"})
        with urllib.request.urlopen(asked, timeout=30) as found:
            answer = found.read().decode()
    assert "# TYPE heapview_worker_up gauge" in answer
    promtool("check", "metrics", text=answer)


def promtool(*words: str, text: str = "") -> None:
    done = subprocess.run(
        ["promtool", *words], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


KINDS = {
    "sync": ("sync",),
    "preloaded": ("gthread", "--threads", "4", "--preload"),
    "gevent": ("gevent",),
}


@pytest.mark.slow
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_each_kind_of_worker_tells_of_all(options: tuple[str, ...], tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", "2", HEAPVIEW_METRICS="on") as server:
        wait_until(lambda: sum(values(server, "heapview_worker_up").values()) == 2, 60)
        for number in range(40):
            assert server.get(f"/leak/{number}")[0] == 200
        for _ in range(10):
            found = scrape(server)
            assert [s.value for s in found if s.name == "heapview_worker_up"] == [1.0, 1.0]
            served = [s for s in found if s.name == "heapview_requests_total"]
            assert sum(s.value for s in served if s.labels["endpoint"] == "leak") == 40
            unique = [s.value for s in found if s.name == "heapview_unique_memory_bytes"]
            resident = [s.value for s in found if s.name == "process_resident_memory_bytes"]
            assert all(
                0 < one <= all_of_it for one, all_of_it in zip(unique, resident, strict=True)
            )


def test_a_stuck_worker_is_down_and_the_others_are_not(tmp_path: Path) -> None:
    with shop(tmp_path) as server:
        pids = {
            s.labels["worker"]: int(s.labels["pid"])
            for s in scrape(server)
            if s.name == "heapview_worker_info"
        }
        os.kill(pids["2"], signal.SIGSTOP)
        try:

            def answered() -> dict[str, float]:
                return values(server, "heapview_worker_up")

            began = time.monotonic()
            found = wait_until(answered, 60, "a scrape")
            assert time.monotonic() - began < 10
            assert found == {"1": 1.0, "2": 0.0, "3": 1.0, "4": 1.0}
            assert sorted(values(server, "process_resident_memory_bytes")) == ["1", "3", "4"]
        finally:
            os.kill(pids["2"], signal.SIGCONT)
        wait_until(lambda: sum(values(server, "heapview_worker_up").values()) == WORKERS)


def suspects(server: Server) -> list[Any]:
    return [s for s in scrape(server) if s.name == "heapview_suspect_bytes_per_request"]


@pytest.mark.usefixtures("judges_growth")
@pytest.mark.slow
def test_suspects_are_told_until_their_snapshot_or_worker_goes(tmp_path: Path) -> None:
    with shop(tmp_path) as server:
        assert suspects(server) == []
        ids = []
        for _ in range(3):
            ids.append(server.capture(worker="3")["id"])
            for number in range(400):
                assert server.get(f"/leak/{len(ids) * 1000 + number}")[0] == 200
        pair = f"/report?base={ids[0]}&target={ids[2]}"
        report = server.api("GET", pair)[1]
        assert report["verdict"] == "leak", report
        (top,) = [
            s for s in suspects(server) if s.labels["cause"] == report["suspects"][0]["cause"]
        ]
        assert top.labels == {
            "worker": "3",
            "cause": "unbounded-container",
            "fingerprint": report["suspects"][0]["fingerprint"],
        }
        assert top.value == report["suspects"][0]["growing"]["per_request"]["bytes"]
        kept = list((tmp_path / "heapview").glob("worker-*.suspects"))
        assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
        assert server.api("DELETE", f"/snapshots/{ids[1]}")[0] == 204
        assert suspects(server)
        assert server.api("DELETE", f"/snapshots/{ids[2]}")[0] == 204
        assert suspects(server) == []
        assert not list((tmp_path / "heapview").glob("worker-*.suspects"))
        server.api("GET", f"/report?base={ids[0]}&target={server.capture(worker='3')['id']}")
        (file,) = (tmp_path / "heapview").glob("worker-*.suspects")
        os.kill(int(file.name.removeprefix("worker-").partition("-")[0]), signal.SIGKILL)

        def gone() -> bool:
            with contextlib.suppress(OSError, http.client.HTTPException):  # it may have asked it
                scrape(server)
            return not file.exists()

        wait_until(gone, 60, "the file of the worker that was killed to go")
        assert suspects(server) == []
