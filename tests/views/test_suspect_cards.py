"""At most three suspects have a card, with the first of what there is to say."""

from __future__ import annotations

import pytest

from flask_heapview.model.facts import EntriesRemoved, Impact
from flask_heapview.model.report import (
    SCHEMA,
    AllocatedAt,
    Growing,
    Interval,
    PerRequest,
    Report,
    SnapshotRef,
    Suspect,
)
from flask_heapview.views.suspect_cards import first_sentence, sentences, suspect_board


def suspect(rank: int, **more: object) -> Suspect:
    return Suspect(
        rank,
        "unbounded-container",
        0.9,
        "it grew",
        None,
        Growing("list", 1, 1, PerRequest(1, 1)),
        **more,  # type: ignore[arg-type]
    )


def report(*suspects: Suspect) -> Report:
    when, times = SnapshotRef("a", ""), Interval(1, 1, {})
    return Report(SCHEMA, "", None, when, times, "leak", "", "", list(suspects))


@pytest.mark.parametrize(("count", "cards", "more"), [(0, 0, 0), (3, 3, 0), (5, 3, 2)])
def test_three_at_most(count: int, cards: int, more: int) -> None:
    board = suspect_board(report(*(suspect(n + 1) for n in range(count))))
    assert [card.suspect.rank for card in board.cards] == list(range(1, cards + 1))
    assert (board.all, board.more) == (count, more)


def test_what_a_card_says() -> None:
    site = AllocatedAt("/srv/shop/app.py", 17, "buy", 100)
    (card,) = suspect_board(
        report(
            suspect(
                1,
                allocated_at=[site, AllocatedAt("other.py", 1, "f", 1)],
                evidence=["Entries are also removed.", "That is 1 GB a day."],
                evidence_facts=[EntriesRemoved(), Impact(1e9, 100.0)],
                remedy="Bound app.cache.clear, or use functools.lru_cache. Then measure.",
            )
        )
    ).cards
    assert (card.site, card.place) == (site, "shop/app.py:17")
    assert card.impact == "That is 1 GB a day."
    assert card.remedy == "Bound app.cache.clear, or use functools.lru_cache."


def test_nothing_is_known() -> None:
    (card,) = suspect_board(report(suspect(1))).cards
    assert (card.site, card.place, card.impact, card.remedy) == (None, "", "", "")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("Call x.y() e.g. in z. `a` goes.", "Call x.y() e.g. in z."),
        ("No stop", "No stop"),
        ("", ""),
    ],
)
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first


def test_the_first_sentence_and_the_others() -> None:
    whole = "It leaks: dict app.kept gained 7 entries. It is at app.py:3 in f. 3 more are below."
    assert sentences(whole) == (
        "It leaks: dict app.kept gained 7 entries.",
        "It is at app.py:3 in f. 3 more are below.",
    )
    assert sentences("It grew. 3 more were found.") == ("It grew.", "3 more were found.")
    assert sentences("Nothing grew, over 1.5 s") == ("Nothing grew, over 1.5 s", "")
