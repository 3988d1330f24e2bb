"""What every page is put into, and the way to another page."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from ..render import html
from .guard import chrome
from .links import url_for


def page(template: str, code: int = 200, **values: Any) -> Response:
    """A page in the common frame."""
    text = html.render(template, **chrome(), **values)
    return Response(text, code, mimetype="text/html")


def back(endpoint: str, **values: Any) -> BaseResponse:
    """To another page, after something was done."""
    return redirect(url_for(f".{endpoint}", **values), 303)
