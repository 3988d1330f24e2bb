"""What the processes of a service can have written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flask_heapview.process.written import PAGE, written_by_group

MB = 1_000_000


def recorded(proc: Path, pid: int, group: int, faults: int, wchar: int | None) -> None:
    """A process as proc_pid_stat(5) and proc_pid_io(5) show it."""
    place = proc / str(pid)
    place.mkdir()
    behind = f"S 1 {group} 700 0 -1 4194560 {faults} 3 0 0 5 6 0 0 20 0 1 0"
    (place / "stat").write_text(f"{pid} (a) name (b) {behind}\n")
    if wchar is not None:
        (place / "io").write_text(f"rchar: 9\nwchar: {wchar}\nsyscr: 1\nwrite_bytes: 0\n")


def test_those_of_its_group_together(tmp_path: Path) -> None:
    recorded(tmp_path, 10, 10, faults=100, wchar=5000)
    recorded(tmp_path, 11, 10, faults=20, wchar=700)
    recorded(tmp_path, 12, 12, faults=9000, wchar=MB)  # another service
    (tmp_path / "self").mkdir()
    assert written_by_group(11, tmp_path) == (100 + 3 + 20 + 3) * PAGE + 5700


def test_what_is_not_known(tmp_path: Path) -> None:
    assert written_by_group(10, tmp_path) is None  # it has ended
    recorded(tmp_path, 10, 10, faults=1, wchar=None)
    assert written_by_group(10, tmp_path) is None  # gVisor has no such file


WRITES = """
import mmap, os, sys
from flask_heapview.process.written import written_by_group
size = 20_000_000
before = written_by_group(os.getpid())
with open(sys.argv[1], "w+b") as file:
    if sys.argv[2] == "by a call":
        file.write(bytes(size))
    else:
        file.truncate(size)
        with mmap.mmap(file.fileno(), size) as mapped:
            mapped[:] = b"x" * size
print(written_by_group(os.getpid()) - before >= size)
"""


@pytest.mark.parametrize("how", ["by a call", "by touching pages"])
def test_files_that_a_process_writes(how: str, tmp_path: Path) -> None:
    """In a group of its own: of others, a process may end meanwhile and take its figures along."""
    command = [sys.executable, "-c", WRITES, str(tmp_path / "file"), how]
    done = subprocess.run(
        command, capture_output=True, text=True, start_new_session=True, check=True
    )
    assert done.stdout == "True\n"
