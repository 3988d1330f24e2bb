"""Recorded control groups of both versions, and the read_headroom that follows from them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from flask_heapview.process import memory
from flask_heapview.process.cgroup import read_container
from flask_heapview.process.headroom import read_headroom
from flask_heapview.process.memory import parse_pymalloc

GB = 1 << 30
V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
V1_MOUNT = "36 25 0:31 {base} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
MEMINFO = "MemTotal: 16000000 kB\nMemFree: 1 kB\nMemAvailable: 8000000 kB\n"


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"proc/meminfo": MEMINFO, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    group = "sys/fs/cgroup/kubepods/pod1/box"
    return tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/kubepods/pod1/box\n",
            "proc/self/mountinfo": "22 1 0:5 / /proc rw - proc proc rw\nbroken\n" + V2_MOUNT,
            f"{group}/memory.current": f"{GB}\n",
            f"{group}/memory.max": "max\n",
            f"{group}/memory.peak": f"{2 * GB}\n",
            f"{group}/memory.swap.current": "0\n",
            f"{group}/memory.swap.max": "0\n",
            f"{group}/memory.stat": "anon 700\nfile 300\nshmem 20\ninactive_file 100\nkernel 9\n",
            f"{group}/memory.events": "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n",
            "sys/fs/cgroup/kubepods/pod1/memory.max": f"{3 * GB}\n",
            "sys/fs/cgroup/kubepods/memory.max": f"{9 * GB}\n",
        },
    )


def test_version_2_takes_the_tightest_limit_of_the_ancestors(v2: Path) -> None:
    box = read_container(v2)
    assert (box.version, box.usage, box.limit, box.peak) == (2, GB, 3 * GB, 2 * GB)
    assert (box.anonymous, box.file, box.shared, box.kernel) == (700, 300, 20, 9)
    assert box.events["oom_kill"] == 4


def test_headroom_counts_what_can_be_dropped(v2: Path) -> None:
    room = read_headroom(root=v2)
    assert room.limits["container"] == 2 * GB + 100
    assert room.limits["machine"] == 8_000_000 * 1024
    assert room.available == 2 * GB + 100


def test_version_2_inside_a_namespace(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "proc/self/mountinfo": V2_MOUNT,
            "sys/fs/cgroup/memory.current": "1000\n",
            "sys/fs/cgroup/memory.max": "5000\n",
        },
    )
    box = read_container(root)
    assert (box.usage, box.limit) == (1000, 5000)
    assert box.peak is None
    assert read_headroom(box, root).available == 4000


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    group = "sys/fs/cgroup/memory"
    return tree(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu:/docker/box\n4:memory:/docker/box\n0::/\n",
            "proc/self/mountinfo": V1_MOUNT.format(base="/docker/box"),
            f"{group}/memory.usage_in_bytes": f"{GB}\n",
            f"{group}/memory.limit_in_bytes": f"{2 * GB}\n",
            f"{group}/memory.memsw.limit_in_bytes": f"{2 * GB}\n",
            f"{group}/memory.max_usage_in_bytes": f"{GB + 5}\n",
            f"{group}/memory.failcnt": "7\n",
            f"{group}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            f"{group}/memory.stat": (
                "rss 10\ntotal_rss 11\ntotal_cache 12\ntotal_inactive_file 13\n"
                f"total_swap 0\nhierarchical_memory_limit {GB + GB // 2}\n"
            ),
        },
    )


def test_version_1_in_a_container_without_a_namespace(v1: Path) -> None:
    box = read_container(v1)
    assert (box.version, box.usage, box.limit) == (1, GB, GB + GB // 2)
    assert (box.anonymous, box.file, box.inactive_file) == (11, 12, 13)
    assert (box.events["oom_kill"], box.events["max"]) == (2, 7)
    assert read_headroom(box, v1).available == GB // 2 + 13


def test_version_1_without_a_limit(v1: Path) -> None:
    (v1 / "sys/fs/cgroup/memory/memory.limit_in_bytes").write_text("9223372036854771712\n")
    (v1 / "sys/fs/cgroup/memory/memory.stat").write_text("total_rss 1\n")
    box = read_container(v1)
    assert box.limit is None
    assert read_headroom(box, v1).limits == {"machine": 8_000_000 * 1024}


def test_no_control_group_at_all(tmp_path: Path) -> None:
    assert read_container(tmp_path).version == 0
    assert read_container(tmp_path).limit is None


def test_this_machine() -> None:
    room = read_headroom()
    assert 0 < room.available < 1 << 45


def test_pymalloc_totals() -> None:
    text = (
        "12 arenas * 1048576 bytes/arena                 =           12,582,912\n\n"
        "# bytes in allocated blocks                     =           10,000,000\n"
    )
    assert parse_pymalloc(text) == (12_582_912, 10_000_000, 2_582_912, None)
    assert parse_pymalloc("nothing") is None


@pytest.mark.parametrize(("sizes", "head"), [((40, 48, 64), 16), ((56, 64, 80), 0)])
def test_objects_that_types_keep_are_free(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], head: int
) -> None:
    """As Python prints them before 3.15, without the collector's header, and since."""
    monkeypatch.setattr(memory, "list", SimpleNamespace(__basicsize__=40), raising=False)
    lists, dicts, tuples = sizes
    text = (
        "12 arenas * 1048576 bytes/arena                 =           12,582,912\n"
        "# bytes in allocated blocks                     =           10,000,000\n"
        f"          10 free PyDictObjects * {dicts} bytes each =                  480\n"
        "        6 free PyDictKeysObjects * 32 bytes each =                  192\n"
        "           4 free PyFloatObjects * 24 bytes each =                   96\n"
        f"            6 free PyListObjects * {lists} bytes each =                  240\n"
        f"2000 free 3-sized PyTupleObjects * {tuples - 16} bytes each =               96,000\n"
        f"  20 free 60-sized PyTupleObjects * {9 * tuples} bytes each =               96,000\n"
    )
    whole = -(-(lists + head) // 16) * 16, dicts + head, tuples - 16 + head
    kept = 6 * whole[0] + 10 * whole[1] + 2000 * whole[2] + 6 * 32 + 4 * 32
    used = 10_000_000 - kept
    assert parse_pymalloc(text) == (12_582_912, used, 12_582_912 - used, kept)
