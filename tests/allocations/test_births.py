"""Each sample knows when it was born, and a site's bins tell what stays from what goes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import pytest

from flask_heapview.allocations import tracing
from flask_heapview.allocations.sampled_sites import SampledSites
from flask_heapview.model.births import BINS, Births
from flask_heapview.request_context import SERVING

from ..run_isolated import alone
from .sampler import found, start

if tracing.why_not_sampled() is not None:
    pytest.skip(tracing.why_not_sampled() or "", allow_module_level=True)

FINE = 2000  # bytes between two samples


def request(endpoint: str, work: Callable[[], object]) -> None:
    token = SERVING.set(endpoint)
    tracing.request_begun(endpoint)
    work()
    SERVING.reset(token)


def births(endpoint: str | None) -> Births:
    """Of the largest site of an endpoint."""
    known = found()
    sites = SampledSites(known).sites(known.live)
    made = next(site.births for site in sites if site.endpoint == endpoint)
    assert made is not None
    return made


def test_what_stays_is_level_and_what_goes_is_young() -> None:
    start(FINE)
    kept: list[bytes] = []
    latest: deque[bytes] = deque(maxlen=50)
    first: dict[int, bytes] = {}
    for number in range(800):
        request("leak", lambda: kept.append(bytes(3000)))
        request("window", lambda: latest.append(bytes(3000)))
        request("once", lambda n=number: first.setdefault(n % 20, bytes(3000)))  # type: ignore[misc]
    leak, window, once = births("leak"), births("window"), births("once")
    assert (leak.by, leak.until, len(leak.size), len(leak.samples)) == ("requests", 800, BINS, BINS)
    assert min(leak.size) > 0.6 * max(leak.size)
    assert min(leak.samples) > 10
    assert 0.8 * 3000 * 800 < sum(leak.size) < 1.2 * 3000 * 800
    # the latest 50 of 800 requests are one bin of 16; a deque's own block may be of the first
    assert sum(window.size[:-1]) < 10_000 < 100_000 < window.size[-1]
    assert once.size[0] > 0 == sum(once.size[1:])


def test_an_endpoint_that_came_late_has_its_own_beginning() -> None:
    start(FINE)
    kept: list[bytes] = []
    for _ in range(300):
        request("early", lambda: None)
    for _ in range(300):
        request("late", lambda: kept.append(bytes(3000)))
    made = births("late")
    assert made.until == 300
    assert min(made.size) > 0.5 * max(made.size)
    known = found()
    assert known.requests == 600
    assert min(live.request for live in known.live if live.own_request > 0) > 300


def test_few_requests_have_as_many_bins() -> None:
    start(FINE)
    kept: list[bytes] = []
    for _ in range(3):
        request("rare", lambda: kept.append(bytes(30_000)))
    made = births("rare")
    assert (made.until, len(made.size)) == (3, 3)
    assert min(made.samples) >= 1


def test_outside_of_requests_seconds_count() -> None:
    start(FINE)
    kept: list[bytes] = []
    thread = threading.Thread(target=lambda: kept.append(bytes(300_000)))
    thread.start()
    thread.join()
    made = births(None)
    assert (made.by, made.until) == ("seconds", 1)


def test_sampling_that_begins_again_counts_from_nothing() -> None:
    start(FINE)
    kept: list[bytes] = []
    for _ in range(100):
        request("page", lambda: kept.append(bytes(3000)))
    start(FINE)
    for _ in range(10):
        request("page", lambda: kept.append(bytes(3000)))
    assert found().requests == births("page").until == 10


def test_while_nothing_is_sampled_a_request_is_no_error() -> None:
    tracing.switch("off")
    tracing.request_begun("page")

    class Name(str):
        """An endpoint need not be a plain str."""

        __slots__ = ()

    start(FINE)
    tracing.request_begun(Name("page"))
    assert found().requests == 1


def test_time_is_that_of_the_walk() -> None:
    start(FINE)
    time.sleep(0.01)
    assert 0.01 <= found().since < 60


def test_a_child_goes_on_counting() -> None:
    said = alone(
        """
        from flask_heapview.allocations import samples, tracing
        from flask_heapview.core import _core
        from flask_heapview.request_context import SERVING
        tracing.switch("sampled", 8, 2000)
        kept = []
        def serve(times):
            SERVING.set("page")
            for _ in range(times):
                tracing.request_begun("page")
                kept.append(bytes(3000))
            SERVING.set(None)
        serve(100)
        read, write = os.pipe()
        if os.fork() == 0:
            serve(100)
            known = samples.parse_dump(_core.sampling_dump())
            born = sorted(live.own_request for live in known.live if live.own_request)
            os.write(write, json.dumps([known.requests, born[0], born[-1]]).encode())
            os._exit(0)
        os.wait()
        requests, first, last = json.loads(os.read(read, 1000))
        say(requests=requests, first=first, last=last)
        """
    )
    assert said["requests"] == 200
    assert said["first"] < 20
    assert said["last"] > 180


@pytest.mark.parametrize(
    ("each", "bars", "tells"), [(8, 16, True), (4, 8, True), (2, 4, True), (1, 4, False)]
)
def test_few_samples_are_drawn_as_few_bars(each: int, bars: int, tells: bool) -> None:
    births = Births(until=160, size=tuple(range(16)), samples=(each,) * 16)
    assert len(births.drawn) == bars
    assert sum(births.drawn) == sum(range(16))
    assert births.tells is tells


def test_bins_that_cannot_be_halved_stay() -> None:
    assert Births(until=5, size=(1, 0, 2, 0, 3), samples=(1, 0, 1, 0, 1)).drawn == (1, 0, 2, 0, 3)
