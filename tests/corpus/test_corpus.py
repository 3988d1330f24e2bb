"""The corpus: leaks are named, healthy services are not accused."""

from __future__ import annotations

import pytest

from .judge import Case, cases, run
from .packages import Unavailable, provides

QUICK = ("memo_in_a_closure",)


def marked(case: Case) -> object:
    marks = () if case.name in QUICK else (pytest.mark.slow,)
    return pytest.param(case, id=case.name, marks=marks)


def test_there_are_enough() -> None:
    leaks = [case for case in cases() if case.leaks]
    assert len(leaks) >= 115
    assert len(cases()) - len(leaks) >= 75
    assert all(len(case.paths) >= 2 or not case.leaks for case in cases())


@pytest.mark.parametrize("case", [marked(case) for case in cases()])
def test_the_report_is_right(case: Case) -> None:
    try:
        elsewhere = [name for name in case.needs if not provides(case.packages, name)]
    except Unavailable as why:
        pytest.skip(str(why))
    for name in elsewhere:
        pytest.importorskip(name)
    outcome = run(case)
    assert outcome.right, outcome.line()
    assert outcome.contradictions == []
