"""Tags are taken from a multidict one by one, until none is left."""

import multidict
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/forward/<int:n>")
def forward(n):
    tags = multidict.CIMultiDict((f"Tag-{k}", f"{n}") for k in range(200))
    for name in list(tags):
        del tags[name]
    return str(len(tags))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
