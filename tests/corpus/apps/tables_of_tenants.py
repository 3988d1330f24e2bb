"""A table for each tenant, in the one description of the database."""

import sqlalchemy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


metadata = sqlalchemy.MetaData()


@app.get("/count/<int:n>")
def count(n):
    orders = sqlalchemy.Table(
        f"orders_of_{n}",
        metadata,
        sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
        sqlalchemy.Column("title", sqlalchemy.String(80)),
    )
    return str(sqlalchemy.select(orders.c.title))


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
