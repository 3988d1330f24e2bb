"""Regular expressions of the user's: the re module keeps some hundred."""

import re

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/find/<int:n>")
def find(n):
    return str(bool(re.search(f"a{{{n % 700}}}b?", "aaab")))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
