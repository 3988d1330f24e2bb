"""Questions about two snapshots that two engines took of one worker."""

from __future__ import annotations

from ..analysis import opinions as analysis
from ..errors import BadRequest, DifferentWorkers
from ..model.opinions import Opinions
from ..render.sentences.opinions import with_opinion_sentences
from ..store.snapshots import Store


def opinions(store: Store, first: str | None, second: str | None) -> Opinions:
    """What both engines say. Raises BadRequest, NotFound, DifferentWorkers."""
    if not first or not second:
        raise BadRequest("Name two snapshots: ?first=ID&second=ID.")
    one, other = store.info(first), store.info(second)
    if one.worker != other.worker:
        raise DifferentWorkers((one.worker, other.worker))
    if one.engine_kind == other.engine_kind:
        raise BadRequest(
            f"Both snapshots are of the {one.engine_kind} engine. Use diff or report for what "
            "changed between them."
        )
    return with_opinion_sentences(analysis.opinions(store.load(first), store.load(second)))
