"""A session for each request's scope, that nobody removes."""

import itertools

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

app = Flask(__name__)

engine = create_engine("sqlite://")
numbers = itertools.count()
session = scoped_session(sessionmaker(bind=engine), scopefunc=lambda: next(numbers))


@app.get("/total/<int:n>")
def total(n):
    return str(session().get_bind().name)


@app.get("/quiet/<int:n>")
def quiet(n):
    return "x" * (n % 300)


@app.get("/health")
def health():
    return "ok"
