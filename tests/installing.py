"""Real installations in environments of their own, and what the mounted service says there."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .helpers import ROOT, TOKEN, unmeasured

OURS = ("flask_heapview", "__editable__", "pip")  # what no other environment may see of ours

PROBE = """
import html, json, logging, pathlib, sys, time
import flask, msgspec, psutil
%s
logged = []
class Kept(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())
logging.getLogger("flask_heapview").addHandler(Kept())
import flask_heapview
from flask_heapview import HeapView
app = flask.Flask("shop")
try:
    HeapView(app, token=sys.argv[1], dir=sys.argv[2])
except flask_heapview.errors.ConfigError as error:
    print(json.dumps({"refused": str(error)}))
    raise SystemExit
client = app.test_client()
headers = {"Authorization": "Bearer " + sys.argv[1]}
def ask(method, path, **more):
    return client.open("/_debug/memory/" + path, method=method, headers=headers, **more)
first = ask("GET", "api/v1/status").json["capture"]
posted = ask("POST", "api/v1/snapshots", json={})
capture = posted.json
while capture.get("state") == "running":
    time.sleep(0.01)
    capture = ask("GET", "api/v1/snapshots/" + capture["id"]).json
page = ask("GET", "")
assert page.status_code == 200, page.text
place = pathlib.Path(flask_heapview.__file__)
print(json.dumps({
    "first": first,
    "code": posted.status_code,
    "capture": capture,
    "status": ask("GET", "api/v1/status").json["capture"],
    # where captures are possible, it would take two more
    "watch": first["kinds"] or ask("POST", "api/v1/watch", json={"times": 2}).json,
    "graph": ask("POST", "api/v1/snapshots", json={"kind": "graph"}).json,
    "process": ask("GET", "api/v1/snapshots/%%s/process" %% capture.get("id")).json,
    "trim": ask("POST", "api/v1/trim").json,
    "allocator": ask("GET", "api/v1/status").json["allocator"],
    "page": html.unescape(page.text),
    "login": client.get("/_debug/memory/login").text,
    "style": client.get("/_debug/memory/static/heapview.css").status_code,
    "typed": place.with_name("py.typed").exists(),
    "logged": logged,
    "place": str(place),
}))
"""


def copy_checkout(place: Path) -> None:
    """What a fresh clone holds."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)


def copy_built(place: Path, shared: Path) -> None:
    """The same with its native parts built, which takes long: once in a test run, in `shared`.

    The copies keep the times of their files, so what builds there again has nothing to compile.
    """
    shared.parent.mkdir(parents=True, exist_ok=True)
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of the run wait for the first
        if not (shared / "build").exists():
            shutil.rmtree(shared, ignore_errors=True)
            copy_checkout(shared)
            subprocess.run(
                [sys.executable, "setup.py", "--quiet", "build_ext"],
                cwd=shared,
                check=True,
                capture_output=True,
                env=unmeasured(),
            )
    shutil.copytree(shared, place)


def environment(home: Path, without: Collection[str] = ()) -> tuple[Path, Path]:
    """Its Python and its site-packages: it sees our dependencies, but not our own package."""
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python*/site-packages"))
    for entry in (Path(sys.prefix) / "lib" / site.parent.name / "site-packages").iterdir():
        if not entry.name.lower().startswith((*OURS, *without)):
            (site / entry.name).symlink_to(entry)
    return home / "bin" / "python", site


def install(home: Path, *what: str, without: Collection[str] = (), **env: str) -> Path:
    """A new environment with `what` installed by pip; its Python."""
    python, _ = environment(home, without)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"),
            *("--no-deps", "--no-build-isolation", *what),
        ],
        check=True,
        capture_output=True,
        env={**unmeasured(), **env},
    )
    return python


def said(python: Path, home: Path, prelude: str = "", **env: str) -> dict[str, Any]:
    """What a service says that mounts the installed package and takes a capture.

    `prelude` is code that runs before the package is imported.
    """
    done = subprocess.run(
        [str(python), "-c", PROBE % prelude, TOKEN, str(home / "heapview")],
        cwd=home,
        check=False,
        capture_output=True,
        text=True,
        env={**unmeasured(), **env},
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
