"""The judge on snapshots made by hand: each sort of evidence, joined and told apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flask_heapview.analysis import diff
from flask_heapview.analysis.align import align, subtract
from flask_heapview.analysis.library_rules import remedy_rule
from flask_heapview.errors import Conflict
from flask_heapview.model.cycles import CycleGroup, Cycles
from flask_heapview.model.gc import Gc, Generation
from flask_heapview.model.heap import Heap, TypeRow
from flask_heapview.model.ownership import Holder, Ownership
from flask_heapview.model.process import Allocators, Arena, Process, Readings
from flask_heapview.model.resources import OpenObject, Resources, Tally, ThreadRow
from flask_heapview.model.snapshot import Requests, Snapshot
from flask_heapview.render import markdown
from flask_heapview.render.sentences.remedies import REMEDIES
from flask_heapview.reports.queries import judge_in_words

from .factories import MB, SITE, memory, row, snapshot, tree


def test_a_growing_dict_is_named_once() -> None:
    report = judge_in_words(row(100, 200, 300))
    assert report.verdict == "leak"
    (suspect,) = report.suspects
    assert (suspect.cause, suspect.confidence) == ("unbounded-container", 0.95)
    assert suspect.holder is not None
    assert suspect.holder.path == "app.cache"
    assert (suspect.growing.objects, suspect.growing.bytes) == (200, 200_000)
    assert suspect.growing.per_request.objects == 1.0
    assert suspect.allocated_at[0].function == "page"
    assert suspect.endpoints[0].share == 1.0
    assert "app.cache gained 200 entries (200.0 kB) in 200 requests" in suspect.summary
    assert report.summary.endswith("It is allocated at app.py:17 in page, while page is served.")
    assert report.interval.seconds == 20.0
    text = markdown.render(report)
    assert "`app.cache`" in text
    assert "`/srv/app.py:17 page`" in text


def test_the_fingerprint_is_that_of_the_leak() -> None:
    one, other = judge_in_words(row(100, 200, 300)), judge_in_words(row(1000, 1900, 2800))
    assert one.suspects[0].fingerprint == other.suspects[0].fingerprint
    same = judge_in_words(
        row(100, 200, 300, leaf="list")
    )  # what piles up may be met in another order
    assert same.suspects[0].fingerprint == one.suspects[0].fingerprint
    another = judge_in_words(row(100, 200, 300, holder_kind="cache"))
    assert another.suspects[0].fingerprint != one.suspects[0].fingerprint


def test_nothing_grows() -> None:
    report = judge_in_words(row(300, 300, 300))
    assert (report.verdict, report.suspects) == ("no-leak", [])


def test_a_limit_that_holds_is_believed() -> None:
    assert judge_in_words(row(100, 200, 300, limit=500)).verdict == "no-leak"


def test_a_limit_beyond_all_memory_is_none() -> None:
    report = judge_in_words(row(100, 200, 300, limit=50_000_000))
    assert report.verdict == "leak"
    assert any("entries is too high" in s for s in report.suspects[0].evidence)


def test_a_limit_that_is_exceeded_is_none() -> None:
    report = judge_in_words(row(100, 200, 300, limit=50))
    assert any("above its own limit of 50 entries" in s for s in report.suspects[0].evidence)


def test_a_limit_of_the_object_that_holds_it_acquits_nobody() -> None:
    """It may be meant for another container: the list of a pool that has a `maxsize`."""
    report = judge_in_words(row(100, 200, 300, limit=10_000, limit_guessed=True))
    assert (report.verdict, report.suspects[0].confidence) == ("inconclusive", 0.4)
    assert (
        "The object that holds it has a limit of 10,000 entries" in report.suspects[0].evidence[1]
    )
    beyond = judge_in_words(row(100, 200, 300, limit=10, limit_guessed=True))
    assert beyond.verdict == "leak"
    assert not any("limit" in sentence for sentence in beyond.suspects[0].evidence)


def test_two_snapshots_may_not_be_enough() -> None:
    report = judge_in_words([snapshot(0, 5), snapshot(1, 105)])
    assert report.verdict == "inconclusive"
    assert "capture once more" in report.advice
    assert "tracing on" in report.advice


def test_too_few_requests() -> None:
    report = judge_in_words(row(1, 2, 3, step=1))
    assert report.verdict == "inconclusive"
    assert "Only 2 requests" in report.summary


def test_other_workers_cannot_be_subtracted() -> None:
    with pytest.raises(Conflict, match="different workers"):
        judge_in_words([snapshot(0, 1), snapshot(1, 2, worker="other")])


def garbage(objects: int, freed: int = 0) -> dict[str, Any]:
    group = CycleGroup(
        fingerprint="f",
        chain="Order.items → list[0] → Order",
        garbage=True,
        components=objects // 2,
        count=objects,
        size=objects * 100,
        types=["list", "shop.Order"],
        sites=[SITE],
    )
    generation = Generation(threshold=700, count=1, collections=5, collected=freed, uncollectable=0)
    return {
        "cycles": Cycles(garbage_objects=objects, garbage_bytes=objects * 100, groups=[group]),
        "gc": Gc(enabled=False, generations=[generation]),
    }


def test_garbage_that_nobody_collects() -> None:
    rows = [snapshot(n, 5, **garbage(1000 * (n + 1))) for n in range(3)]
    (suspect,) = judge_in_words(rows).suspects
    assert suspect.cause == "reference-cycle"
    assert suspect.holder is None
    assert suspect.growing.type == "shop.Order"
    assert suspect.endpoints[0].endpoint == "page"
    assert "The garbage collector is disabled." in suspect.evidence


def test_garbage_that_is_collected_is_no_leak() -> None:
    rows = [snapshot(n, 5, **garbage(1000 * (n + 1), 5000 * n)) for n in range(3)]
    assert judge_in_words(rows).verdict == "no-leak"
    rows = [snapshot(n, 5, **garbage(1000 * (n + 1), 600 * n)) for n in range(3)]
    report = judge_in_words(rows)
    assert report.verdict == "inconclusive"
    assert any("it works" in s for s in report.suspects[0].evidence)


@pytest.mark.parametrize(
    ("figures", "cause"),
    [
        ({"native": 20, "anonymous": 22}, "native"),
        ({"free": 20, "anonymous": 25}, "fragmentation"),
        ({"tmpfs": 20}, "off-process"),
    ],
)
def test_memory_that_no_object_accounts_for(figures: dict[str, int], cause: str) -> None:
    report = judge_in_words([snapshot(n, 5, **memory(n, **figures)) for n in range(3)])
    assert report.verdict == "leak"
    assert report.suspects[0].cause == cause
    assert report.suspects[0].holder is None


def arenas(turn: int, pymalloc: int, malloc: int, spread: int) -> dict[str, Any]:
    """Free memory of both allocators, so many MB more each round, the C library's over arenas."""
    free = malloc * MB * (turn + 1)
    allocators = Allocators(
        pymalloc_arenas=100 * MB,
        pymalloc_free=pymalloc * MB * (turn + 1),
        malloc_arenas=200 * MB,
        malloc_free=free,
        arenas=[Arena(size=2 * free // spread, free=free // spread)] * spread,
    )
    return {"process": Process(anonymous=25 * MB * (turn + 1), allocators=allocators)}


@pytest.mark.parametrize(
    ("figures", "kind", "said", "helps"),
    [
        ((20, 1, 4), "pymalloc arenas", "60.0 MB of the 100.0 MB in Python's own", "small objects"),
        (
            (1, 20, 4),
            "malloc arenas",
            "One arena alone has 15.0 MB",
            "MALLOC_ARENA_MAX",
        ),
        ((1, 20, 1), "malloc arenas", "are free, in 1 arena.", "MALLOC_ARENA_MAX"),
    ],
)
def test_whose_free_memory_it_is(
    figures: tuple[int, int, int], kind: str, said: str, helps: str
) -> None:
    suspect = judge_in_words([snapshot(n, 5, **arenas(n, *figures)) for n in range(3)]).suspects[0]
    assert (suspect.cause, suspect.growing.type) == ("fragmentation", kind)
    assert said in suspect.evidence[1]
    assert helps in suspect.remedy


@pytest.mark.parametrize(("spread", "verdict"), [(2, "inconclusive"), (1, "leak")])
def test_what_the_arenas_of_threads_may_come_to_is_no_leak_yet(spread: int, verdict: str) -> None:
    """140 MB are handed out, and 60 MB are free: in two arenas all of it may have had its turn."""
    found = judge_in_words([snapshot(n, 5, **arenas(n, 1, 20, spread)) for n in range(3)])
    assert found.suspects[0].cause == "fragmentation"
    assert found.verdict == verdict


def test_the_endpoint_comes_from_the_readings_where_no_site_says_it() -> None:
    """Both endpoints serve as many requests from snapshot to snapshot."""

    def serving(turn: int) -> Snapshot:
        made = snapshot(turn, 5, **memory(turn, native=20, anonymous=22))
        clock = [0.5 * n for n in range(40 * turn + 1) if n <= 40]
        thumbs = [sum(1 + k % 3 for k in range(n)) for n in range(len(clock))]
        readings = Readings(
            clock=clock,
            malloc=[n * 500_000 for n in thumbs],
            requests={"thumb": thumbs, "other": [2 * n for n in range(len(clock))]},
        )
        asked = {"thumb": 100 * turn, "other": 100 * turn}
        return msgspec.structs.replace(
            made,
            info=msgspec.structs.replace(
                made.info, requests=Requests(total=200 * turn, endpoints=asked)
            ),
            process=msgspec.structs.replace(made.process, readings=readings),
        )

    report = judge_in_words([serving(turn) for turn in range(3)])
    suspect = report.suspects[0]
    assert suspect.cause == "native"
    assert [(e.endpoint, e.share) for e in suspect.endpoints] == [("thumb", 1.0)]
    assert report.summary.endswith("Requests of thumb make it grow.")
    assert "A request of thumb leaves 500.0 kB" in suspect.evidence[-2]


@pytest.mark.parametrize(("most", "verdict"), [(40, "leak"), (20, "inconclusive")])
def test_two_snapshots_and_the_readings_between_them(most: int, verdict: str) -> None:
    def serving(turn: int) -> Snapshot:
        made = snapshot(turn, 5, **memory(turn, native=20, anonymous=22))
        readings = Readings(
            clock=[n / 4 for n in range(41)],
            malloc=[min(n, most) * 20 * MB // most for n in range(41)],
            requests={"page": [10 * n for n in range(41)]},
        )
        return msgspec.structs.replace(
            made, process=msgspec.structs.replace(made.process, readings=readings)
        )

    report = judge_in_words([serving(turn) for turn in range(2)])
    assert report.verdict == verdict
    assert report.suspects[0].cause == "native"


def test_an_endpoint_that_served_nothing_meanwhile_is_not_blamed() -> None:
    old = msgspec.structs.replace(SITE, endpoint="set_up", size=9000)
    rows = []
    for found in row(100, 200, 300):
        (holder,) = found.ownership.holders
        more = msgspec.structs.replace(holder, sites=[old, SITE])
        own = msgspec.structs.replace(found.ownership, holders=[more])
        rows.append(msgspec.structs.replace(found, ownership=own))
    (suspect,) = judge_in_words(rows).suspects
    assert [(e.endpoint, e.share) for e in suspect.endpoints] == [("page", 1.0)]


def test_growth_without_an_explanation_is_said() -> None:
    report = judge_in_words([snapshot(n, 5, **memory(n, anonymous=50)) for n in range(3)])
    assert report.verdict == "inconclusive"
    assert "nothing in the snapshots explains it" in report.summary


def open_things(count: int) -> Resources:
    return Resources(
        descriptors=10 + count,
        by_kind=[Tally(name="file", count=count)],
        open_objects=[OpenObject(type="_io.FileIO", path="app.cache", count=count)],
        threads=[ThreadRow(name="w-#", count=count, daemon=0)],
        thread_count=2,
    )


@pytest.mark.parametrize(("last", "verdict"), [(50, "inconclusive"), (2, "no-leak")])
def test_memory_that_still_comes_is_not_passed_over(last: int, verdict: str) -> None:
    """It came faster before. What no object explains has to rest, before it is said to."""
    resident = [100, 300, 300 + last]
    rows = [
        snapshot(n, 5, process=Process(anonymous=level * MB)) for n, level in enumerate(resident)
    ]
    assert judge_in_words(rows).verdict == verdict


def test_descriptors_that_their_owner_explains() -> None:
    rows = [snapshot(n, 100 * (n + 1), resources=open_things(100 * (n + 1))) for n in range(3)]
    (suspect,) = judge_in_words(rows).suspects
    assert suspect.cause == "unclosed-resource"
    assert suspect.holder is not None
    assert "200 more file descriptors are open after 200 requests." in suspect.evidence


def test_descriptors_and_threads_that_nobody_holds() -> None:
    rows = [snapshot(n, 5, resources=open_things(100 * (n + 1))) for n in range(3)]
    assert judge_in_words(rows).suspects[0].cause == "unclosed-resource"
    threads = [
        snapshot(n, 5, resources=Resources(thread_count=100 * (n + 1), threads=[]))
        for n in range(3)
    ]
    assert judge_in_words(threads).suspects[0].cause == "thread"


def test_libraries_tables_grow_with_imports() -> None:
    def of_library(turn: int) -> Snapshot:
        made = snapshot(turn, 5)
        count, loaded = 100 * (turn + 1), (100, 180, 230)[turn]
        steps = [("lib", "module"), (".table", "dict")]
        modules = [("sys", "module"), (".modules", "dict")]
        builder = tree(
            ([*steps, ("[value]", "str")], count, count * 100),
            ([*modules, ("[value]", "module")], loaded, loaded * 100),
        )
        holder = Holder(node=4, path="sys.modules", type="dict", entries=loaded)
        own = Ownership(stacks=builder.build(), holders=[holder], app_roots=["app"])
        return msgspec.structs.replace(made, ownership=own)

    report = judge_in_words([of_library(turn) for turn in range(3)])
    assert report.verdict == "inconclusive"
    assert [s.holder.path for s in report.suspects if s.holder] == ["lib.table"]


def test_trees_are_subtracted_node_by_node() -> None:
    one = tree(([("a", ""), ("b", "")], 1, 10), ([("a", ""), ("c", "")], 5, 50)).build()
    two = tree(([("a", ""), ("c", "")], 5, 50), ([("a", ""), ("b", "")], 4, 40)).build()
    result = subtract(one, two)
    names = [result.stacks.frame_at(n).label for n in range(len(result.stacks))]
    assert dict(zip(names, result.size_delta, strict=True)) == {"a": 0, "b": 30}
    both = align([one, two])
    assert both.totals()[1][0] == 90


def test_types_come_and_go() -> None:
    def of(*types: tuple[str, int]) -> Snapshot:
        rows = [TypeRow(type=t, module="m", count=n, size=n * 8, tracked=0) for t, n in types]
        return msgspec.structs.replace(snapshot(0, 5), heap=Heap(types=rows))

    changes = diff.heap(of(("gone", 5), ("same", 1)), of(("new", 7), ("same", 1))).types
    assert [(c.type, c.count_delta, c.size_delta) for c in changes] == [
        ("new", 7, 56),
        ("gone", -5, -40),
    ]


@pytest.mark.parametrize(
    ("frames", "accused"), [((1, 1, 1), True), ((1, 2, 3), False), ((1, 0, 1), False)]
)
def test_local_variables_of_functions_that_come_and_go_are_no_leak(
    frames: tuple[int, ...], accused: bool
) -> None:
    def serving(turn: int) -> Snapshot:
        count = (100, 200, 300)[turn]
        root, frame, local = ("thread pool-#:", "frame"), (" in serve", "frame"), (" local rows",)
        steps = [root, frame, (*local, "list")]
        builder = tree((steps[:2], frames[turn], 100), ([*steps, ("[item]", "str")], count, count))
        own = Ownership(stacks=builder.build(), app_roots=["thread pool-#:"])
        return msgspec.structs.replace(snapshot(turn, 5), ownership=own)

    report = judge_in_words([serving(turn) for turn in range(3)])
    assert (report.verdict == "leak") is accused
    holder = report.suspects[0].holder
    assert holder is not None
    assert holder.path == "thread pool-#: local rows"


# --- what helps, by library


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("logging.Logger.manager.loggerDict", "dict", "one logger"),
        ("app.audit.handlers", "list", "once, at start-up"),
        ("app.__warningregistry__", "dict", "warning's text"),
        ("app.total", "functools._lru_cache_wrapper", "maxsize"),
        ("app.heads", "numpy.ndarray", "copy()"),
        ("app.cache", "dict", "deque(maxlen"),
    ],
)
def test_the_remedy_fits_the_library(path: str, kind: str, words: str) -> None:
    assert words in REMEDIES[remedy_rule("unbounded-container", path, ("list", kind))]
