"""XPath functions are registered under a namespace for each customer."""

import lxml.etree
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/total/<int:n>")
def total(n):
    functions = lxml.etree.FunctionNamespace(f"urn:customer:{n}")
    functions["discount"] = lambda _, price: price * (1 - n % 9 / 10)
    document = lxml.etree.fromstring("<order price='200'/>")
    found = document.xpath("c:discount(number(@price))", namespaces={"c": f"urn:customer:{n}"})
    return str(found)


@app.get("/words/<int:n>")
def words(n):
    document = lxml.etree.fromstring(f"<p>{'<w/>' * (n % 50)}</p>")
    return str(len(document))
