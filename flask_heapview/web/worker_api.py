"""The API's calls that belong to one worker: `worker` names it, `all` names every one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from flask import Response, request

from ..errors import HeapViewError
from ..model import api
from ..model.worker_info import WorkerInfo
from .fields import sent, text_field
from .guard import service
from .links import url_for
from .replies import reply
from .worker_calls import ALL, BY_NAME, ROUTES, WorkerCall, ask_each, ask_worker

NOTHING = 204


def carried_out(name: str) -> Response:
    """What one worker has done for a call, or each of them."""
    call = BY_NAME[name]
    fields = request.args.to_dict() if ROUTES[name].method in ("GET", "DELETE") else sent()
    # whoever names it in the address of a POST means it, too
    worker = text_field(fields, "worker") or request.args.get("worker")
    fields.pop("worker", None)
    if worker == ALL:
        return _of_all(call, fields)
    answer = ask_worker(name, worker, fields)
    if call.status == NOTHING:
        return Response(status=NOTHING)
    return reply(answer, call.status, _location(answer))


def _location(answer: Any) -> dict[str, str]:
    if not isinstance(answer, api.Started):
        return {}
    return {"Location": url_for(".api_snapshot", snapshot_id=answer.id)}


def _of_all(call: WorkerCall, fields: dict[str, Any]) -> Response:
    """Every live worker's answer, or why it has none. Raises what all of them have met."""
    answers = ask_each(call.name, service().workers.live(), fields)
    failed = [answer for _, answer in answers if isinstance(answer, HeapViewError)]
    if len(failed) == len(answers):
        raise failed[0]
    status = 200 if call.status == NOTHING else call.status
    return reply(_joined(call, answers), status)


def _joined(call: WorkerCall, answers: Sequence[tuple[WorkerInfo, Any]]) -> object:
    if call.name == "status":
        good = [answer for _, answer in answers if not isinstance(answer, HeapViewError)]
        errors = [_row(*pair) for pair in answers if isinstance(pair[1], HeapViewError)]
        return {"workers": good, "errors": errors}
    if call.name == "capture":
        return {"snapshots": [_row(*pair) for pair in answers]}
    return {"workers": [_row(*pair) for pair in answers]}


def _row(worker: WorkerInfo, answer: Any) -> dict[str, Any]:
    if isinstance(answer, HeapViewError):
        return {"worker": worker.id, "error": answer.detail}
    return {**msgspec.structs.asdict(answer), "worker": worker.id}
