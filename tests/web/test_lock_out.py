"""Wrong tokens: they are counted whatever happens to the disk, and never lock the owner out."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_heapview.config import HeapViewConfig
from flask_heapview.web import access

from ..helpers import API, BEARER, PREFIX, TOKEN

WRONG = {"Authorization": "Bearer wrong"}


def guess(client: Any, times: int) -> list[int]:
    """The statuses of so many wrong tokens."""
    return [client.get(f"{API}/workers", headers=WRONG).status_code for _ in range(times)]


def test_failures_cost_a_growing_wait_in_every_worker(make_app: Callable[..., Flask]) -> None:
    one, other = make_app().test_client(), make_app().test_client()
    codes = guess(one, 7)
    assert codes[:5] == [401] * 5
    assert codes[-1] == 429
    answer = other.get(f"{API}/workers", headers=WRONG)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    page = other.post(f"{PREFIX}/login", data={"token": "wrong"})
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) >= 1
    elsewhere = {"REMOTE_ADDR": "10.0.0.9"}
    answer = other.get(f"{API}/workers", headers=WRONG, environ_base=elsewhere)
    assert answer.status_code == 401


@pytest.mark.parametrize("by", ["header", "form"])
def test_the_owner_is_not_locked_out(client: Any, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy, who guesses has the address of everybody."""
    paid: list[bytes] = []
    digest = access.slow_digest
    monkeypatch.setattr(access, "slow_digest", lambda token: (paid.append(token), digest(token))[1])
    assert guess(client, 10)[-1] == 429
    assert b"wrong" in paid
    paid.clear()
    if by == "header":
        assert client.get(f"{API}/workers", headers=BEARER).status_code == 200
    else:
        assert client.post(f"{PREFIX}/login", data={"token": TOKEN}).status_code == 303
    assert TOKEN.encode() in paid


def test_a_success_forgets_the_failures(client: Any) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    for _ in range(4):
        client.get(f"{API}/workers", headers=wrong)
    assert client.get(f"{API}/workers", headers=BEARER).status_code == 200
    for _ in range(4):
        assert client.get(f"{API}/workers", headers=wrong).status_code == 401


def squat(directory: Path) -> None:
    directory.mkdir(mode=0o755)


def make_fifo(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    os.mkfifo(directory / "failures.json")


@pytest.mark.parametrize("spoil", [squat, make_fifo])
def test_they_are_counted_without_the_directory(
    make_app: Callable[..., Flask], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path / "spoilt")
    client = make_app(dir=str(tmp_path / "spoilt")).test_client()
    codes = guess(client, 8)
    assert codes[:5] == [401] * 5
    assert codes[6:] == [429] * 2


def test_they_are_counted_on_a_full_disk(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert guess(client, 3) == [401] * 3
    monkeypatch.setattr(os, "pwrite", full)
    codes = guess(client, 5)
    assert codes[:2] == [401] * 2
    assert codes[3:] == [429] * 2


class TestTheDefaultDirectory:
    """Its name can be known to other users of the host. They cannot have it."""

    def another_users(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path.mkdir()
        true = os.lstat

        def lstat(wanted: Any, **more: Any) -> os.stat_result:
            found = true(wanted, **more)
            if Path(wanted) != path:
                return found
            fields = list(found)
            fields[stat.ST_UID] += 1
            return os.stat_result(fields)

        monkeypatch.setattr(os, "lstat", lstat)

    def test_a_squatted_one_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("temp", "run", "home"):
            (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        config = HeapViewConfig()
        first = config.directory("shop")
        assert first.parent == tmp_path / "temp"
        self.another_users(first, monkeypatch)
        assert config.directory("shop") == tmp_path / "run" / first.name
        assert config.directory("other").parent == tmp_path / "temp"
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        assert config.directory("shop") == tmp_path / "home" / first.name
        (tmp_path / "home").chmod(0o777)  # then others could do the same there
        assert config.directory("shop") == first

    def test_a_link_in_its_place_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("temp", "run"):
            (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
        first = HeapViewConfig().directory("shop")
        first.symlink_to(tmp_path)
        assert HeapViewConfig().directory("shop").parent == tmp_path / "run"
