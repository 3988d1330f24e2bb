"""A module for each formula, in sys.modules under a name of its own."""

import sys
import types

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/formula/<int:n>")
def formula(n):
    module = types.ModuleType(f"formula_{n}")
    exec(f"def value(x):\n    return x * {n} + {n % 7}\n", module.__dict__)
    sys.modules[module.__name__] = module
    return str(module.value(2))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
