"""The paths that stand for an app's routes."""

from __future__ import annotations

from flask import Blueprint, Flask

from flask_heapview.leakcheck.example_paths import example_paths


def app_with(*rules: str, **options: object) -> Flask:
    app = Flask("shop", static_folder=None)
    for number, rule in enumerate(rules):
        app.add_url_rule(rule, f"view{number}", lambda **_: "ok", **options)  # type: ignore[arg-type]
    return app


def test_each_converter_has_an_example() -> None:
    app = app_with(
        "/",
        "/order/<int:number>",
        "/page/<name>",
        "/files/<path:place>",
        "/price/<float:value>",
        "/sort/<any(down, up):way>",
        "/item/<uuid:id>",
        "/both/<int:a>/<b>",
    )
    found, without = example_paths(app)
    assert found == [
        *("/", "/order/{n}", "/page/{n}", "/files/{n}", "/price/{n}.5", "/sort/down"),
        *("/item/00000000-0000-0000-0000-000000000001", "/both/{n}/{n}"),
    ]
    assert without == []
    client = app.test_client()
    assert [client.get(path.replace("{n}", "7")).status_code for path in found] == [200] * 8


def test_what_is_not_asked_for() -> None:
    app = Flask("shop")  # it has static files
    app.add_url_rule("/form", "form", lambda: "ok", methods=["POST"])
    ours = Blueprint("heapview", __name__)
    ours.add_url_rule("/memory", "memory", lambda: "ok")
    app.register_blueprint(ours)
    app.add_url_rule("/fine", "fine", lambda: "ok")
    assert example_paths(app, ["heapview"]) == (["/fine"], [])


def test_a_converter_that_takes_no_example_is_named() -> None:
    from werkzeug.routing import BaseConverter

    class Code(BaseConverter):
        def to_url(self, value: object) -> str:
            raise ValueError("no code")

    app = Flask("shop", static_folder=None)
    app.url_map.converters["code"] = Code
    app.add_url_rule("/<code:code>", "by_code", lambda code: "ok")  # noqa: ARG005
    assert example_paths(app) == ([], ["/<code:code>"])


def test_an_endpoint_with_several_rules_is_asked_once() -> None:
    app = Flask("shop", static_folder=None)
    app.add_url_rule("/", "home", lambda: "ok")
    app.add_url_rule("/home", "home")
    assert example_paths(app)[0] == ["/"]
