"""A thread greets all who subscribe, and does not notice when they hang up."""

import socket
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return "ok"


class Hub:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = self.listener.getsockname()
        self.subscribers = []

    def serve(self):
        while True:
            link, _ = self.listener.accept()
            self.subscribers.append(link)
            link.sendall(f"you are number {len(self.subscribers)}\n".encode())

    def publish(self, text):
        for link in self.subscribers:
            link.sendall(text.encode())


hub = Hub()
threading.Thread(target=hub.serve, name="hub", daemon=True).start()


@app.get("/watch/<int:n>")
def watch(n):
    with socket.create_connection(hub.address) as link:
        return link.recv(100)


@app.get("/total/<int:n>")
def total(n):
    return str(sum(k * k for k in range(n % 500)))
