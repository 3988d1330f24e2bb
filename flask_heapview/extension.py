"""Mounting: the only place where everything meets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState
from flask.sansio.app import App

from .allocations import native_sampler, tracing
from .config import HeapViewConfig
from .core.loader import core
from .errors import ConfigError
from .service.service import EXTENSION, Service
from .store.directory import private_directory
from .web import guard, pipeline, routes
from .web.access import ACCESS, Access
from .web.local_door import LocalDoor
from .web.secret import shared_secret

if TYPE_CHECKING:
    from .capture.runner import Runner

log = logging.getLogger("flask_heapview")
CONFIG = "heapview_config"  # among the options of a registration: the settings of that app
STATIC = Path(__file__).parent / "static"


def create_blueprint(
    token: str | None = None,
    *,
    auth: Callable[[Any], Any] | None = None,
    name: str = EXTENSION,
    caches: dict[str, object] | None = None,
    **settings: Any,
) -> Blueprint:
    """The bare blueprint, to be registered by hand: `app.register_blueprint(bp, url_prefix=…)`.

    Settings that are not given are read from `app.config["HEAPVIEW_*"]`, then the environment, when
    it is registered. Raises ConfigError then if nothing says who may come in.
    """

    def load(config: Mapping[str, Any]) -> HeapViewConfig:
        return HeapViewConfig.load(config, token=token, auth=auth, **settings)

    return _blueprint(name, load, {} if caches is None else caches)


def _blueprint(
    name: str,
    load: Callable[[Mapping[str, Any]], HeapViewConfig],
    caches: dict[str, object],
) -> Blueprint:
    """`load` makes the settings of an app from its config, once for each app."""
    blueprint = _Switchable(
        name, "flask_heapview", static_folder=str(STATIC), static_url_path="/static"
    )
    blueprint.load = load
    guard.install(blueprint)
    routes.install(blueprint, routes.ALL)
    blueprint.record(lambda state: _mount(state, state.options[CONFIG], caches))
    return blueprint


class _Switchable(Blueprint):
    """A blueprint that leaves an app as it is where the settings say off.

    A route that answered 404 would not be enough: Flask itself answers a wrong method with 405, and
    a missing slash with 308.
    """

    load: Callable[[Mapping[str, Any]], HeapViewConfig]

    def register(self, app: App, options: dict[str, Any]) -> None:
        config = self.load(app.config)
        if config.enabled:
            super().register(app, {**options, CONFIG: config})


def _mount(state: BlueprintSetupState, config: HeapViewConfig, caches: dict[str, object]) -> None:
    app = cast(Flask, state.app)
    if EXTENSION in app.extensions:
        raise ConfigError("flask-heapview is already mounted on this app. Mount it once.")
    directory = config.directory(f"{app.import_name}:{app.root_path}")
    key = config.token
    if key is None and config.auth is None:
        key = _debug_token(app, directory, state.url_prefix or "/")
    service = Service(config, directory, _runner(config), caches)
    service.blueprint = f"{state.name_prefix}.{state.name}".lstrip(".")
    app.extensions[EXTENSION] = service
    app.extensions[ACCESS] = Access(config, key, directory)
    door = LocalDoor(app, pipeline.install(app, state.url_prefix or ""))
    tracing.begin(config.allocations)  # type: ignore[arg-type]
    native_sampler.begin(config.native)  # type: ignore[arg-type]
    service.open_to_workers(door.answer)


def _runner(config: HeapViewConfig) -> Callable[[], Runner]:
    """Makes what takes captures, once somebody looks. Raises ConfigError where the engine that is
    asked for is not here. Where none is, the log says so at once."""

    def make() -> Runner:
        from .capture.runner import Runner
        from .capture.select import select_engine

        return Runner(select_engine(config.engine), config.deadline)

    if core is not None and config.engine != "portable":
        return make
    made = make()
    if not made.engine.kinds:
        log.warning("flask-heapview: %s", made.engine.why)
    return lambda: made


def _debug_token(app: Flask, directory: Path, prefix: str) -> str:
    """In debug mode, a random token that all workers find. Raises ConfigError outside of it."""
    if not app.debug:
        raise ConfigError(
            "flask-heapview does not know who may see this app's memory, so it is not mounted. "
            "Set HEAPVIEW_TOKEN to a long random string, in app.config or the environment. "
            "`python -c 'import secrets; print(secrets.token_urlsafe(32))'` makes one. "
            "Or set HEAPVIEW_AUTH to a callable, or HEAPVIEW_ENABLED=off."
        )
    token = shared_secret(private_directory(directory), "token")
    log.warning("flask-heapview: sign in at http://127.0.0.1:5000%s/login#token=%s", prefix, token)
    return token


class HeapView:
    """The extension. `HeapView(app)`, or `HeapView()` and `init_app(app)` for factories.

    It keeps no reference to any app: what belongs to one is in `app.extensions["heapview"]`.
    """

    def __init__(self, app: Flask | None = None, **settings: Any) -> None:
        self._settings = settings
        self._caches: dict[str, object] = {}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Mounts the blueprint. Raises ConfigError when nothing says who may come in."""
        config = HeapViewConfig.load(app.config, **self._settings)
        if not config.enabled:
            return
        blueprint = _blueprint(EXTENSION, lambda _: config, self._caches)
        app.register_blueprint(blueprint, url_prefix=config.url_prefix)

    def register_cache(self, name: str, cache: object) -> None:
        """Shows a cache under a name of yours.

        `cache` is a container, a cache of a known library, or a callable that returns one, a
        number of entries, or {"entries": …, "limit": …, "hits": …, "misses": …, "size": …}. It is
        looked at during captures, in the child; a strong reference to it is kept.
        """
        self._caches[name] = cache
