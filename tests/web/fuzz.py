"""Requests that nobody sends by accident: drawn by a seeded dice, as WSGI has them."""

from __future__ import annotations

import base64
import io
import json
import random
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any

from werkzeug.routing import Rule

METHODS = ("GET", "POST", "DELETE", "HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "get", "M-SEARCH")
SCOPES = ("view", "capture", "export", "values")
NOBODY, TOKEN, COOKIE, AUTH = "nobody", "token", "cookie", "auth"

NUMBERS: Sequence[object] = (
    *(0, 1, -1, 2, 7, 64, 65, 10**15, 10**15 + 1, 2**31, 2**63, 2**64, 10**400, -(10**400)),
    *(0.5, 1e308, -0.0, float("nan"), float("inf"), float("-inf"), True, False, None),
)
TEXTS: Sequence[str] = (
    *("", " ", "0", "1", "-1", "--1", "+1", "01", "1_0", "1.5", "1e3", "NaN", "Infinity", "0x10"),
    *("²", "٣", "１２", "9" * 25, "9" * 5000, "-" + "9" * 5000, "true", "null", "None", "on"),
    *(
        "\x00",
        "a\x00b",
        "\n",
        "\r\nX: y",
        "\x1b[31m",
        "\u202e",
        "\ufeff",
        "😀",
        "ß",
        "İ",
        "é" * 500,
    ),
    *("\ud800", "a\udfffb", "%", "%zz", "%00", "%s%n{0}{x!r}", "{{7*7}}", "<script>", "' OR 1=1--"),
    *("../../etc/passwd", "/etc/passwd", "..%2f..", "\\", "//evil.example/x", "http://[", "http:"),
    *("a" * 300, "a" * 10_000, "[", "[" * 3000, '{"a":' * 500, "a,b", "a;b", "a=b&c=d", ".", ".."),
    *("ownership", "graph", "sampled", "exact", "off", "retained", "endpoint", "traceback"),
    *("markdown", "pprof", "csv", "heapsnapshot", "size", "-count", "holders.path", "all"),
)
RAW: Sequence[bytes] = (
    *(b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"{", b"[]", b"null", b"1", b'""', b"{}", b" \n"),
    *(b"\xef\xbb\xbf{}", b'{"a":1,"a":2}', b'{"label":"\\ud800"}', b'{"label":"\xed\xa0\x80"}'),
    *(b"[" * 2000 + b"]" * 2000, b'{"mode":' * 900, b"9" * 5000, b'{"times":1e999}', b"NaN"),
    *(b'{"times":NaN}', b'{"times":-0}', b'{"times":' + b"9" * 400 + b"}", b"a=b", b"%", b"=&=&;"),
    *(b"a" * 65_536, b"a" * 65_537, b'{"label":"' + b"x" * 65_000 + b'"}', b"--x\r\n\r\n--x--"),
    b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n\xff\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="../a"\r\n\r\nabc\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data\r\nContent-Type: \xff\r\n\r\nabc",
)
TYPES = (
    *("application/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded"),
    *("multipart/form-data; boundary=x", "multipart/form-data", "multipart/form-data; boundary="),
    *(
        "application/x-www-form-urlencoded; charset=bogus",
        "text/plain",
        "",
        "\xff",
        "a/b/c;;=",
        "*",
    ),
    "multipart/form-data; boundary=" + "x" * 300,
)
# query arguments, form fields and fields of a body alike
FIELDS = (
    *("label", "kind", "worker", "mode", "frames", "sample_bytes", "times", "every_requests"),
    *("every_seconds", "pinned", "token", "next", "csrf_token", "base", "target", "format", "view"),
    *("download", "sort", "q", "group", "node", "all", "native", "snapshot_id", "index", "flavor"),
)
COMPARES = (b"/report", b"/diff", b"/compare", b"/across")  # what takes two snapshots
# what a field is made for: behind it lies more to break
LIKELY: dict[str, Sequence[object]] = {
    "index": range(40),
    "kind": ("ownership", "graph", *range(9)),
    "mode": ("sampled", "exact", "off"),
    "frames": (1, 6, 64),
    "times": (2, 3),
    "every_requests": (1, 1000),
    "every_seconds": (1, 1.5),
    "node": range(30),
    "group": ("line", "function", "module", "file", "endpoint", "traceback", "package"),
    "sort": ("size", "-size", "count", "-path", "holders.size", "delta"),
    "all": (1,),
    "pinned": (0, 1),
    "format": ("markdown",),
    "flavor": ("github", "gitlab", "jira"),
    "token": ("a-token-for-the-tests-0123456789",),
    "next": ("/_debug/memory/", "/_debug/memory/report?base=x"),
    "filename": ("heapview.css", "icon.svg", "login.js"),
}
HEADERS: dict[str, Sequence[str]] = {
    "HTTP_HOST": (
        *("localhost", "", " ", "a:b:c", "[::1]", "[::1", "]", "evil.example", "a" * 300, "a,b"),
        *("localhost:99999", "localhost:x", "user@host", "xn--", "\xff", "a/../b", "127.0.0.1:80"),
        *("LOCALHOST.", "localhost\t", ":80", "*"),
    ),
    "HTTP_ACCEPT": ("*/*", "", "text/html;q=x", "application/json;q=-1", "\xff", "a/b" * 500),
    "HTTP_ACCEPT_ENCODING": ("gzip", "identity;q=0", "\xff"),
    "HTTP_ORIGIN": ("null", "http://localhost", "http://[", "//", "\xff", "https://evil.example"),
    "HTTP_SEC_FETCH_SITE": ("same-origin", "none", "cross-site", "", "\xff"),
    "HTTP_X_CSRF_TOKEN": ("", "x", "\xff", "é", "a" * 5000),
    "HTTP_RANGE": (
        "bytes=0-5",
        "bytes=-",
        "bytes=9-1",
        "bytes=0-,5-",
        "x=1-2",
        "bytes=99999999999-",
    ),
    "HTTP_IF_RANGE": ("x", '"a"', "Mon, 99 Foo 2020 00:00:00 GMT"),
    "HTTP_IF_NONE_MATCH": ("*", '"a"', 'W/"', "\xff"),
    "HTTP_IF_MODIFIED_SINCE": ("Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 99999999999", "\xff"),
    "HTTP_EXPECT": ("100-continue", "x"),
    "HTTP_X_FORWARDED_FOR": ("1.2.3.4", "\xff", "," * 200),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "x"),
    "HTTP_CONTENT_ENCODING": ("gzip", "deflate", "\xff"),
    "HTTP_UPGRADE": ("websocket",),
    "REMOTE_ADDR": ("10.0.0.1", "", "::1", "unix:", "\xff", "a" * 2000, "not an address"),
    "wsgi.url_scheme": ("https", "http", "ws"),
    "SCRIPT_NAME": ("/mounted", "/\xff", "//"),
}
AUTHORIZATIONS = (
    *("Bearer", "Bearer ", "bearer  x", "Basic", "Basic !!!", "Basic " + "A" * 9, "Digest a=b,=,"),
    *("Negotiate", "\xff", "Bearer \xff\xff", "Bearer " + "x" * 20_000, " ", ",", "Bearer a b c"),
    "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    'Digest username="x", realm=, nonce="',
)
COOKIES = (
    *("", "=", ";", "heapview_session", "heapview_session=", "heapview_session=x.y.z", "\xff=\xff"),
    *('heapview_session="a\\"', "heapview_nonce=x", "heapview_nonce=\xff", "a=b; " * 500),
    *("session=eyJhIjoxfQ.x.y", "heapview_session=" + "A" * 8000, "heapview_session=a%00b"),
)


class Dice:
    """Draws requests. `ids` are the snapshots that are there, some of them damaged."""

    def __init__(self, seed: int, rules: Sequence[Rule], ids: Sequence[str], prefix: str) -> None:
        self.random = random.Random(seed)
        self.rules, self.ids, self.prefix = rules, ids, prefix

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, among: Sequence[Any]) -> Any:
        return among[self.random.randrange(len(among))]

    # --- pieces

    def snapshot_id(self) -> str:
        good = str(self.one(self.ids))
        if self.chance(0.15):
            return good
        ways: Sequence[Callable[[], str]] = (
            lambda: "20260101-000000-00000000",
            lambda: good + self.one(("\n", " ", "/", ".snapshot", "\x00", "x", "%0a")),
            lambda: good[: self.random.randrange(len(good))],
            lambda: good.replace(good[-1], self.one("٣²gG\x00/")),
            lambda: str(self.one(TEXTS)),
        )
        return str(self.one(ways)())

    def value(self, name: str) -> str:
        if name in ("base", "target", "snapshot_id"):
            return self.snapshot_id()
        if name in LIKELY and self.chance(0.4):
            return str(self.one(LIKELY[name]))
        return str(self.one(NUMBERS if self.chance(0.3) else TEXTS))

    def thing(self, name: str, depth: int = 0) -> object:
        """A value of a JSON body."""
        kind = self.random.randrange(10)
        if kind < 3:
            return self.one(NUMBERS)
        if kind < 8 or depth > 3:
            return self.value(name)
        if kind == 8:
            return [self.thing(name, depth + 1) for _ in range(self.random.randrange(4))]
        return {self.one(FIELDS): self.thing(name, depth + 1) for _ in range(2)}

    def pairs(self, most: int) -> list[tuple[str, str]]:
        names = [self.one(FIELDS) for _ in range(self.random.randrange(most + 1))]
        return [(name, self.value(name)) for name in names]

    def address(self) -> tuple[str, bytes]:
        """A method and a path, mostly of a route that is there."""
        method = self.one(METHODS)
        if self.chance(0.06):
            tail = urllib.parse.unquote_to_bytes(encoded(self.one(TEXTS)))
            middle = self.one((b"/", b"", b"//", b"/api/v1/", b"/\xff"))
            return method, self.prefix.encode() + middle + tail
        rule = self.one(self.rules)
        path = rule.rule
        for name in rule.arguments:
            converter = "path:" if f"<path:{name}>" in path else ""
            path = path.replace(f"<{converter}{name}>", self.value(name))
        if self.chance(0.8):
            method = self.one(sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}))
        return method, urllib.parse.unquote_to_bytes(encoded(path))

    def query(self, path: bytes) -> bytes:
        pairs = self.pairs(4) if self.chance(0.6) else []
        if path.rsplit(b"/", 1)[0].endswith(COMPARES) or path.endswith(COMPARES):
            good = self.chance(0.5)
            ids = [str(self.one(self.ids)) if good else self.snapshot_id() for _ in range(2)]
            pairs += zip(("base", "target"), sorted(ids), strict=True)
        return form(pairs)

    def body(self) -> tuple[bytes, str]:
        kind = self.random.randrange(4)
        if kind == 0:
            return self.one(RAW), self.one(TYPES)
        if kind == 1:
            return form(self.pairs(5)), TYPES[2]
        fields = {name: self.thing(name) for name, _ in self.pairs(5)}
        data = json.dumps(fields, ensure_ascii=self.chance(0.5)).encode(errors="surrogatepass")
        return data, "application/json" if self.chance(0.9) else self.one(TYPES)

    # --- the whole

    def environ(self) -> dict[str, Any]:
        """A request, with what no identity needs."""
        data, kind = self.body() if self.chance(0.5) else (b"", "")
        method, path = self.address()
        made: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": self.query(path).decode("latin-1"),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": self.one(("HTTP/1.1", "HTTP/1.0")),
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": f"10.0.{self.random.randrange(40)}.1",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(data)) if data else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(data),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if self.chance(0.15):
            self._distort_length(made)
        while self.chance(0.3):
            name = self.one(list(HEADERS))
            made[name] = self.one(HEADERS[name])
        return made

    def _distort_length(self, made: dict[str, Any]) -> None:
        lengths = ("0", "-1", "x", "²", "1e3", "99999", "65537", "9" * 400, "5, 5", "")
        made["CONTENT_LENGTH"] = self.one(lengths)
        if self.chance(0.5):
            made["HTTP_TRANSFER_ENCODING"] = self.one(("chunked", "gzip, chunked", "x", "\xff"))
            made["wsgi.input_terminated"] = self.chance(0.7)


def encoded(text: str) -> str:
    return urllib.parse.quote(text, safe="/%", errors="surrogatepass")


def form(pairs: Sequence[tuple[str, str]]) -> bytes:
    return urllib.parse.urlencode(pairs, errors="surrogatepass").encode()
