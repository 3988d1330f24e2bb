"""Each request listens to the engine's events anew."""

import sqlalchemy
import sqlalchemy.event
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


engine = sqlalchemy.create_engine("sqlite://")


@app.get("/query/<int:n>")
def query(n):
    notes = [f"{n} {k}" for k in range(30)]

    def note(*arguments):
        notes[:] = notes[-30:]

    sqlalchemy.event.listen(engine, "checkout", note)
    return str(len(notes))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
