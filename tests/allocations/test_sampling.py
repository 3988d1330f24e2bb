"""The sampler: honest figures, and the right endpoint."""

from __future__ import annotations

import gc
import random
import statistics
import struct
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.allocations import estimates, samples, tracing
from flask_heapview.allocations.samples import LiveSample, Samples
from flask_heapview.core.loader import core
from flask_heapview.request_context import SERVING

from ..helpers import TOKEN, not_under_asan
from ..run_isolated import alone
from .sampler import RATE, by_function, found, start

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)


# --- accuracy


def tiny() -> list[bytes]:
    kept = []
    for _ in range(58_000):
        kept.append(bytes(64))
    return kept


def small() -> list[bytes]:
    kept = []
    for _ in range(14_000):
        kept.append(bytes(400))
    return kept


def uneven() -> list[bytes]:
    dice, kept = random.Random(3), []
    for _ in range(9_000):
        kept.append(bytes(int(dice.paretovariate(1.2) * 200)))
    return kept


def large() -> list[bytes]:
    kept = []
    for _ in range(25):
        kept.append(bytes(300_000))
    return kept


def size_of(blocks: list[bytes]) -> int:
    """What was asked of the allocator: contents, what bytes objects have beside them, the array."""
    return sum(map(len, blocks)) + 33 * len(blocks) + blocks.__sizeof__() - [].__sizeof__()


PATTERNS: list[Callable[[], list[bytes]]] = [tiny, small, uneven, large]


@pytest.mark.parametrize(
    ("sample_bytes", "least"), [pytest.param(RATE, 0.95, marks=pytest.mark.slow), (0, 0.94)]
)
def test_the_estimate_is_within_its_interval(sample_bytes: int, least: float) -> None:
    """Adaptive sampling goes by the clock, so no two runs are the same: it is given a margin of
    two standard deviations of such a count."""
    inside, tried = 0, 0
    ratios = []
    for seed in range(1, 181):
        start(sample_bytes, seed)
        kept = {make.__name__: make() for make in PATTERNS}
        figures = by_function(found())
        for name, blocks in kept.items():
            true = size_of(blocks)
            assert true > 5_000_000
            estimate, low, high = figures[name]
            tried += 1
            inside += low <= true <= high
            ratios.append(estimate / true)
    assert inside / tried >= least, (inside, tried)
    assert 0.97 < sum(ratios) / len(ratios) < 1.05  # not biased


def live_blocks() -> int:
    """Of the test's own size: what reads the samples leaves smaller blocks behind."""
    return sum(live.size > 1000 for live in found().live)


def test_what_is_freed_is_no_longer_counted() -> None:
    start(4096)
    kept = [bytes(1000) for _ in range(5000)]
    alive = live_blocks()
    assert alive > 900
    del kept[::2]
    assert 0.4 * alive < live_blocks() < 0.6 * alive
    kept.clear()
    assert live_blocks() == 0


def test_all_that_was_allocated_is_counted() -> None:
    start(4096)
    for _ in range(20_000):
        bytes(1000)
    known = found()
    own = sum(entry.bytes for entry in known.entries if not entry.ours)
    assert own == pytest.approx(20_000 * 1033, rel=0.05)
    assert known.seen == pytest.approx(own, rel=0.05)
    assert sum(live.size for live in known.live) < 200_000


def test_a_block_that_grows_belongs_to_whoever_made_it_grow() -> None:
    start(4096)
    buffer = bytearray(10)

    def grow() -> None:
        for _ in range(1000):
            buffer.extend(b"x" * 1000)

    grow()
    assert by_function(found())["grow"][0] == pytest.approx(len(buffer), rel=0.2)


def test_more_samples_than_there_is_room_for() -> None:
    start(256)
    kept = [bytes(1000) for _ in range(30_000)]
    known = found()
    assert len(known.live) <= 8192
    estimate = sum(live.size / live.chance for live in known.live)
    assert estimate == pytest.approx(len(kept) * 1033, rel=0.06)


def test_more_tracebacks_than_there_is_room_for() -> None:
    start(64)
    for number in range(12_000):
        names: dict[str, Any] = {}
        exec(f"def f{number}(): bytes(600)", names)
        names[f"f{number}"]()
    known = found()
    assert len(known.entries) <= 8192
    assert known.entries[0].bytes + known.dropped > 0  # it says what has no line of its own
    assert sum(entry.bytes for entry in known.entries) > 12_000 * 600
    assert known.overhead < 10_000_000


def samples_of(known: Samples, tag: str) -> list[LiveSample]:
    return [live for live in known.live if known.entries[live.entry].tag == tag]


def test_a_quiet_endpoint_beside_a_loud_one() -> None:
    """The quiet one has a hundredth of the bytes and half of the samples. By its bytes alone, forty
    samples would take it some 80,000 rounds. With forty, five deviations are 0.8 of the truth."""
    start(0)
    kept: list[bytes] = []
    quiet: list[LiveSample] = []
    while len(quiet) < 40:
        for number in range(500):
            SERVING.set("loud")
            text = "\n".join([f"{number} {n}" for n in range(5000)])
            SERVING.set("quiet")
            kept.append(bytes(4000))
            assert text
        SERVING.set(None)
        quiet = samples_of(found(), "endpoint quiet")
        assert len(kept) <= 12_000, len(quiet)
    estimate = sum(live.size / live.chance for live in quiet)
    assert estimate == pytest.approx(len(kept) * 4033, rel=0.8)


def test_an_endpoint_that_leaks_little_keeps_its_fine_rate() -> None:
    """Its requests say that they begin, so the loud one's rate is in force no longer."""
    start(0)
    kept: list[object] = []
    for number in range(1000):
        SERVING.set("loud")
        tracing.request_begun("loud")
        text = [f"{number} {n}" for n in range(5000)]
        SERVING.set("quiet")
        tracing.request_begun("quiet")
        kept.append(bytes(4000))
        if number > 500 and number % 20 == 0:  # its rate has adapted
            kept.append(text)
    SERVING.set(None)
    known = found()
    quiet = [live.rate for live in samples_of(known, "endpoint quiet")]
    loud = [live.rate for live in samples_of(known, "endpoint loud")]
    assert len(quiet) > 300  # of 1,000 blocks of about the finest rate
    assert statistics.median(loud) > 4 * statistics.median(quiet)


# --- who


def work(kept: list[Any] | None, number: int) -> str:
    """The same code for the guilty and the innocent."""
    rows = [f"{number} {n}" * 4 for n in range(60)]
    record = {"rows": rows, "body": "x" * (1500 + number % 50), "raw": bytes(700)}
    if kept is not None:
        kept.append(record)
    return str(len(record))


def shop(pause: Callable[[], None]) -> tuple[Flask, list[Any]]:
    app, kept = Flask("shop"), []

    @app.get("/guilty/<int:number>")
    def guilty(number: int) -> str:
        pause()
        answer = work(kept, number)
        pause()
        return answer

    @app.get("/innocent/<int:number>")
    def innocent(number: int) -> str:
        pause()
        answer = work(None, number)
        pause()
        return answer

    return app, kept


def share_of(tag: str) -> float:
    """How much of what `work` allocated and is alive carries the tag."""
    known, sums = found(), Counter[str]()
    for live in known.live:
        entry = known.entries[live.entry]
        if any(name == "work" for _, name, _ in entry.places):
            sums[entry.tag] += live.size / live.chance
    assert sum(sums.values()) > 1_000_000, sums
    return sums[tag] / sum(sums.values())


def test_eight_threads_and_the_right_endpoint(tmp_path: Any) -> None:
    app, kept = shop(lambda: None)
    HeapView(app, token=TOKEN, dir=str(tmp_path))
    assert tracing.mode() == "sampled"
    start(4096)  # at the adaptive rate so few samples could not tell two per cent

    def client(number: int) -> None:
        browser = app.test_client()
        for n in range(150):
            browser.get(f"/{'guilty' if (n + number) % 2 else 'innocent'}/{n}")

    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 600
    assert share_of("endpoint guilty") > 0.98


@not_under_asan
def test_greenlets_and_the_right_endpoint() -> None:
    pytest.importorskip("gevent")
    result = alone("""
        from gevent import monkey; monkey.patch_all()
        import gevent, gevent.pool, tempfile
        from tests.allocations import test_sampling as t
        from flask_heapview import HeapView
        app, kept = t.shop(lambda: gevent.sleep(0))
        HeapView(app, token=t.TOKEN, dir=tempfile.mkdtemp())
        t.start(4096)
        def client(number):
            browser = app.test_client()
            for n in range(60):
                browser.get(f"/{'guilty' if (n + number) % 2 else 'innocent'}/{n}")
        pool = gevent.pool.Pool(20)
        pool.map(client, range(20))
        say(kept=len(kept), share=t.share_of("endpoint guilty"))
    """)
    assert result["kept"] == 600
    assert result["share"] > 0.98


def test_threads_carry_their_names() -> None:
    start(512)
    kept: list[Any] = []

    def run() -> None:
        kept.extend(bytes(100) for _ in range(2000))

    for name in ("pool-7_3", "pool-7_4", "Thread-12 (poll)", "mailer"):
        thread = threading.Thread(target=run, name=name)
        thread.start()
        thread.join()
    known = found()
    tags = {known.entries[live.entry].tag for live in known.live}
    assert {"thread pool-#_#", "thread Thread-# (poll)", "thread mailer"} <= tags


def test_nothing_of_ours_is_in_the_figures(tmp_path: Any) -> None:
    app, _ = shop(lambda: None)
    HeapView(app, token=TOKEN, dir=str(tmp_path))
    start(256)
    app.test_client().get("/_debug/memory/login")
    gc.collect()
    stacks = estimates.allocations(found()).stacks
    ours = [
        [(frame.label, frame.file, frame.line) for frame in stacks.stack(node)]
        for node in range(len(stacks))
        if "/flask_heapview/" in stacks.frame_at(node).file
    ]
    assert ours == []


def test_a_dump_that_is_cut_short_is_refused() -> None:
    start(1024)
    kept = small()
    whole = core.sampling_dump() if core is not None else b""
    known = samples.parse_dump(whole)
    assert known is not None
    assert len(kept) > len(known.live) > 100
    for length in [4, 5, *range(50, len(whole), len(whole) // 97), len(whole) - 24, len(whole) - 1]:
        with pytest.raises((struct.error, IndexError)):
            samples.parse_dump(whole[:length])


# --- what is alive now, by endpoint


def by_tag(known: Samples) -> Counter[str]:
    """Bytes alive by the first frame of a stack, as the allocation view adds them up."""
    stacks, sums = estimates.allocations(known).stacks, Counter[str]()
    for node in range(len(stacks)):
        sums[stacks.stack(node)[0].label] += stacks.size[node]
    return sums


def test_live_bytes_are_those_of_the_view() -> None:
    start(4096)
    kept = []
    for name, count in (("orders", 4000), ("größe", 1000), (None, 2000)):
        SERVING.set(name)
        kept.append([bytes(1000) for _ in range(count)])
    SERVING.set(None)
    live, view = samples.live_bytes(), by_tag(found())
    assert live is not None
    assert live["orders"] == pytest.approx(view["endpoint orders"], rel=0.001)
    assert live["größe"] == pytest.approx(view["endpoint größe"], rel=0.001)
    assert live["orders"] == pytest.approx(4000 * 1033, rel=0.25)
    assert set(live) == {"orders", "größe", samples.NO_ENDPOINT}
    assert sum(live.values()) == pytest.approx(sum(view.values()), rel=0.05)
    kept.clear()
    assert (samples.live_bytes() or {}).get("orders", 0) < live["orders"] / 20


def test_asking_for_live_bytes_takes_no_sample() -> None:
    start(1)  # every single block
    # other threads of the process that runs the tests may allocate meanwhile, but not every time
    assert min(_taken_while_asking() for _ in range(10)) < 25


def _taken_while_asking() -> int:
    assert core is not None
    answers: list[Any] = [None] * 50
    before = core.sampling()
    for number in range(50):
        answers[number] = core.sampling_live()
    after = core.sampling()
    assert all(answers)
    assert before is not None
    assert after is not None
    return after.samples - before.samples


def test_live_bytes_are_none_while_nothing_is_sampled() -> None:
    assert core is not None
    core.sampling_stop()
    assert samples.live_bytes() is None
