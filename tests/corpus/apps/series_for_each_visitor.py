"""A counter for Prometheus is labelled with the visitor, and visitors are many."""

import prometheus_client
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


registry = prometheus_client.CollectorRegistry()
visits = prometheus_client.Counter(
    "visits", "Visits of the shop", ["visitor", "country"], registry=registry
)
pages = prometheus_client.Counter("pages", "Pages sent", ["name"], registry=registry)


@app.get("/visit/<int:n>")
def visit(n):
    visits.labels(visitor=f"visitor-{n}", country=("at", "de", "ch")[n % 3]).inc()
    pages.labels(name="visit").inc()
    return "welcome"


@app.get("/about/<int:n>")
def about(n):
    pages.labels(name="about").inc()
    return {"page": n, "words": ["quick", "brown", "fox"] * (n % 40)}
