"""What one worker does when it is asked: here, in another worker, or in all of them.

Whichever worker receives a call, the one that is meant carries it out: the call is passed on over
that worker's socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast, get_args

import msgspec
from flask import current_app

from ..allocations import native_sampler, tracing
from ..errors import BadRequest, HeapViewError, NotFound
from ..model import api
from ..model.base import Model, from_json
from ..model.history import History
from ..model.snapshot import EngineName, Kind
from ..model.worker_info import WorkerInfo
from ..process import rehearsal
from ..process.actions import collect, trim
from ..render import json as as_json
from ..service.service import Service
from ..service.watch import DEFAULT_SNAPSHOTS
from ..text import clean
from ..workers.base import Answer, Call
from .fields import MAX_LABEL_CHARACTERS, flag, real, text_field, whole
from .guard import may, service
from .routes import WORKER_ROUTES, Route, load

ALL = "all"  # in place of a worker's id: every live one
MAX_CALL_SECONDS = 30.0  # that another worker may take
Fields = Mapping[str, Any]
NO_FIELDS: Fields = {}


class WorkerCall(msgspec.Struct, frozen=True):
    """A call of the API that belongs to one worker."""

    name: str
    carry_out: Callable[[Service, Fields], Model]
    answer: type[Model]
    status: int = 200


def _status(here: Service, _: Fields) -> api.Status:
    return here.inspector.status()


def _history(here: Service, _: Fields) -> History:
    from ..views.history import forecasted  # not before: a worker that is listed needs no views

    return forecasted(here.inspector.history())


def _worker(here: Service, _: Fields) -> WorkerInfo:
    return here.workers.me()


def _capture(here: Service, fields: Fields) -> api.Started:
    kind = text_field(fields, "kind") or "ownership"
    if kind not in get_args(Kind):
        raise BadRequest(f"kind must be one of {', '.join(get_args(Kind))}.")
    engine = text_field(fields, "engine") or "auto"
    if engine not in get_args(EngineName):
        raise BadRequest(f"engine must be one of {', '.join(get_args(EngineName))}.")
    label = clean(text_field(fields, "label") or "", MAX_LABEL_CHARACTERS)
    load()
    info = here.inspector.capture(_app(), label, cast(Kind, kind), cast(EngineName, engine))
    return api.Started(id=info.id, state=info.state, worker=here.worker)


def _app() -> Any:
    return current_app._get_current_object()  # type: ignore[attr-defined]


def _trace(here: Service, fields: Fields) -> api.Tracing:
    mode, native = text_field(fields, "mode"), flag(fields, "native")
    frames, sample_bytes = whole(fields, "frames"), whole(fields, "sample_bytes")
    if mode is not None or native is None:  # native memory may be switched alone
        tracing.switch(mode or "", frames, sample_bytes)
    if native is not None:
        native_sampler.switch(native)
    return api.Tracing(
        mode=tracing.mode(),
        frames=tracing.depth(),
        worker=here.worker,
        native=native_sampler.is_on(),
    )


def _watch(here: Service, fields: Fields) -> api.WatchState:
    times, requests = whole(fields, "times"), whole(fields, "every_requests")
    seconds = real(fields, "every_seconds")
    times = DEFAULT_SNAPSHOTS if times is None else times
    load()
    return here.inspector.watch(_app(), times, requests, seconds)


def _watching(here: Service, _: Fields) -> api.WatchState:
    state = here.inspector.watching()
    if state is None:
        raise NotFound("There was no watch in this worker. POST /api/v1/watch starts one.")
    return state


def _unwatch(here: Service, _: Fields) -> api.Nothing:
    here.inspector.unwatch()
    return api.Nothing()


def _trim(here: Service, _: Fields) -> api.Trimmed:
    return msgspec.convert({**trim(), "worker": here.worker}, api.Trimmed)


def _rehearse_trim(here: Service, _: Fields) -> api.RehearsedTrim:
    from ..reports.collection import predicted
    from ..reports.service_queries import finished

    done = finished(here.store.listing()).get(here.worker, ())
    found = {**rehearsal.trim(), "worker": here.worker, "collection": predicted(done)}
    return msgspec.convert(found, api.RehearsedTrim)


def _collect(here: Service, _: Fields) -> api.Collected:
    return msgspec.convert({**collect(), "worker": here.worker}, api.Collected)


CALLS = (
    WorkerCall("status", _status, api.Status),
    WorkerCall("history", _history, History),
    WorkerCall("worker", _worker, WorkerInfo),
    WorkerCall("capture", _capture, api.Started, 202),
    WorkerCall("allocations", _trace, api.Tracing),
    WorkerCall("watch", _watch, api.WatchState, 202),
    WorkerCall("watching", _watching, api.WatchState),
    WorkerCall("unwatch", _unwatch, api.Nothing, 204),
    WorkerCall("trim", _trim, api.Trimmed),
    WorkerCall("rehearse_trim", _rehearse_trim, api.RehearsedTrim),
    WorkerCall("collect", _collect, api.Collected),
)
BY_NAME = {call.name: call for call in CALLS}
ROUTES: dict[str, Route] = {route.first: route for route in WORKER_ROUTES}


def ask_worker(name: str, worker: str | None = None, fields: Fields = NO_FIELDS) -> Any:
    """What that worker answers; without one, this worker. Raises HeapViewError, as there."""
    return asking(name, worker, fields)()


def asking(
    name: str,
    worker: str | None = None,
    fields: Fields = NO_FIELDS,
    seconds: float = MAX_CALL_SECONDS,
) -> Callable[[], Any]:
    """The question of `ask_worker`, to be asked any number of times; another worker has `seconds`
    for each answer. What only reads can also be asked when the request has ended. Raises NotFound.
    """
    call, here, judged = BY_NAME[name], service(), may("export")
    wanted = here.workers.find(worker) if worker else None

    def ask() -> Any:
        if wanted is None or wanted.self:
            return _shown(call.carry_out(here, fields), judged)
        answer = here.workers.call(wanted, _as_call(call, fields), seconds)
        return _shown(_decoded(call, answer), judged)

    return ask


def ask_each(
    name: str,
    workers: Sequence[WorkerInfo],
    fields: Fields = NO_FIELDS,
    seconds: float = MAX_CALL_SECONDS,
) -> list[tuple[WorkerInfo, Any]]:
    """Each worker with its answer, or with the HeapViewError that it met."""
    call, here = BY_NAME[name], service()
    others = [worker for worker in workers if not worker.self]
    answers = dict(
        zip(
            (worker.id for worker in others),
            here.workers.call_each(others, _as_call(call, fields), seconds),
            strict=True,
        )
    )
    return [(worker, _outcome(call, answers.get(worker.id), fields)) for worker in workers]


def _outcome(call: WorkerCall, answer: Answer | HeapViewError | None, fields: Fields) -> Any:
    try:
        if answer is None:
            return _shown(call.carry_out(service(), fields), may("export"))
        if isinstance(answer, HeapViewError):
            return answer
        return _shown(_decoded(call, answer), may("export"))
    except HeapViewError as error:
        return error


def _as_call(call: WorkerCall, fields: Fields) -> Call:
    given = {name: value for name, value in fields.items() if value is not None}
    route = ROUTES[call.name]
    body = b"" if route.method in ("GET", "DELETE") else as_json.encode(given)
    return Call(route.method, route.path, body)


def _decoded(call: WorkerCall, answer: Answer) -> Any:
    """The answer in its type. Raises the error that the worker has answered with."""
    if answer.status >= 400:
        raise _as_error(answer)
    if answer.status == 204:
        return api.Nothing()
    return from_json(answer.body, call.answer)


def _as_error(answer: Answer) -> HeapViewError:
    try:
        found = msgspec.json.decode(answer.body, type=dict[str, Any])
        made = HeapViewError(str(found.pop("detail")), **_figures(found))
        made.title = str(found.get("title"))
    except (msgspec.MsgspecError, KeyError):
        made = HeapViewError("The worker answered with an error.")
    made.status = answer.status
    return made


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in ("type", "title", "status")}


def _shown(answer: Any, judged: bool) -> Any:
    """Without a watch's verdict, for those who may not see the report."""
    if not isinstance(answer, api.WatchState) or judged:
        return answer
    return msgspec.structs.replace(answer, verdict=None, summary="")
