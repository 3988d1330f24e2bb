"""A journal in one text: a single object that grows by itself."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Journal:
    text = ""


journal = Journal()


@app.get("/note/<int:n>")
def note(n):
    journal.text += f"{n}: " + "noted " * 500
    return str(len(journal.text))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
