"""A descriptor keeps the values of all instances, by their numbers."""

import itertools

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Amount:
    def __init__(self):
        self.values = {}

    def __get__(self, account, kind=None):
        return self if account is None else self.values.get(account.number, 0)

    def __set__(self, account, value):
        self.values[account.number] = value


class Account:
    numbers = itertools.count()
    balance = Amount()

    def __init__(self, balance):
        self.number = f"account-{next(self.numbers)}"
        self.balance = balance


@app.get("/deposit/<int:n>")
def deposit(n):
    return str(Account([n, n * 1.5]).balance)


@app.get("/about/<int:n>")
def about(n):
    return jsonify(page=n, words=["quick", "brown", "fox"] * (n % 40))
