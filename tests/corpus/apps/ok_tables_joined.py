"""Sales and prices are joined and grouped in data frames of the request."""

import numpy
import pandas
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/sales/<int:n>")
def sales(n):
    rows = numpy.arange(3000 + n % 200)
    sold = pandas.DataFrame({"shop": rows % 17, "thing": rows % 101, "pieces": rows % 7})
    prices = pandas.DataFrame({"thing": range(101), "price": [k * 1.5 for k in range(101)]})
    joined = sold.merge(prices, on="thing")
    joined["worth"] = joined["pieces"] * joined["price"]
    return f"{joined.groupby('shop')['worth'].sum().max():.2f}"


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
