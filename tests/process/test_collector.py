"""The collector's pauses and figures."""

from __future__ import annotations

from flask_heapview.process.collector import PauseHistory, read_gc


def test_pauses_are_kept_and_bounded() -> None:
    history = PauseHistory()
    assert history.figures(0) == (None, None, None)
    history("stop", {"generation": 0})
    for _ in range(2000):
        history("start", {"generation": 0})
        history("stop", {"generation": 0})
    p50, p99, longest = history.figures(0)
    assert p50 is not None
    assert p99 is not None
    assert longest is not None
    assert 0 <= p50 <= p99 <= longest < 1
    assert len(history._pauses[0]) == 512
    history.install()
    history.install()
    state = read_gc()
    assert len(state.generations) == 3
    history.remove()
