"""Without a name, the command finds the one service of this user that runs here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..e2e.apps import LEAKY
from ..live_server import serving
from ..workers.listing import listed
from .shell import environment, shell


def test_the_one_that_runs_here(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (shared, first, second):
        place.mkdir()
    env = {"TMPDIR": str(shared), "HEAPVIEW_DIR": "", "XDG_RUNTIME_DIR": "", "HOME": str(tmp_path)}
    with serving(first, LEAKY, "sync", **env) as server:
        (worker,) = listed(server, 1)
        done = shell("workers", cwd=tmp_path, **env)
        assert str(worker["pid"]) in done.stdout, done.stderr
        of_the_app = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", "heapview", "workers"],
            cwd=first,
            env=environment(HEAPVIEW_TOKEN="a-token-for-the-tests-0123456789", **env),
            capture_output=True,
            text=True,
            check=False,
        )
        assert str(worker["pid"]) in of_the_app.stdout, of_the_app.stderr
        with serving(second, LEAKY, "sync", **env) as other:
            (another,) = listed(other, 1)
            refused = shell("workers", cwd=tmp_path, **env)
            assert refused.returncode == 1
            assert "Several services run here" in refused.stderr
            places = sorted(shared.glob("flask-heapview-*"))
            assert len(places) == 2
            assert all(str(place) in refused.stderr for place in places)
            named = [shell("--dir", place, "workers", cwd=tmp_path, **env) for place in places]
            shown = "".join(one.stdout for one in named)
            assert str(worker["pid"]) in shown
            assert str(another["pid"]) in shown
    assert "No live service was found" in shell("workers", cwd=tmp_path, **env).stderr
