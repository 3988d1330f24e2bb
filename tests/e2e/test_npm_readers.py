"""Our files in programs that npm has: memlab's heap analysis, and speedscope's own page.

They are fetched once, into ~/.cache/flask-heapview.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask, send_from_directory
from werkzeug.serving import make_server

from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.cli.snapshots import StoredSnapshots
from flask_heapview.model.query import Export, TableQuery
from flask_heapview.reports.exports import export
from flask_heapview.store.snapshots import Store

from ..helpers import needs
from ..run_isolated import alone
from ..web.test_exports import SNAPSHOTS

pytestmark = pytest.mark.slow  # the packages have 90 MB
PACKAGES = ("@memlab/heap-analysis@2.0.5", "speedscope@1.25.0")
CACHE = Path.home() / ".cache" / "flask-heapview" / "npm"
MEMLAB = """
const {getFullHeapFromFile} = require('@memlab/heap-analysis');
(async () => {
  const heap = await getFullHeapFromFile(process.argv[2]);
  const found = {objects: 0, edges: 0, size: 0, lists: 0, kept: []};
  heap.nodes.forEach(node => {
    found.objects += node.type === 'synthetic' ? 0 : 1;
    found.edges += node.edge_count;
    found.size += node.self_size;
    found.lists += node.name === 'list' ? 1 : 0;
    node.forEachReference(edge => {
      if (edge.name_or_index === 'KEPT') found.kept.push(edge.toNode.retainedSize);
    });
  });
  console.log(JSON.stringify(found));
})();
"""


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder node_modules."""
    npm = shutil.which("npm")
    needs(npm and shutil.which("node"), "Debian's packages nodejs and npm are not installed")
    mark = CACHE / "installed.json"
    if not mark.exists() or json.loads(mark.read_text()) != list(PACKAGES):
        CACHE.mkdir(parents=True, exist_ok=True)
        words = [str(npm), "install", "--ignore-scripts", "--no-audit", "--no-fund"]
        env = {**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1"}
        done = subprocess.run(
            [*words, "--prefix", str(CACHE), *PACKAGES],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        needs(done.returncode == 0, f"npm cannot install them: {done.stderr.strip()[-200:]}")
        mark.write_text(json.dumps(PACKAGES))
    return CACHE / "node_modules"


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[str]]:
    """Two snapshots of a small service that leaks; the second is a graph capture."""
    if NativeEngine.why_not() is not None:
        pytest.skip("graphs need the native engine")
    directory = tmp_path_factory.mktemp("npm") / "heapview"
    return Store(directory), alone(SNAPSHOTS, str(directory), "graph")


# --- memlab


def test_memlab_reads_the_graph(
    packages: Path, taken: tuple[Store, list[str]], tmp_path: Path
) -> None:
    """It finds dominators by itself, and comes to the same retained sizes."""
    store, ids = taken
    file, script = tmp_path / "graph.heapsnapshot", tmp_path / "read.js"
    with file.open("wb") as opened:
        StoredSnapshots(store).export_graph(ids[1], opened)
    script.write_text(MEMLAB)
    done = subprocess.run(
        ["node", str(script), str(file)],
        cwd=tmp_path,
        env={**os.environ, "NODE_PATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    snapshot = store.load(ids[1])
    assert found["objects"] == snapshot.retained.objects
    assert found["edges"] > snapshot.retained.edges  # with those from the roots
    assert found["size"] == snapshot.heap.size
    kinds = {row.type: row.count for row in snapshot.retained.types}
    assert found["lists"] == kinds["list"]
    named = {one.name: one.retained for one in snapshot.retained.biggest}
    assert found["kept"] == [named["tests.web.contract_shop.KEPT"]]


# --- speedscope


def stacks(taken: tuple[Store, list[str]], form: str, base: bool) -> bytes:
    store, ids = taken
    first = ids[0] if base else None
    return export(store, "ownership", first, ids[1], Export(form=form), TableQuery())


@pytest.mark.parametrize("base", [False, True], ids=["one", "difference"])
def test_speedscope_s_schema(packages: Path, taken: tuple[Store, list[str]], base: bool) -> None:
    schema = json.loads((packages / "speedscope/dist/release/file-format-schema.json").read_text())
    data = json.loads(stacks(taken, "speedscope", base))
    kind = jsonschema.validators.validator_for(schema)
    kind(schema).validate(data)


@pytest.fixture(scope="module")
def site(packages: Path, taken: tuple[Store, list[str]]) -> Iterator[str]:
    """speedscope as it is published, and our files beside it."""
    app = Flask("speedscope", static_folder=None)

    @app.get("/ours.<form>")
    def ours(form: str) -> bytes:
        return stacks(taken, form, base=False)

    @app.get("/<path:name>")
    def page(name: str) -> Any:
        return send_from_directory(packages / "speedscope" / "dist" / "release", name)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join(10)


@pytest.mark.parametrize("form", ["speedscope", "pprof", "collapsed"])
def test_speedscope_opens_it(form: str, site: str, browser: Any) -> None:
    page = browser.new_page()
    failed: list[str] = []
    page.on("dialog", lambda dialog: (failed.append(dialog.message), dialog.dismiss()))
    page.goto(f"{site}/index.html#profileURL={site}/ours.{form}")
    page.get_by_text("Sandwich").click()
    row = page.locator("tr", has_text="[value] (list)").first
    row.wait_for(timeout=60_000)
    assert failed == []
    page.close()
