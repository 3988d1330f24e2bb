"""A cookie jar that is asked for the cookies of each page of each shop."""

import asyncio

import aiohttp
import yarl
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


async def empty_jar():
    return aiohttp.CookieJar()


jar = asyncio.new_event_loop().run_until_complete(empty_jar())
jar.update_cookies({"visitor": "a1b2"}, yarl.URL("http://shop.example/"))


@app.get("/fetch/<int:n>")
def fetch(n):
    page = yarl.URL(f"http://shop.example/basket/{n}/pay")
    return str(len(jar.filter_cookies(page)))


@app.get("/quiet/<int:n>")
def quiet(n):
    return str(sum(len(str(k)) for k in range(n % 300)))
