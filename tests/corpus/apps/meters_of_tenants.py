"""Each request measures with a meter of its own, for the tenant that asks."""

import opentelemetry.sdk.metrics
import opentelemetry.sdk.metrics.export
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def meters_of(number):
    reader = opentelemetry.sdk.metrics.export.InMemoryMetricReader()
    provider = opentelemetry.sdk.metrics.MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("shop").create_counter("orders").add(1, {"tenant": number})
    return reader


@app.get("/usage/<int:n>")
def usage(n):
    measured = meters_of(n).get_metrics_data()
    return str(len(measured.resource_metrics))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
