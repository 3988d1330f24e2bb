"""The settings: one frozen object, each field with its help text."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import ConfigError

PREFIX = "HEAPVIEW_"
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off", ""))
CHOICES = {
    "engine": ("auto", "native", "portable"),
    "allocations": ("sampled", "exact", "off"),
}
Auth = Callable[[Any], Any]


@dataclass(frozen=True)
class HeapViewConfig:
    """Settings of one mounted app; `HEAPVIEW_` and the upper-case name in config or environment."""

    token: str | None = field(
        default=None, metadata={"help": "bearer token that opens every route"}
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
        """The app's directory: the one that was set, or one per app and user."""
        if self.dir:
            return Path(self.dir)
        key = hashlib.sha256(app_key.encode(errors="replace")).hexdigest()[:12]
        user = os.getuid() if hasattr(os, "getuid") else 0
        return Path(tempfile.gettempdir()) / f"flask-heapview-{user}-{key}"


def _parse(item: Field[Any], value: Any, name: str) -> Any:
    """The value in the type of the field's default. Raises ConfigError."""
    try:
        if item.name == "auth":
            return _callable(value)
        if item.name == "hosts":
            return tuple(value.split(",")) if isinstance(value, str) else tuple(value)
        if isinstance(item.default, bool):
            return _boolean(value)
        if isinstance(item.default, int | float):
            number = type(item.default)(value)
            if number <= 0:
                raise ValueError("must be above 0")
            return number
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} cannot be used: {error}.") from None
    if item.name == "url_prefix" and not str(value).startswith("/"):
        raise ConfigError(f"{name} must begin with a slash.")
    if value not in CHOICES.get(item.name, (value,)):
        raise ConfigError(f"{name} must be one of {', '.join(CHOICES[item.name])}.")
    if item.name == "token" and not str(value).strip():
        raise ConfigError(f"{name} is empty. Set it to a long random string.")
    return os.fspath(value) if item.name == "dir" else str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool | int):
        return bool(value)
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("it must be on or off")
    return word in _TRUE


def _callable(value: Any) -> Auth:
    if not callable(value):
        raise ValueError("it must be a callable that takes the request; set it in app.config")
    return value  # type: ignore[no-any-return]
