"""The sampler: honest figures, the right endpoint, and no harm."""

from __future__ import annotations

import gc
import random
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_heapview import HeapView
from flask_heapview.allocations import samples, tracing
from flask_heapview.allocations.samples import Samples
from flask_heapview.analysis.confidence_interval import sum_interval
from flask_heapview.request_context import SERVING

from ..helpers import TOKEN
from ..run_isolated import alone

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

from flask_heapview.core import _core

RATE = 512 * 1024


def start(sample_bytes: int = RATE, seed: int = 1, frames: int = 32) -> None:
    _core.sampling_start(SERVING, threading._active, frames, sample_bytes, seed)


def found() -> Samples:
    known = samples.parse_dump(_core.sampling_dump())
    assert known is not None
    return known


def by_function(known: Samples) -> dict[str, tuple[float, float, float]]:
    """Estimate, low and high, of the bytes alive, by innermost function."""
    result = samples.allocations(known)
    sums: dict[str, list[float]] = {}
    for node in range(len(result.stacks)):
        row = sums.setdefault(result.stacks.frame_at(node).label, [0.0, 0.0, 0.0])
        row[0] += result.stacks.size[node]
        row[1] += result.variance[node]
        row[2] = max(row[2], result.largest[node])
    bounds = {name: sum_interval(*row) for name, row in sums.items()}
    return {name: (sums[name][0], bound.low, bound.high) for name, bound in bounds.items()}


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


@pytest.mark.parametrize(("sample_bytes", "least"), [(RATE, 0.95), (0, 0.94)])
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


def test_what_is_freed_is_no_longer_counted() -> None:
    start(4096)
    kept = [bytes(1000) for _ in range(5000)]
    alive = len(found().live)
    assert alive > 900
    del kept[::2]
    assert 0.4 * alive < len(found().live) < 0.6 * alive
    kept.clear()
    assert len(found().live) < 0.02 * alive


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


def test_a_quiet_endpoint_beside_a_loud_one() -> None:
    start(0)
    kept = []
    for number in range(600):
        SERVING.set("loud")
        text = "\n".join([f"{number} {n}" for n in range(5000)])
        SERVING.set("quiet")
        kept.append(bytes(4000))
        assert text
    SERVING.set(None)
    known = found()
    tags = Counter(known.entries[live.entry].tag for live in known.live)
    quiet = sum(
        live.size / live.chance
        for live in known.live
        if known.entries[live.entry].tag == "endpoint quiet"
    )
    assert tags["endpoint quiet"] >= 12
    assert quiet == pytest.approx(600 * 4033, rel=0.6)


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


# --- no harm


def chain_of_tools(steps: str) -> None:
    for step in steps:
        if step == "S":
            start(4096)
        if step == "s":
            _core.sampling_stop()
        if step == "T":
            tracemalloc.start()
        if step == "t":
            tracemalloc.stop()


@pytest.mark.parametrize("steps", ["S", "TS", "TSt", "ST", "STt", "SsTSt", "STsS", "TSsS", "TStTt"])
def test_beside_tracemalloc_in_any_order(steps: str) -> None:
    try:
        chain_of_tools(steps)
        assert _core.sampling_heal(), "the hooks are in"
        kept = [bytes(1000) for _ in range(2000)]
        alive = len(found().live)
        assert alive > 300
        kept.clear()
        assert len(found().live) < 0.1 * alive
    finally:
        tracemalloc.stop()
    kept = [bytes(1000) for _ in range(2000)]
    assert len(found().live) > 300
    kept.clear()
    assert len(found().live) < 0.1 * alive


def test_the_hooks_go_again() -> None:
    for steps in ("Ss", "TSst", "STst", "STts"):
        chain_of_tools(steps)
        assert _core.sampling() is None
    start(4096)
    assert _core.sampling_heal()


STRESS = """
    import random, subprocess, tracemalloc
    from flask_heapview.allocations import tracing
    from flask_heapview.core import _core
    stop = threading.Event()
    def load():
        kept = []
        while not stop.is_set():
            kept.append({str(n): [n, bytes(n)] for n in range(30)})
            if len(kept) > 50:
                kept.clear()
    def quiet():
        gc.collect(); gc.collect()
        return sys.getallocatedblocks()
    def once(n, dice):
        frames, distance = dice.choice([8, 32]), dice.choice([64, 4096])
        tracing.switch("sampled", frames, distance)
        if n % 7 == 0: tracemalloc.start(dice.choice([1, 5]))
        if n % 50 == 0:
            pid = os.fork()
            if pid == 0:
                junk = [bytes(300) for _ in range(3000)]; del junk
                _core.sampling_stop(); os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        junk = [bytes(200) for _ in range(100)]
        if n % 3 == 0: _core.sampling_dump()
        if n % 5 == 0: tracemalloc.stop()
        if dice.random() < 0.9: _core.sampling_stop()
    dice = random.Random(1)
    import warnings; warnings.simplefilter("ignore")
    for n in range(20): once(n, dice)
    tracemalloc.stop(); _core.sampling_stop()
    before = quiet()
    threads = [threading.Thread(target=load) for _ in range(3)]
    for t in threads: t.start()
    for n in range(int(sys.argv[1])): once(n, dice)
    stop.set()
    for t in threads: t.join()
    tracemalloc.stop(); _core.sampling_stop()
    say(drift=quiet() - before, on=_core.sampling())
"""


def test_on_and_off_a_thousand_times_under_load() -> None:
    result = alone(STRESS, "1000")
    assert result["on"] is None
    assert abs(result["drift"]) < 300


def test_a_fork_takes_the_samples_with_it() -> None:
    result = alone("""
        from flask_heapview.allocations import samples, tracing
        from flask_heapview.core import _core
        tracing.switch("sampled", sample_bytes=4096)
        kept = [bytes(1000) for _ in range(2000)]
        def alive():
            return len(samples.parse_dump(_core.sampling_dump()).live)
        before, (read, write) = alive(), os.pipe()
        import warnings; warnings.simplefilter("ignore")
        pid = os.fork()
        if pid == 0:
            inherited = alive()
            kept.clear()
            freed = alive()
            kept.extend(bytes(1000) for _ in range(2000))
            os.write(write, json.dumps([inherited, freed, alive()]).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        say(before=before, child=json.loads(os.read(read, 1000)), after=alive())
    """)
    before = result["before"]
    inherited, freed, again = result["child"]
    assert before > 300
    assert abs(inherited - before) < 40
    assert abs(result["after"] - before) < 40
    assert freed < 0.1 * before
    assert again > 0.5 * before


def test_another_interpreter_is_none_of_its_business() -> None:
    result = alone("""
        try: import _interpreters as sub
        except ImportError: import _xxsubinterpreters as sub
        from flask_heapview.allocations import samples, tracing
        from flask_heapview.core import _core
        tracing.switch("sampled", sample_bytes=256)
        other = sub.create()
        code = "kept = [bytes(100) for _ in range(20000)]; kept.clear(); import json"
        (getattr(sub, "run_string", None) or sub.exec)(other, code)
        kept = [bytes(100) for _ in range(2000)]
        sub.destroy(other)
        alive = len(samples.parse_dump(_core.sampling_dump()).live)
        kept.clear()
        say(alive=alive, after=len(samples.parse_dump(_core.sampling_dump()).live))
    """)
    assert result["alive"] > 300
    assert result["after"] < result["alive"]


def test_asked_for_twice_it_goes_on() -> None:
    result = alone("""
        from flask_heapview.allocations import tracing
        from flask_heapview.core import _core
        tracing.switch("sampled")
        kept = [bytes(50_000) for _ in range(2_000)]  # enough for the rate to adapt
        before = _core.sampling()
        tracing.switch("sampled")
        after = _core.sampling()
        tracing.switch("sampled", sample_bytes=1_000_000)
        say(rates=[before[2], after[2]], alive=[before[3], after[3]], other=_core.sampling()[1:4])
    """)
    assert result["alive"][0] > 10
    assert result["alive"][1] >= result["alive"][0]
    assert result["other"] == [1_000_000, 1_000_000, 0]


def test_another_tool_takes_the_hooks_away() -> None:
    result = alone("""
        import ctypes
        from flask_heapview.allocations import tracemalloc_hooks, tracing
        from flask_heapview.core import _core
        plain = tracemalloc_hooks.PlainAllocators()
        plain.save()
        tracing.switch("sampled")
        plain.restore()
        lost = not _core.sampling_heal()
        plain.restore()
        tracing.restore_hooks()
        say(lost=lost, asked=_core.sampling()[1], healed=_core.sampling_heal())
    """)
    assert result == {"lost": True, "asked": 0, "healed": True}  # it still adapts


def test_it_takes_little_memory() -> None:
    start(4096)
    kept = [bytes(1000) for _ in range(20_000)]
    state = _core.sampling()
    assert state is not None
    assert len(kept) == 20_000
    assert state[6] < 10_000_000


def test_nothing_of_ours_is_in_the_figures(tmp_path: Any) -> None:
    app, _ = shop(lambda: None)
    HeapView(app, token=TOKEN, dir=str(tmp_path))
    start(256)
    app.test_client().get("/_debug/memory/login")
    gc.collect()
    labels = {frame.file for frame in samples.allocations(found()).stacks.frames}
    assert not any("/flask_heapview/" in file for file in labels)
