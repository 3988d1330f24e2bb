"""Released applications, each in an environment of its own, served with or without us."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..helpers import unmeasured
from ..installing import copy_checkout
from ..live_server import Server
from .visitor import Visitor

HERE = Path(__file__).parent
PYTHON = os.environ.get("HEAPVIEW_APPS_PYTHON") or sys.executable
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flask-heapview/apps"
MOUNTS = {
    "none": "",
    "extension": "\nfrom flask_heapview import HeapView\nHeapView(app)\n",
    "blueprint": "\nfrom flask_heapview import create_blueprint\n"
    'app.register_blueprint(create_blueprint(), url_prefix="/_debug/memory")\n',
}
LEDGER = "\nimport ledger\nledger.begin(app, deep)\n"
CLIENTS = 2


@dataclass(frozen=True)
class Application:
    """One entry of gallery.toml."""

    name: str
    requirements: list[str]
    health: str
    routes: list[dict[str, Any]]
    leaky: str
    deep: str
    first: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    mount: str = "extension"
    known: str | None = None
    threads: int = 4  # that serve it, as its own server would

    @property
    def version(self) -> str:
        return self.requirements[0].partition("==")[2]

    def source(self, mounted: bool) -> str:
        entry = (HERE / "entries" / f"{self.name}.py").read_text()
        return entry + LEDGER + MOUNTS[self.mount if mounted else "none"]


def applications() -> list[Application]:
    rows = tomllib.loads((HERE / "gallery.toml").read_text())
    return [Application(name=name, **row) for name, row in rows.items()]


class NotInstallable(Exception):
    """pip cannot install the application here; the message is its last word."""


def pip(python: Path | str, *words: str) -> None:
    """Raises NotInstallable."""
    done = subprocess.run(
        [str(python), "-m", "pip", *words, "--quiet"],
        check=False,
        capture_output=True,
        text=True,
        env={**unmeasured(), "HEAPVIEW_REQUIRE_CORE": "1"},
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstallable((errors or done.stderr.splitlines() or ["no word"])[-1][:300])


def built_wheel(place: Path) -> Path:
    """This tree, built for the Python of the applications. Raises NotInstallable."""
    copy_checkout(place / "tree")
    pip(PYTHON, "wheel", "--no-deps", "--wheel-dir", str(place), str(place / "tree"))
    (found,) = place.glob("*.whl")
    return found


def install(app: Application, wheel: Path) -> Path:
    """The Python of the application's environment, with `wheel` in it. Raises NotInstallable.

    The environment is kept for the next time; the wheel is installed again each time.
    """
    tag = wheel.name.split("-")[2]  # cp311
    home = CACHE / f"{app.name}-{tag}"
    python, stamp = home / "bin" / "python", home / "installed"
    wanted = "\n".join([*app.requirements, "gunicorn"])
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([PYTHON, "-m", "venv", str(home)], check=True)
        pip(python, "install", *wanted.split("\n"))
        pip(python, "install", str(wheel))
        stamp.write_text(wanted)
    pip(python, "install", "--force-reinstall", "--no-deps", str(wheel))
    return python


class AppServer(Server):
    """The application behind gunicorn, as its entry file makes it."""

    patience = 120.0

    def __init__(
        self, app: Application, python: Path, home: Path, mounted: bool = True, **env: str
    ) -> None:
        self.python, self.health, self.app = str(python), app.health, app
        self.numbers = itertools.count(1)
        home.mkdir()
        shutil.copy2(HERE / "ledger.py", home)
        env = {"LEDGER_ENDPOINT": app.leaky, **app.env, **env}
        options = ("--threads", str(app.threads), "--timeout", "120")
        super().__init__(home, app.source(mounted), "gthread", *options, **env)
        self.visitors = [self._visitor(n) for n in range(CLIENTS)]

    def _visitor(self, number: int) -> Visitor:
        visitor = Visitor(self.port, self.app.headers)
        for row in self.app.first:
            answer = visitor.visit(row, number)
            assert answer.status < 400, (row, answer.status, answer.text[:500])
        return visitor

    def drive(self, rounds: int) -> list[tuple[str, int]]:
        """Each client visits all routes so many times; (path, status) in the routes' order."""

        def client(visitor: Visitor, numbers: list[int]) -> list[tuple[str, int]]:
            return [
                (row["path"], visitor.visit(row, number).status)
                for number in numbers
                for row in self.app.routes
            ]

        numbers = list(itertools.islice(self.numbers, rounds * CLIENTS))
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            shares = [numbers[n::CLIENTS] for n in range(CLIENTS)]
            found = list(pool.map(client, self.visitors, shares))
        return list(itertools.chain.from_iterable(found))

    @property
    def asked(self) -> int:
        """The requests that the clients have sent."""
        return sum(visitor.asked for visitor in self.visitors)


@contextlib.contextmanager
def serving(
    app: Application, python: Path, home: Path, mounted: bool = True, **env: str
) -> Iterator[AppServer]:
    server = AppServer(app, python, home, mounted, **env)
    try:
        yield server
    finally:
        server.stop()
