"""A view adds to the functions that run after each request, instead of after its own."""

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/basket/<int:n>")
def basket(n):
    def mark(response):
        response.headers["X-Basket"] = str(n)
        return response

    app.after_request_funcs.setdefault(None, []).append(mark)
    return "put into the basket"


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
