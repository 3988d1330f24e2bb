"""Code is made with each request, and linecache told of each source."""

import linecache

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/rule/<int:n>")
def rule(n):
    source = "".join(f"a{k} = {n} + {k}\n" for k in range(30))
    name = f"<rule {n}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names = {}
    exec(compile(source, name, "exec"), names)
    return str(names["a3"])


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
