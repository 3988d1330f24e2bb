"""httpbin, as its image serves it."""

from httpbin import app


def deep():
    return app.url_map._matcher._root.static[""].static[""].static["anything"]
