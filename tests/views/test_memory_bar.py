"""Where the memory is: the parts add up."""

from __future__ import annotations

import pytest

from flask_heapview.model.process import Allocators, Container, Process
from flask_heapview.views.memory_bar import memory_bar

MB = 1_000_000
KNOWN = Allocators(
    pymalloc_used=40 * MB, pymalloc_free=10 * MB, malloc_used=25 * MB, malloc_free=5 * MB
)


def sizes(process: Process, container: Container) -> dict[str, float]:
    return {part.tone: part.size / MB for part in memory_bar(process, container).parts}


def test_a_worker_alone() -> None:
    process = Process(resident=100 * MB, file_backed=15 * MB, allocators=KNOWN)
    bar = memory_bar(process, Container(usage=4000 * MB))
    assert (bar.whole, bar.untouched) == (100 * MB, 0)
    assert sizes(process, Container(usage=4000 * MB)) == {
        "python": 40,
        "python-free": 10,
        "native": 25,
        "native-free": 5,
        "files": 15,
        "rest": 5,
    }


def test_a_container_with_a_limit() -> None:
    process = Process(resident=100 * MB, file_backed=15 * MB, allocators=KNOWN)
    container = Container(usage=180 * MB, limit=256 * MB, inactive_file=30 * MB)
    bar = memory_bar(process, container)
    assert bar.whole == 256 * MB
    assert [(part.tone, part.size / MB) for part in bar.parts[-3:]] == [
        *(("others", 50), ("cached", 30), ("left", 76))
    ]


@pytest.mark.parametrize("usage", [50, 300])
def test_figures_that_do_not_fit_one_another_add_up_all_the_same(usage: int) -> None:
    """Files that another group pays for; a usage above the limit, for a moment."""
    process = Process(resident=100 * MB, allocators=KNOWN)
    bar = memory_bar(process, Container(usage=usage * MB, limit=256 * MB))
    assert sum(part.size for part in bar.parts) == bar.whole == max(usage, 256) * MB
    assert sum(part.share for part in bar.parts) == pytest.approx(1)
    assert bar.parts[-1].left + bar.parts[-1].share == pytest.approx(1)


def test_what_was_given_back_or_never_touched_is_not_resident() -> None:
    """Free memory goes first, of the C library before Python's: it is given back page by page."""
    process = Process(resident=82 * MB, file_backed=10 * MB, allocators=KNOWN)
    assert memory_bar(process, Container()).untouched == 8 * MB
    assert sizes(process, Container()) == {
        "python": 40,
        "python-free": 7,
        "native": 25,
        "files": 10,
    }
    process = Process(resident=40 * MB, file_backed=10 * MB, allocators=KNOWN)
    assert memory_bar(process, Container()).untouched == 50 * MB
    assert sizes(process, Container()) == {"python": 30, "files": 10}


def test_nothing_is_known() -> None:
    assert memory_bar(Process(), Container()).parts == []
    assert [part.tone for part in memory_bar(Process(resident=MB), Container()).parts] == ["rest"]
