"""No page is rendered twice at a time. The cache of pages has a limit, their locks have none."""

import collections
import functools
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


locks = collections.defaultdict(threading.Condition)


@functools.lru_cache(maxsize=140)
def rendered(path):
    return f"<h1>{path}</h1>" + "".join(f"<p>{path} {k}</p>" for k in range(60))


@app.get("/page/<int:n>")
def page(n):
    path = f"/catalogue/articles/{n}?currency=eur&language=en"
    with locks[path]:
        return rendered(path)


@app.get("/about/<int:n>")
def about(n):
    with locks["/about"]:
        return rendered("/about")
