"""Histograms by shop and kind of answer: there are so many shops, and no more."""

import prometheus_client
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


registry = prometheus_client.CollectorRegistry()
seconds = prometheus_client.Histogram(
    "answer_seconds", "How long answers took", ["shop", "kind"], registry=registry
)


@app.get("/shop/<int:n>")
def shop(n):
    kind = ("page", "price")[n // 2 % 2]
    seconds.labels(shop=f"shop-{n // 2 % 130}", kind=kind).observe(n % 40 / 10)
    return f"shop {n}"


@app.get("/metrics")
def metrics():
    return prometheus_client.generate_latest(registry)


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
