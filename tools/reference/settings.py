"""docs/reference-settings.md: each setting, as flask_heapview/config.py has it."""

from __future__ import annotations

import dataclasses

from flask_heapview.config import CHOICES, PREFIX, HeapViewConfig
from flask_heapview.request_names import READY

from .markdown import code, page, table

ABOUT = """A setting is looked for in three places, and the first that has it counts:

1. the keyword, as in `HeapView(app, keep_count=10)` or `create_blueprint(keep_count=10)`
2. `app.config`, under the name in the table
3. the environment, under the same name

They are read once, when the app is mounted. A value that cannot be used, or a keyword that does
not exist, raises `ConfigError` then, and the error names the setting."""
TYPES = {
    "bool": "`on` or `off`; also `1`, `true`, `yes`, `0`, `false`, `no`",
    "int": "whole number above 0",
    "float": "number above 0",
    "str": "text",
    "str | None": "text",
    "tuple[str, ...]": "text, separated by commas, or a list",
}
CODE_ONLY = {"auth"}  # what no text can say
TYPES_OF = {
    "auth": "callable",
    "dir": "path",
    "reader_seconds": "number, 0 or more",
    "url_prefix": "text that begins with a slash",
    "request_name": f"{', '.join(map(code, READY))}, or a callable",
}


def type_of(item: dataclasses.Field[object]) -> str:
    """What may be given."""
    if item.name in TYPES_OF:
        return TYPES_OF[item.name]
    if item.name in CHOICES:
        return ", ".join(map(code, CHOICES[item.name]))
    return TYPES[str(item.type)]


def default_of(item: dataclasses.Field[object]) -> str:
    """What holds where nothing is given."""
    value = item.default
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return code("on" if value else "off")
    if isinstance(value, int | float):
        return f"{value:,.0f}"
    return code(value)


def render() -> str:
    """The page."""
    rows = [
        (
            code(PREFIX + item.name.upper()),
            code(item.name),
            type_of(item),
            default_of(item),
            "no" if item.name in CODE_ONLY else "yes",
            item.metadata["help"],
        )
        for item in dataclasses.fields(HeapViewConfig)
    ]
    columns = ("setting and variable", "keyword", "type", "default", "by environment", "meaning")
    return page("Settings", ABOUT, table(columns, rows), AFTER)


AFTER = """Without `HEAPVIEW_TOKEN` and `HEAPVIEW_AUTH`, mounting fails. In debug mode a random
token is made and logged instead. Without `HEAPVIEW_DIR`, each app and user has a directory of its
own below the system's temporary directory. With `HEAPVIEW_HOSTS` empty, any host name may be
used.

The command line reads `HEAPVIEW_DIR`, `HEAPVIEW_URL` and `HEAPVIEW_TOKEN`: see
[reference-cli.md](reference-cli.md)."""
