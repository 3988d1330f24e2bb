"""The page of what releasing memory would give back, before it is done."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..errors import HeapViewError
from .frame import page
from .guard import service
from .replies import needs
from .worker_calls import ALL, ask_each, ask_worker

CALL = "rehearse_trim"


def register(blueprint: Blueprint) -> None:
    """Adds its route."""
    blueprint.add_url_rule("/trim/rehearsal", CALL, _rehearse, methods=["POST"])


@needs("capture")
def _rehearse() -> Response:
    """Of one worker, or of all. Raises what the one has met, or all of them."""
    wanted, here = request.form.get("worker") or None, service().workers
    if wanted == ALL:
        answers = ask_each(CALL, here.live())
    else:
        worker = here.find(wanted) if wanted else here.me()
        answers = [(worker, ask_worker(CALL, worker.id))]
    failed = [answer for _, answer in answers if isinstance(answer, HeapViewError)]
    if len(failed) == len(answers):
        raise failed[0]
    return page("rehearsed.html", answers=answers, chosen=request.form.get("chosen"))
