"""The overview: the workers, their snapshots, the verdict, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from ..allocations import tracing
from ..errors import HeapViewError, NotFound
from ..model.api import Status, WatchState
from ..model.history import History
from ..model.report import Report
from ..model.snapshot import SnapshotInfo
from ..model.worker_info import WorkerInfo
from ..reports.collection import predicted
from ..reports.service_queries import finished, latest_pair
from ..views.history import history_chart
from ..views.memory_bar import memory_bar
from ..views.suspect_cards import first_sentence, suspect_board
from .fields import number
from .frame import back, page
from .guard import may, service
from .links import url_for
from .worker_calls import ALL, ask_each, ask_worker

MENDED = " Then capture again under the same traffic: the growth has to stop."
Taken = Mapping[str, Sequence[SnapshotInfo]]  # the finished snapshots by worker, the newest first


class Totals(msgspec.Struct, frozen=True):
    """The figures of the whole service."""

    resident: int  # bytes
    requests: int
    unknown: int  # workers whose requests are not known


def overview() -> Response:
    """The first page: what leaks, and where the memory is."""
    here = service()
    workers = here.workers.live()
    snapshots = here.store.listing()
    taken = finished(snapshots)
    chosen, status, missing = _chosen(workers, taken)
    watches = _watches(workers)
    watch = watches.get(chosen.id)
    done = taken.get(chosen.id, [])
    running = next((s for s in snapshots if s.state == "running"), None)
    pair = latest_pair(done)
    report = _verdict(done, running)
    return page(
        "overview.html",
        status=status,
        bar=memory_bar(status.process, status.container),
        **_past(chosen, done),
        **_judged(report),
        chosen=chosen,
        missing=missing,
        everyone=not request.args.get("worker"),
        workers=workers,
        totals=_totals(workers),
        taken=taken,
        **_together(workers, taken),
        numbers={worker.id: worker.number for worker in workers},
        snapshots=snapshots,
        damaged=here.store.damaged(),
        running=running,
        pair=pair,
        collection=predicted(done),
        endpoints=sorted(status.requests.items(), key=lambda row: -row[1]),
        requests=sum(status.requests.values()),
        tracing=chosen.allocations.get("mode", "off"),
        native=chosen.allocations.get("native", ""),
        native_page=url_for(".view_native", snapshot_id=done[0].id) if done else "",
        no_sampling=tracing.why_not_sampled(),
        step=_next_step(done, running),
        watch=watch,
        watches=watches,
    )


def _chosen(workers: Sequence[WorkerInfo], taken: Taken) -> tuple[WorkerInfo, Status, str]:
    """The worker that the page is about, its status, and why it is not the one that was named."""
    own = next(worker for worker in workers if worker.self)
    wanted = request.args.get("worker") or _usual(workers, taken).id
    try:
        found = next((w for w in workers if wanted in (w.id, str(w.number or ""))), None)
        if found is None:
            raise NotFound("The worker that you chose has ended.")
        return found, ask_worker("status", found.id), ""
    except HeapViewError as error:
        return own, ask_worker("status"), error.detail


def _usual(workers: Sequence[WorkerInfo], taken: Taken) -> WorkerInfo:
    """The worker to show where none is named: the same one, whichever of them answers."""
    answering = (worker for worker in workers if worker.answers)
    return max(answering, key=lambda w: (len(taken.get(w.id, ())), -w.number))


def _totals(workers: Sequence[WorkerInfo]) -> Totals:
    told = [worker for worker in workers if worker.answers]
    return Totals(
        resident=sum(worker.rss or 0 for worker in workers),
        requests=sum(worker.requests for worker in told),
        unknown=len(workers) - len(told),
    )


def _together(workers: Sequence[WorkerInfo], taken: Taken) -> dict[str, bool]:
    """What can be asked of all workers together."""
    counts = [len(taken.get(worker.id, ())) for worker in workers]
    several = len(workers) > 1
    return {
        "judge_all": several and max(counts) > 1 and may("export"),
        "compare_all": sum(count > 0 for count in counts) > 1,
    }


def _watches(workers: Sequence[WorkerInfo]) -> dict[str, WatchState]:
    """The last watch of each worker that had one."""
    answering = [worker for worker in workers if worker.answers]
    answers = ask_each("watching", answering)
    return {worker.id: answer for worker, answer in answers if isinstance(answer, WatchState)}


def _verdict(done: Sequence[SnapshotInfo], running: SnapshotInfo | None) -> Report | None:
    """On the oldest and the newest snapshot, or on the only one; None where none can be had."""
    if not done or running is not None or not may("export"):
        return None
    pair = latest_pair(done)
    try:
        return service().inspector.verdict(pair[0].id if pair else None, done[0].id)
    except HeapViewError:  # damaged, or deleted meanwhile: the comparison itself will say so
        return None


def _past(chosen: WorkerInfo, done: Sequence[SnapshotInfo]) -> dict[str, Any]:
    """How its memory went; None where the worker no longer tells."""
    try:
        history: History = ask_worker("history", chosen.id)
    except HeapViewError:
        return {"history": None, "chart": None}
    return {"history": history, "chart": history_chart(history, done)}


def _judged(report: Report | None) -> dict[str, Any]:
    """The verdict, its suspects, where the evidence is, and what to do next."""
    if report is None:
        return {"report": None}
    base = report.base.id if report.base else None
    leaks = report.verdict == "leak"
    return {
        "report": report,
        "board": suspect_board(report),
        "evidence": url_for(".report", base=base, target=report.target.id),
        # a remedy goes on with its details, which stand with the evidence
        "next_step": first_sentence(report.advice) + MENDED if leaks else report.advice,
    }


def _next_step(done: Sequence[SnapshotInfo], running: SnapshotInfo | None) -> str:
    """Which of the four steps is next."""
    if running is not None:
        return "wait"
    if not done:
        return "first"
    if latest_pair(done) is None:
        return "second"
    return "compare"


# --- things to do, each in one worker or in all


def _ask(name: str, fields: dict[str, Any] | None = None) -> list[tuple[WorkerInfo, Any]]:
    """Raises what the one that was asked has met, or all of them."""
    wanted, given = request.form.get("worker") or None, fields or {}
    if wanted == ALL:
        answers = ask_each(name, service().workers.live(), given)
    else:
        here = service().workers
        worker = here.find(wanted) if wanted else here.me()
        answers = [(worker, ask_worker(name, worker.id, given))]
    failed = [answer for _, answer in answers if isinstance(answer, HeapViewError)]
    if len(failed) == len(answers):
        raise failed[0]
    return answers


def _home() -> BaseResponse:
    """Back to the overview: of the worker that was asked, or of the service."""
    everyone = request.form.get("worker") == ALL
    return back("overview", worker=None if everyone else request.form.get("chosen") or None)


def capture() -> BaseResponse:
    """Takes a snapshot."""
    kind, label = request.form.get("kind") or None, request.form.get("label")
    _ask("capture", {"label": label, "kind": kind})
    return _home()


def trace() -> BaseResponse:
    """Switches the tracing of allocations."""
    native = request.form.get("native")
    fields = {"mode": request.form.get("mode"), "frames": _number("frames")}
    _ask("allocations", {**fields, "native": None if native is None else native == "on"})
    return _home()


def _number(name: str) -> int | None:
    """A whole number of a form; None where it is left empty. Raises BadRequest."""
    text = request.form.get(name, "").strip()
    return number(text, name) if text else None


def watch() -> BaseResponse:
    """Begins a series of snapshots."""
    names = ("times", "every_requests", "every_seconds")
    _ask("watch", {name: _number(name) for name in names})
    return _home()


def unwatch() -> BaseResponse:
    """Ends the series."""
    _ask("unwatch")
    return _home()


def collect() -> Response:
    """Runs the collector."""
    return page("collected.html", results=_good(_ask("collect")), chosen=request.form.get("chosen"))


def trim() -> Response:
    """Gives the C library's free memory back."""
    return page("trimmed.html", results=_good(_ask("trim")), chosen=request.form.get("chosen"))


def rehearse_trim() -> Response:
    """Says what a trim would give back."""
    answers = _ask("rehearse_trim")
    return page("rehearsed.html", answers=answers, chosen=request.form.get("chosen"))


def _good(answers: Sequence[tuple[WorkerInfo, Any]]) -> list[tuple[WorkerInfo, Any]]:
    return [pair for pair in answers if not isinstance(pair[1], HeapViewError)]


def forget(snapshot_id: str) -> BaseResponse:
    """Deletes a snapshot."""
    service().store.delete(snapshot_id)
    return _home()


def pin(snapshot_id: str) -> BaseResponse:
    """Keeps a snapshot, or lets it go with the others."""
    service().store.pin(snapshot_id, request.form.get("pinned") == "1")
    return _home()
