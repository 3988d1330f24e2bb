"""A warning with a text of its own each time: the module remembers all."""

import warnings

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/old/<int:n>")
def old(n):
    warnings.warn(f"the old way was used by {n}, and will go in version {n % 7}", stacklevel=1)
    return "old"


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
