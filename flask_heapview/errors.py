"""Every error that flask-heapview raises on purpose; each message says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class HeapViewError(Exception):
    """The base of all: an HTTP status, a short title, a sentence, and the figures behind it."""

    status = 500
    title = "heapview failed"

    def __init__(self, detail: str, **figures: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.figures: Mapping[str, object] = figures


class ConfigError(HeapViewError):
    """A setting is missing or unusable; raised when the app is set up, never later."""

    title = "bad configuration"


class BadRequest(HeapViewError):
    """The caller's input cannot be used."""

    status = 400
    title = "bad request"


class NotFound(HeapViewError):
    """No such snapshot, view or worker."""

    status = 404
    title = "not found"


class Conflict(HeapViewError):
    """What was asked for contradicts the state of the service."""

    status = 409
    title = "not possible now"


class DifferentWorkers(Conflict):
    """Snapshots of different workers were to be subtracted (figure: the ids of the workers)."""

    title = "snapshots of different workers"

    def __init__(self, workers: Iterable[str]) -> None:
        super().__init__(
            "These snapshots are of different workers. Their heaps have nothing in common, so they "
            "cannot be subtracted. Take both snapshots of one worker: the snapshot list names it. "
            "To compare two workers, use across?base=ID&target=ID.",
            workers=list(workers),
        )


class DifferentEngines(Conflict):
    """Snapshots of different engines were to be subtracted."""

    title = "snapshots of different engines"

    def __init__(self) -> None:
        super().__init__(
            "The snapshots are of different engines, so a difference is no growth. "
            "Compare what they say: GET opinions?first=ID&second=ID."
        )


class NotEnoughMemory(Conflict):
    """The capture would not fit into the container's headroom (figures in bytes)."""

    title = "not enough memory for a capture"


class NoEngine(Conflict):
    """No engine can take captures on this installation."""

    title = "captures are not possible here"


class CaptureBusy(HeapViewError):
    """A capture already runs in this worker."""

    status = 429
    title = "a capture is running"


class HelpersBusy(HeapViewError):
    """Other questions are being answered (figure: retry_after in seconds)."""

    status = 503
    title = "busy with other questions"


class NotInstalled(HeapViewError):
    """A package is missing that this needs, and the rest does not."""

    status = 503
    title = "a package is missing"


class Unreachable(HeapViewError):
    """Another worker did not answer."""

    status = 504
    title = "the worker does not answer"


class Unauthorized(HeapViewError):
    """No valid token, cookie or callable's consent."""

    status = 401
    title = "sign in first"


class Forbidden(HeapViewError):
    """Known, but not allowed: a missing scope, CSRF token or Origin."""

    status = 403
    title = "not allowed"


class TooManyAttempts(HeapViewError):
    """Too many failed sign-ins from this address (figure: retry_after in seconds)."""

    status = 429
    title = "too many failed attempts"


class StoreError(HeapViewError):
    """The snapshot directory cannot be used."""

    status = 507
    title = "the snapshot store cannot be used"


class CorruptSnapshot(HeapViewError):
    """A stored snapshot is half-written or damaged."""

    status = 410
    title = "the snapshot is damaged"


class CannotAttach(HeapViewError):
    """A process cannot be attached to; nothing in it was changed."""

    status = 409
    title = "cannot attach"


class AttachFailed(HeapViewError):
    """A process was attached to, and the capture in it came to nothing."""

    title = "the capture in the process failed"
