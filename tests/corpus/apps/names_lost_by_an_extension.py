"""An extension that splits lines forgets to give its names back."""

import ctypes

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


keep_for_ever = ctypes.pythonapi.Py_IncRef
keep_for_ever.argtypes = [ctypes.py_object]


def split(line):
    """As an extension in C would do it that forgets one Py_DECREF."""
    names = line.split(";")
    for name in names:
        keep_for_ever(name)
    return names


@app.get("/names/<int:n>")
def names(n):
    line = ";".join(f"customer {n} of branch {k}" for k in range(40))
    return str(len(split(line)))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
