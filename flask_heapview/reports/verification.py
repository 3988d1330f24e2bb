"""Is a leak gone? The answer, in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.judge import judge
from ..analysis.verify import verify
from ..model.snapshot import Snapshot
from ..model.verification import Earlier, Verification
from ..render.sentences.verification import with_words


def verify_in_words(
    snapshots: Sequence[Snapshot], fingerprint: str, before: Earlier | None
) -> Verification:
    """Whether the leak with that fingerprint is gone, by snapshots of one worker, oldest first.

    Raises DifferentWorkers.
    """
    return with_words(verify(snapshots, judge(snapshots), fingerprint, before))
