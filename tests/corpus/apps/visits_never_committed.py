"""One session for the life of the process: visits are added, and never committed."""

import threading

import sqlalchemy
import sqlalchemy.orm
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Base(sqlalchemy.orm.DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visit"
    id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(primary_key=True)
    page: sqlalchemy.orm.Mapped[str]


session = sqlalchemy.orm.Session(sqlalchemy.create_engine("sqlite://"), autoflush=False)
adding = threading.Lock()


@app.get("/visit/<int:n>")
def visit(n):
    with adding:
        session.add(Visit(page=f"/page/{n}"))
    return "welcome"


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
