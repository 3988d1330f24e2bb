"""A browser without a screen: it keeps cookies, follows nothing, and fills in forms."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPMessage
from typing import Any

FORM = "application/x-www-form-urlencoded"
PATIENCE_SECONDS = 60


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Answer:
    def __init__(self, found: Any) -> None:
        self.status: int = found.status
        self.headers: HTTPMessage = found.headers
        self.body: bytes = found.read()

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Visitor:
    """One client of one server.

    A visit is the row of gallery.toml: `path`, and perhaps `method`, `form`, `json`, `headers`, and
    `csrf`: the name of a form's hidden field, whose value the page at the same path shows.
    """

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.asked = 0
        self.kept = dict(headers)  # of every request
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(), _Stays(), urllib.request.ProxyHandler({})
        )

    def visit(self, row: Mapping[str, Any], number: int = 0) -> Answer:
        path = row["path"].replace("{n}", str(number))
        headers = dict(row.get("headers", {}))
        body: bytes | None = None
        if "form" in row:
            fields = dict(row["form"])
            if "csrf" in row:
                fields[row["csrf"]] = self._hidden(path, row["csrf"])
            body = urllib.parse.urlencode(fields).replace("%7Bn%7D", str(number)).encode()
            headers["Content-Type"] = FORM
        elif "json" in row:
            body = json.dumps(row["json"]).replace("{n}", str(number)).encode()
            headers["Content-Type"] = "application/json"
        method = row.get("method", "GET" if body is None else "POST")
        answer = self.ask(method, path, body, headers)
        if "keeps" in row:
            self._keep(row["keeps"], answer)
        return answer

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        self.asked += 1
        request = urllib.request.Request(
            self.root + path, body, {**self.kept, **(headers or {})}, method=method
        )
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as found:
                return Answer(found)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error)

    def _hidden(self, path: str, name: str) -> str:
        page = self.ask("GET", path).text
        tags = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)
        values = re.findall(r'value="([^"]+)"', "".join(tags))
        return values[0] if values else ""

    def _keep(self, wanted: Mapping[str, str], answer: Answer) -> None:
        """Headers that carry what an answer said: `Authorization = "result.token"`."""
        for header, place in wanted.items():
            found: Any = json.loads(answer.body)
            for step in place.split("."):
                found = found[step]
            self.kept[header] = found
