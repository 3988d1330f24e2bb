"""Each request makes a TLS context of its own and begins a handshake in memory."""

import ssl

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


@app.get("/seal/<int:n>")
def seal(n):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ECDHE+AESGCM")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    letter = context.wrap_bio(incoming, outgoing, server_hostname=f"shop{n % 50}.example")
    try:
        letter.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return str(len(outgoing.read()))


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
