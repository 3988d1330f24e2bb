"""Files of ours alone: whole or not there, whoever else writes them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from flask_heapview.store.private_file import create_private, write_private

THREADS = 16
ROUNDS = 50

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from flask_heapview.store.private_file import create_private, write_private
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
write = {"write": write_private, "create": create_private}[sys.argv[1]]
try:
    write(Path(sys.argv[2]), b"x" * 5000)
except OSError as error:
    print(error.errno)
"""

CRASH = """
import os, signal, sys
from pathlib import Path
from flask_heapview.store.private_file import write_private
os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)
write_private(Path(sys.argv[1]), b"new", sync=True)
"""


def run(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=60
    )


def test_threads_that_write_one_file_do_not_meet(tmp_path: Path) -> None:
    start = Barrier(THREADS)

    def write(number: int) -> None:
        start.wait()
        for _ in range(ROUNDS):
            write_private(tmp_path / "shared", str(number).encode() * 100)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    assert os.listdir(tmp_path) == ["shared"]


def test_the_first_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    start = Barrier(THREADS)

    def create(number: int) -> bool:
        start.wait()
        return create_private(path, str(number).encode())

    with ThreadPoolExecutor(THREADS) as pool:
        won = list(pool.map(create, range(THREADS)))
    assert won.count(True) == 1
    assert path.read_text() == str(won.index(True))
    assert os.listdir(tmp_path) == ["secret"]


def test_only_we_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("how", ["write", "create"])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    done = run(FULL_DISK, how, str(tmp_path / "file"))
    assert done.stdout.strip().isdigit(), done.stderr
    assert os.listdir(tmp_path) == []


def test_a_symlink_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "file"
    target.write_text("theirs")
    path.symlink_to(target)
    assert not create_private(path, b"ours")
    write_private(path, b"ours")
    assert target.read_text() == "theirs"
    assert not path.is_symlink()
    assert path.read_text() == "ours"


@pytest.mark.parametrize("link", [False, True])
def test_a_squatted_temporary_name_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: bool
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "00")
    target, squatted = tmp_path / "target", tmp_path / f"file.00.{os.getpid()}.part"
    target.write_text("theirs")
    squatted.symlink_to(target) if link else squatted.write_text("theirs")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "file", b"ours")
    assert squatted.read_text() == target.read_text() == "theirs"
    assert not (tmp_path / "file").exists()


def test_a_crash_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")
    assert run(CRASH, str(path)).returncode == -signal.SIGKILL
    assert path.read_text() == "old"
