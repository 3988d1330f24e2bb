"""What is too small to be sampled was born with what it holds one by one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flask_heapview.analysis.judge import judge
from flask_heapview.analysis.lent_ages import MIN_OBJECTS, lent_ages
from flask_heapview.model.births import BINS, Ages, NodeAges
from flask_heapview.model.ownership import Ownership
from flask_heapview.model.snapshot import Snapshot

from .factories import snapshot, tree

ERRORS, TRACEBACKS, FRAMES, SHEETS, MESSAGES = range(2, 7)  # nodes
MANY = 12  # samples in each bin


def kept_errors(errors: int = 200, sheets: int = 200, samples: int = MANY) -> Snapshot:
    """app.errors, of which only what its frames hold was sampled, after 400 requests."""
    root = [("app", "module"), (".errors", "list")]
    error = [*root, ("[item]", "ValueError")]
    frame = [*error, (".__traceback__", "traceback"), (".tb_frame", "frame")]
    builder = tree(
        (root[:1], 1, 100),
        (root, 1, 2000),
        (error, errors, errors * 80),
        (frame[:-1], errors, errors * 60),
        (frame, errors, errors * 200),
        ([*frame, (" local sheet", "bytearray")], sheets, sheets * 15_000),
        ([*error, (".args", "tuple")], errors, errors * 50),
    )
    one = snapshot(3, errors)
    (holder,) = one.ownership.holders
    ages = NodeAges(SHEETS, (sheets * 15_000 // BINS,) * BINS, (samples,) * BINS)
    own = Ownership(
        stacks=builder.build(),
        holders=[replace(holder, path="app.errors", type="list", sites=[])],
        app_roots=["app"],
        ages=Ages(requests=400, nodes=[ages]),
    )
    return replace(one, ownership=own)


def test_the_holder_is_what_collects_and_not_what_its_frames_hold() -> None:
    report = judge([kept_errors()])
    assert report.verdict == "leak"
    (suspect,) = report.suspects
    assert suspect.holder is not None
    assert suspect.holder.path == "app.errors"
    assert suspect.growing.type == "ValueError"
    assert suspect.growing.objects == 150  # of the last three quarters
    assert suspect.growing.bytes > 150 * 15_000


def test_all_that_hangs_below_has_the_same_ages() -> None:
    one = kept_errors().ownership
    assert set(lent_ages(one)) == {ERRORS, TRACEBACKS, FRAMES, MESSAGES}


@pytest.mark.parametrize(
    "one",
    [
        kept_errors(errors=200, sheets=100),  # not all of them hold one
        kept_errors(errors=MIN_OBJECTS - 1, sheets=MIN_OBJECTS - 1),
        kept_errors(samples=1),
    ],
)
def test_other_numbers_and_few_samples_say_nothing(one: Snapshot) -> None:
    assert lent_ages(one.ownership) == {}


def test_what_has_ages_keeps_its_own() -> None:
    own = kept_errors().ownership
    frames = NodeAges(FRAMES, (0,) * (BINS - 1) + (4000,), (0,) * (BINS - 1) + (3,))
    own = replace(own, ages=replace(own.ages, nodes=[*own.ages.nodes, frames]))
    lent = lent_ages(own)
    assert FRAMES not in lent
    assert lent[ERRORS].node == SHEETS
