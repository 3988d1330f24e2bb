"""A view that has to await something starts a loop in a thread, and stops neither."""

import asyncio
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


async def price_of(number):
    await asyncio.sleep(0)
    return number * 1.19


def awaited(coroutine):
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


@app.get("/price/<int:n>")
def price(n):
    return f"{awaited(price_of(n)):.2f}"


@app.get("/greet/<int:n>")
def greet(n):
    return " ".join(f"hello {k}" for k in range(n % 120))
