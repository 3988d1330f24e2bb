"""Rules of ours are compiled when somebody looks, and are rules like the app's own."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any
from unittest import mock

from flask import Flask, url_for
from werkzeug.routing import Rule

from flask_heapview import HeapView

from ..helpers import BEARER, PREFIX, TOKEN

OURS = "heapview."


class Own(Rule):
    """An app's own kind of rule."""


def mounted(place: Path, kind: type[Rule] = Rule) -> Flask:
    app = Flask(__name__)
    app.url_rule_class = kind
    HeapView(app, token=TOKEN, dir=str(place))
    app.add_url_rule("/<int:number>", "own", lambda number: str(number))
    return app


def compiled(place: Path) -> tuple[Flask, mock.Mock]:
    """The app, and what counts the builders that werkzeug compiles for it."""
    make = Rule._compile_builder
    counts = mock.Mock()

    def counted(rule: Rule, *given: bool) -> object:
        counts(rule.endpoint)
        return make(rule, *given)

    with mock.patch.object(Rule, "_compile_builder", counted):
        app = mounted(place)
        mounting = counts.call_count
        with app.test_request_context():
            assert url_for("heapview.overview") == f"{PREFIX}/"
        assert counts.call_count == mounting + 1
        app.test_client().get(f"{PREFIX}/")
        assert counts.call_count == mounting + 2  # a stranger is sent to sign in
        app.test_client().get(f"{PREFIX}/api/v1/snapshots", headers=BEARER)
    return app, counts


def test_they_are_compiled_when_somebody_looks(tmp_path: Path) -> None:
    app, counts = compiled(tmp_path)
    ours = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith(OURS)}
    called = [call.args[0] for call in counts.call_args_list]
    assert set(called) == {*ours, "static", "own"}
    assert len(called) == 2 * len(list(app.url_map.iter_rules()))


def test_an_app_s_own_kind_of_rule_stays(tmp_path: Path) -> None:
    app = mounted(tmp_path, Own)
    rules = list(app.url_map.iter_rules())
    assert app.url_rule_class is Own
    assert all(isinstance(rule, Own) for rule in rules if rule.endpoint != "static")
    assert app.test_client().get("/7").text == "7"


def test_no_cache_of_ours_is_among_the_app_s(tmp_path: Path) -> None:
    """The page of caches shows all of functools in the process."""

    def caches() -> int:
        gc.collect()
        return sum(type(one).__name__ == "_lru_cache_wrapper" for one in gc.get_objects())

    mounted(tmp_path)
    before = caches()
    app = mounted(tmp_path)
    assert app.url_map
    assert caches() == before


def test_every_address_is_built(tmp_path: Path) -> None:
    app = mounted(tmp_path)
    values = {"snapshot_id": "a b", "index": "7", "rest": "x/y", "filename": "z.js"}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith(OURS) and rule.rule.startswith(PREFIX):
                wanted: dict[str, Any] = {name: values[name] for name in rule.arguments}
                method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
                said = url_for(rule.endpoint, **wanted, q="é", _method=method)
                assert said.startswith(rule.rule.split("<")[0])
                assert said.endswith("?q=%C3%A9")
