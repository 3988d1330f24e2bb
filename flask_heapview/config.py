"""The settings: one frozen object, each field with its help text."""

from __future__ import annotations

import hashlib
import inspect
import ipaddress
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .request_names import READY

PREFIX = "HEAPVIEW_"
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off", ""))
MAY_BE_ZERO = frozenset(("reader_seconds",))
CHOICES = {
    "engine": ("auto", "native", "portable"),
    "allocations": ("sampled", "exact", "off"),
    "native": ("off", "auto", "on"),
}
MIN_TOKEN_CHARACTERS = 16  # shorter ones can be guessed: see docs/security.md
Auth = Callable[[Any], Any]
RequestName = Callable[[Any], Any]


@dataclass(frozen=True)
class HeapViewConfig:
    """Settings of one mounted app; `HEAPVIEW_` and the upper-case name in config or environment."""

    token: str | None = field(
        default=None,
        metadata={"help": "bearer token that opens every route, 16 characters or more"},
    )
    auth: Auth | None = field(
        default=None,
        metadata={
            "help": "callable `(request) -> bool`, or one that returns a set of scopes (`view`, "
            "`capture`, `export`, `values`). It takes the place of the token. No `before_request` "
            "function has run before it."
        },
    )
    url_prefix: str = field(
        default="/_debug/memory", metadata={"help": "where the blueprint is mounted"}
    )
    enabled: bool = field(
        default=True, metadata={"help": "off: nothing is registered, every route is 404"}
    )
    dir: str | None = field(
        default=None, metadata={"help": "directory shared by the workers of one app, mode 0700"}
    )
    metrics: bool = field(
        default=False,
        metadata={"help": "serve `GET metrics`, for Prometheus. See docs/metrics.md."},
    )
    show_values: bool = field(default=False, metadata={"help": "show dictionary keys"})
    hosts: tuple[str, ...] = field(
        default=(), metadata={"help": "host names that may be used, separated by commas"}
    )
    keep_count: int = field(
        default=40, metadata={"help": "snapshots kept. The oldest that is not pinned goes first."}
    )
    keep_bytes: int = field(default=512_000_000, metadata={"help": "bytes of snapshots kept"})
    keep_seconds: float = field(
        default=7 * 86400.0, metadata={"help": "seconds a snapshot is kept"}
    )
    reader_seconds: float = field(
        default=60.0,
        metadata={
            "help": "seconds without a question after which the process that reads snapshots ends. "
            "With 0 none stays: an interpreter is started for each question."
        },
    )
    deadline: float = field(default=120.0, metadata={"help": "seconds a capture may take"})
    engine: str = field(
        default="auto", metadata={"help": "`native`, `portable`, or `auto`: native where it works"}
    )
    allocations: str = field(
        default="sampled",
        metadata={
            "help": "allocation tracing from the start: `sampled`, `exact` (tracemalloc) or `off`. "
            "Sampling needs the native core."
        },
    )
    native: str = field(
        default="auto",
        metadata={
            "help": "sampling of native memory: `auto` (from the first capture or watch on), `on` "
            "(from the start) or `off`. See docs/native-memory.md."
        },
    )
    request_name: RequestName | None = field(
        default=None,
        metadata={
            "help": "splits endpoints: `dash`, `graphql`, `json-rpc`, or a callable that gets the "
            "request and returns a name or None. See docs/request-names.md."
        },
    )

    @classmethod
    def load(
        cls, config: Mapping[str, Any], environ: Mapping[str, str] = os.environ, **given: Any
    ) -> HeapViewConfig:
        """From arguments, then the app's config, then the environment.

        Raises ConfigError, naming the setting, for a value that cannot be used.
        """
        values: dict[str, Any] = {}
        for item in fields(cls):
            name = PREFIX + item.name.upper()
            if given.get(item.name) is not None:
                values[item.name] = _parse(item, given[item.name], item.name)
            elif config.get(name) is not None:
                values[item.name] = _parse(item, config[name], name)
            elif name in environ:
                values[item.name] = _parse(item, environ[name], name)
        unknown = set(given) - {item.name for item in fields(cls)}
        if unknown:
            raise ConfigError(f"There is no setting {', '.join(sorted(unknown))}.")
        return cls(**values)

    def directory(self, app_key: str) -> Path:
        """The app's directory: the one that was set, or one per app and user.

        Its name can be known to every user of the host. If another one has taken it, a place of
        this user's own is used: XDG_RUNTIME_DIR, then the home directory.
        """
        if self.dir:
            return Path(self.dir)
        key = hashlib.sha256(app_key.encode(errors="replace")).hexdigest()[:12]
        user = os.getuid() if hasattr(os, "getuid") else 0
        name = f"flask-heapview-{user}-{key}"
        first = Path(tempfile.gettempdir()) / name
        if not _squatted(first):
            return first
        own = (os.environ.get(variable) for variable in ("XDG_RUNTIME_DIR", "HOME"))
        return next((Path(place) / name for place in own if place and _is_own(place)), first)


def _squatted(path: Path) -> bool:
    """Whether somebody else has put something there: a file, a link, or their directory."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return not stat.S_ISDIR(found.st_mode) or _is_foreign(found)


def _is_own(place: str) -> bool:
    """Whether this user alone can put names into that directory."""
    try:
        found = os.stat(place)
    except OSError:
        return False
    open_to_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and not (open_to_others or _is_foreign(found))


def _is_foreign(found: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and found.st_uid != os.geteuid()


def _parse(item: Field[Any], value: Any, name: str) -> Any:
    """The value in the type of the field's default. Raises ConfigError."""
    try:
        if item.name == "auth":
            return _callable(value)
        if item.name == "request_name":
            return _request_name(value)
        if item.name == "token":
            return _token(value)
        if item.name == "hosts":
            return _hosts(value.split(",") if isinstance(value, str) else tuple(value))
        if isinstance(item.default, bool):
            return _boolean(value)
        if isinstance(item.default, int | float):
            return _number(type(item.default)(value), item.name in MAY_BE_ZERO)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} cannot be used: {error}.") from None
    if item.name == "url_prefix" and not str(value).startswith("/"):
        raise ConfigError(f"{name} must begin with a slash.")
    if value not in CHOICES.get(item.name, (value,)):
        raise ConfigError(f"{name} must be one of {', '.join(CHOICES[item.name])}.")
    return os.fspath(value) if item.name == "dir" else str(value)


def _number(number: float, may_be_zero: bool) -> float:
    if number < 0 or (number == 0 and not may_be_zero):
        raise ValueError("must be 0 or more" if may_be_zero else "must be above 0")
    return number


def _hosts(given: Iterable[object]) -> tuple[str, ...]:
    entries = [str(entry) for entry in given]
    names = tuple(filter(None, map(host_name, entries)))
    if entries and not names:  # no name is not every name
        raise ValueError("it names no host")
    return names


def host_name(text: str) -> str:
    """The host of `host:port`, as it is compared: in small letters, without an IPv6's brackets."""
    text = text.strip().lower()
    if text.startswith("["):
        name = text[1:].partition("]")[0]
    else:
        name = text if text.count(":") > 1 else text.partition(":")[0]
    try:
        return ipaddress.ip_address(name).compressed
    except ValueError:
        return name.rstrip(".")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool | int):
        return bool(value)
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("it must be on or off")
    return word in _TRUE


def _token(value: Any) -> str:
    """Without the line break that a file of secrets ends in: no header could carry it."""
    if not isinstance(value, str):
        raise ValueError(f"it must be a string, not {type(value).__name__}")
    token = value.strip()
    if not token.isprintable():
        raise ValueError("it has a character that cannot be sent, such as a line break")
    if len(token) < MIN_TOKEN_CHARACTERS:
        raise ValueError(
            f"it is {'empty' if not token else 'too short'}. Set it to a random string of "
            f"{MIN_TOKEN_CHARACTERS} characters or more"
        )
    return token


def _request_name(value: Any) -> RequestName:
    if isinstance(value, str):
        found = READY.get(value.strip().lower())
        if found is None:
            raise ValueError(f"it must be one of {', '.join(READY)}, or a callable")
        return found
    if inspect.iscoroutinefunction(value):
        raise ValueError("it must not be async: nobody awaits it")
    return _callable(value)


def _callable(value: Any) -> Auth:
    if not callable(value):
        raise ValueError("it must be a callable that takes the request; set it in app.config")
    return value  # type: ignore[no-any-return]
