"""How much of the growth in resident memory the suspects account for."""

from __future__ import annotations

from msgspec.structs import replace

from flask_heapview.analysis.judge import judge
from flask_heapview.model.births import Births
from flask_heapview.model.process import Process
from flask_heapview.model.report import Explained
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.render import markdown, text
from flask_heapview.render.sentences.say import explained_text
from flask_heapview.render.sentences.verdict import with_sentences

from .factories import MB, SITE, row, snapshot


def grown(*anonymous: int | None, entries: int = 5000) -> list[Snapshot]:
    """app.cache gains so many entries of 1 kB each time, and the process is so large."""
    return [
        snapshot(turn, 500 + entries * turn, process=Process(machine_total=8_000 * MB, anonymous=n))
        for turn, n in enumerate(anonymous)
    ]


def explained(snapshots: list[Snapshot]) -> Explained | None:
    return judge(snapshots).explained


def test_what_the_suspects_took_and_the_rest() -> None:
    found = explained(grown(50 * MB, 56 * MB, 62 * MB))
    assert found == Explained(resident=12 * MB, suspects=10 * MB, rest=2 * MB)


def test_a_suspect_that_is_not_sure_explains_nothing() -> None:
    found = explained([*grown(50 * MB, 62 * MB), *grown(0, 0, 62 * MB, entries=2500)[2:]])
    assert found is not None
    assert (found.suspects, found.rest) == (0, 12 * MB)


def test_without_growth_there_is_nothing_to_explain() -> None:
    assert explained(grown(50 * MB, 50 * MB, 50 * MB)) is None
    assert explained(grown(None, None, None)) is None
    assert explained(row(500, 600)[1:]) is None


def test_it_is_said_in_every_form() -> None:
    report = with_sentences(judge(grown(50 * MB, 56 * MB, 62 * MB)))
    said = "The leaks below account for 10.0 MB of the 12.0 MB by which resident memory grew (83 %)"
    for form in (text.render, markdown.render):
        assert said in " ".join(form(report).split())


def test_no_more_than_the_whole_is_explained() -> None:
    """What the leaks took beyond the growth had been free before."""
    said = explained_text(Explained(resident=19_100_000, suspects=20_400_000, rest=-1_300_000))
    assert "all of the 19.1 MB by which resident memory grew. They also took 1.3 MB" in said
    assert "%" not in said
    assert "20.4" not in said
    nothing = explained_text(Explained(resident=MB, suspects=0, rest=MB))
    assert nothing == "No leak accounts for the 1.0 MB by which resident memory grew."
    exactly = explained_text(Explained(resident=MB, suspects=MB, rest=0))
    assert exactly == (
        "The leaks below account for all of the 1.0 MB by which resident memory grew."
    )


def test_samples_are_said_with_their_site() -> None:
    made = snapshot(1, 600)
    births = Births(until=200, size=(900,), samples=(7,))
    holders = [replace(made.ownership.holders[0], sites=[replace(SITE, births=births)])]
    sampled = replace(made, ownership=replace(made.ownership, holders=holders))
    report = with_sentences(judge([snapshot(0, 500), sampled]))
    for form in (text.render, markdown.render):
        assert "(7 samples)" in form(report)
    exact = with_sentences(judge(row(500, 600)))
    assert "sample" not in text.render(exact)
