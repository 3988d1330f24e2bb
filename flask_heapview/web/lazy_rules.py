"""Routes that cost little where nobody asks for them.

werkzeug compiles two functions for each route, which build its address: some 0.14 ms a function
(werkzeug 3.1, werkzeug/routing/rules.py). Here they are compiled when somebody begins to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


class _LazyRule(Rule):
    """A werkzeug without that method never calls it, and compiles at once as usual."""

    waiting: list[Callable[[], object]]  # what compiles

    def _compile_builder(self, *given: Any, **named: Any) -> Callable[..., Any]:
        make = super()._compile_builder
        made: list[Callable[..., Any]] = []  # functools.cache would stand on the page of caches

        def compiled() -> Callable[..., Any]:
            if not made:
                made.append(make(*given, **named))
            return made[0]

        vars(self).setdefault("waiting", []).append(compiled)

        def build(rule: Rule, /, *values: Any, **others: Any) -> Any:
            return compiled()(rule, *values, **others)

        return build


@contextmanager
def lazy_rules(app: Any) -> Iterator[None]:
    """What is added to the app meanwhile is of such a kind, and of the app's own kind, too."""
    own = app.url_rule_class
    app.url_rule_class = type(own.__name__, (_LazyRule, own), {})
    try:
        yield
    finally:
        app.url_rule_class = own


def compile_rules(app: Flask) -> None:
    """All that are not compiled yet."""
    for rule in app.url_map.iter_rules():
        if isinstance(rule, _LazyRule):
            for compiled in vars(rule).pop("waiting", ()):
                compiled()
