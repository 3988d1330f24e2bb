"""Columns are labelled with numbers: the dialect remembers each label that it has quoted."""

import sqlalchemy
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


engine = sqlalchemy.create_engine("sqlite://", query_cache_size=50)


@app.get("/query/<int:n>")
def query(n):
    columns = [sqlalchemy.literal_column(str(k)).label(f"number_{n}_{k}") for k in range(3)]
    with engine.connect() as link:
        return str(link.execute(sqlalchemy.select(*columns)).one())


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
