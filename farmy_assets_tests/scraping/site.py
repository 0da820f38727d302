"""A real web site on this machine: drawn pictures, pages, and every kind of trouble."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

HOST = "127.0.0.1"
BY = "https://creativecommons.org/licenses/by/4.0/"


def picture(seed: int, form: str = "JPEG") -> bytes:
    """A small drawn picture; another seed gives another one."""
    noise = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).resize((160, 120), Image.Resampling.NEAREST).save(buffer, form)
    return buffer.getvalue()


def figure(source: str, *, licence: str | None = BY, author: str = "Ana Ferrer") -> str:
    """A picture on a page, with what its caption says."""
    told = f'<a rel="license" href="{licence}">licence</a>' if licence else ""
    return (
        f'<figure><img src="{source}"><figcaption>A field'
        f'<span class="author">{author}</span>{told}</figcaption></figure>'
    )


def page(*parts: str, title: str = "A gallery") -> bytes:
    """A page of these parts."""
    return f"<html><head><title>{title}</title></head><body>{''.join(parts)}</body></html>".encode()


def links(*addresses: str) -> str:
    """Links that a scraper of the tests follows."""
    return "".join(f'<a class="next" href="{address}">next</a>' for address in addresses)


@dataclass(frozen=True)
class Answer:
    """What the site says to one path; `trickle_s` is the pause between pieces of the body."""

    body: bytes = b""
    kind: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    without_length: bool = False
    trickle_s: float = 0


@dataclass(frozen=True)
class Visit:
    """One request that the site saw."""

    path: str
    at: float
    headers: Mapping[str, str]


@dataclass
class Site:
    """The site's answers by path, and the requests it has seen."""

    address: str
    answers: dict[str, Answer | Callable[[str], Answer]] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)

    def show(self, path: str, content: bytes, *, etag: str = "", **headers: str) -> str:
        """Put a JPEG there; returns its path."""
        told = {**headers, **({"ETag": etag} if etag else {})}
        self.answers[path] = Answer(content, "image/jpeg", headers=told)
        return path

    def gallery(self, path: str, *parts: str) -> None:
        """Put a page there."""
        self.answers[path] = Answer(page(*parts))

    def paths(self) -> list[str]:
        """What was asked for, in order, robots.txt left out."""
        return [visit.path for visit in self.visits if visit.path != "/robots.txt"]

    def answer_to(self, path: str) -> Answer:
        """What is said to a request."""
        found = self.answers.get(path) or self.answers.get(f"/{path.split('/')[1]}/*")
        if callable(found):
            return found(path)
        return found or Answer(b"nothing here", "text/plain", 404)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        self.site.visits.append(Visit(self.path, time.monotonic(), dict(self.headers)))
        answer = self.site.answer_to(urlsplit(self.path).path)
        etag = answer.headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            answer = Answer(status=304, headers=answer.headers)
        try:
            self._send(answer)
        except OSError:
            self.close_connection = True  # the crawler has heard enough

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        if answer.without_length:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        size = 1000 if answer.trickle_s else 65_536
        for start in range(0, len(answer.body), size):
            self.wfile.write(answer.body[start : start + size])
            time.sleep(answer.trickle_s)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the console."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with the library's 5, connections that come together wait a second

    def handle_error(self, request: object, client_address: object) -> None:
        """A crawler that has heard enough is no error."""


@contextmanager
def running_site() -> Iterator[Site]:
    """A site on a free port, up to the end of the block."""
    site = Site(address="")
    server = _Server((HOST, 0), type("Handler", (_Handler,), {"site": site}))
    site.address = f"http://{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
