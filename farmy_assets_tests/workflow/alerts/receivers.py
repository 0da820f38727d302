"""A web server and a mail server on this machine that keep what they are sent."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebhookReceiver(ThreadingHTTPServer):
    """Answers each POST with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebhookHandler)
        self.status = 200
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/services/T0/B0/s3cr3t"


class _WebhookHandler(BaseHTTPRequestHandler):
    server: WebhookReceiver

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        if self.server.status == 200:
            self.server.bodies.append(json.loads(content))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class MailReceiver(socketserver.ThreadingTCPServer):
    """As much of SMTP (RFC 5321) as a message needs; `refuses` answers a message with 550."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.refuses = False
        self.messages: list[str] = []
        self.receivers: list[str] = []

    @property
    def address(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _MailHandler(socketserver.StreamRequestHandler):
    server: MailReceiver

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            command = line.upper()
            if command.startswith("QUIT"):
                self._say("221 bye")
                return
            if command.startswith("RCPT"):
                self.server.receivers.append(line.partition(":")[2].strip("<> "))
            if command.startswith("DATA"):
                self._say("354 go on")
                self._take_message()
            else:
                self._say("250 ok")

    def _take_message(self) -> None:
        lines = []
        while (line := self.rfile.readline().decode()) not in {".\r\n", ""}:
            lines.append(line)
        if self.server.refuses:
            self._say("550 no")
            return
        self.server.messages.append("".join(lines))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(server: WebhookReceiver | MailReceiver) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
