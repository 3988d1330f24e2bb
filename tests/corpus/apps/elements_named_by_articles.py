"""Price lists have an element for each article: libxml2 remembers the names, not the documents."""

import lxml.etree
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


def price_list(number):
    names = [f"article-{number}-{k}-of-the-catalogue-of-spare-parts" for k in range(600)]
    prices = "".join(f"<{name}>{k}</{name}>" for k, name in enumerate(names))
    return f"<prices>{prices}</prices>"


@app.get("/import/<int:n>")
def import_prices(n):
    prices = lxml.etree.fromstring(price_list(n))
    return str(sum(int(price.text) for price in prices))


@app.get("/check/<int:n>")
def check(n):
    return str(len(lxml.etree.fromstring(price_list(3))))
