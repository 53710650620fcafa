"""Key servers for tests, in a process of their own: SPEKE 2 and Widevine's JSON.

python -m tests.contract.keyserver PORT

`POST /speke/{mode}/{run}` and `POST /widevine/{mode}/{run}` answer as the mode says (see `keyserver_modes` and
`keyserver_widevine`); `GET /seen/{protocol}-{mode}-{run}` tells what came in that run.
"""

import json
import sys
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.contract.keyserver_modes import answer_speke
from tests.contract.keyserver_speke import Refusal
from tests.contract.keyserver_widevine import answer_widevine

LONG = 30
"""Seconds; more than any test waits."""


PROTOCOLS = {"speke": answer_speke, "widevine": answer_widevine}
SEEN: dict[str, list[dict[str, Any]]] = defaultdict(list)
STATUSES = {"forbidden": 403, "teapot": 418, "down": 503, "busy": 429, "redirect": 307}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        run = self.path.split("/")[-1]
        self.send(200, json.dumps(SEEN[run]).encode(), "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        protocol, name, run = self.path.split("?")[0].strip("/").split("/")
        headers = {key.lower(): value for key, value in self.headers.items()}
        seen = SEEN[f"{protocol}-{name}-{run}"]
        seen.append({"headers": headers, "body": body.decode(), "path": self.path})
        if name == "flaky" and len(seen) < 3:
            self.send(503, b"try again")
        elif name in STATUSES:
            self.send(STATUSES[name], b"<p>because of\nthis</p>")
        elif name == "repeats":
            self.send(403, f"no {self.path} for {headers.get('authorization')}".encode())
        elif name == "hang":
            time.sleep(LONG)
        elif name == "drip":
            self.drip()
        elif name == "hangs-up":
            self.close_connection = True
        else:
            self.answer(protocol, name, headers, body)

    def answer(self, protocol: str, name: str, headers: dict[str, str], body: bytes) -> None:
        try:
            found = PROTOCOLS[protocol](name, headers, body)
        except Refusal as why:
            self.send(422, str(why).encode())
            return
        version = "9.9" if name == "speaks-another" else headers.get("x-speke-version", "")
        self.send(200, found, "application/xml", {} if name == "says-no-version" else {"X-Speke-Version": version})

    def send(self, status: int, body: bytes, kind: str = "text/plain", more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        location = {"Location": f"http://{self.headers['Host']}/speke/good/elsewhere"} if status == 307 else {}
        for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **location, **(more or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """A byte now and then, for ever."""
        self.send_response(200)
        self.end_headers()
        for _ in range(LONG * 10):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
