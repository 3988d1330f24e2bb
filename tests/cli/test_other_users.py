"""Root reaches the service of another user, and leaves nothing there that is not theirs."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..e2e.apps import LEAKY
from ..helpers import needs, wait_until
from ..live_server import Server, serving
from ..workers.listing import listed
from .shell import is_root, shell

NOBODY = "nobody"
# this user can read what the tests' own Python needs, wherever it lies; it writes as itself alone
AS_NOBODY = f"""#!/bin/sh
exec setpriv --reuid={NOBODY} --clear-groups --inh-caps=-all,+dac_read_search \\
  --ambient-caps=-all,+dac_read_search --bounding-set=-all,+dac_read_search {sys.executable} "$@"
"""


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A service that runs as nobody."""
    needs(is_root() and shutil.which("setpriv"), "root can start a service of another user")
    home = Path(tempfile.mkdtemp(prefix="heapview-theirs-"))
    home.chmod(0o755)
    python = home / "python"
    python.write_text(AS_NOBODY)
    python.chmod(0o755)
    directory = home / "of-nobody"
    directory.mkdir()
    os.chown(directory, pwd.getpwnam(NOBODY).pw_uid, -1)
    monkeypatch.setattr(Server, "python", str(python))
    try:
        env = {"HEAPVIEW_DIR": str(directory / "heapview"), "HOME": str(directory)}
        with serving(home, LEAKY, "sync", "--workers", "2", **env) as server:
            listed(server, 2)
            yield server
    finally:
        shutil.rmtree(home)


def test_root_is_let_in_and_the_worker_writes(theirs: Server, tmp_path: Path) -> None:
    directory = theirs.home / "of-nobody" / "heapview"
    for words in (
        ["capture", "--worker", "1", "--label", "by root"],
        ["list"],
        ["report", "--json"],
        ["export", "--snapshot", "by root", "--output", "theirs.snapshot"],
        ["pin", "by root"],
    ):
        done = shell("--dir", directory, *words, cwd=tmp_path)
        assert done.returncode == 0, (words, done.stderr)
    uid = pwd.getpwnam(NOBODY).pw_uid
    assert {path.name: path.stat().st_uid for path in directory.iterdir()} == {
        path.name: uid for path in directory.iterdir()
    }
    assert theirs.capture(label="by themselves")["state"] == "done"


def test_without_a_live_service_another_users_files_are_not_read(
    theirs: Server, tmp_path: Path
) -> None:
    directory = theirs.home / "of-nobody" / "heapview"
    theirs.capture(label="kept")
    theirs.stop()

    def ended() -> bool:
        return not any(directory.glob("worker-*.sock"))

    wait_until(ended, 30, "the workers' end")
    done = shell("--dir", directory, "list", cwd=tmp_path)
    assert done.returncode == 1
    assert "belongs to another user" in done.stderr


def test_a_directory_that_others_can_write_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    for words in (["workers"], ["list"]):
        done = shell("--dir", place, *words, cwd=tmp_path)
        assert done.returncode == 1
        assert "chmod 700" in done.stderr


def test_a_socket_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    """Its owner may let it lead to a socket of root's."""
    from flask_heapview.cli.service_link import SocketLink

    place = tmp_path / "service"
    place.mkdir(mode=0o700)
    (place / "worker-1-a.sock").symlink_to("/run/some-other.sock")
    assert not SocketLink(place)._is_theirs(place / "worker-1-a.sock")
