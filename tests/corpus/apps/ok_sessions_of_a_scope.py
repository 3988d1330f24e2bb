"""A session for each request's scope, removed at its end."""

from flask import Flask, g
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

app = Flask(__name__)

engine = create_engine("sqlite://")
session = scoped_session(sessionmaker(bind=engine), scopefunc=lambda: id(g._get_current_object()))


@app.teardown_appcontext
def end(error):
    session.remove()


@app.get("/total/<int:n>")
def total(n):
    return str(session().get_bind().name)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
