"""A proxy that stands between a kiosk and its relay, and does with answers whatever a test wants."""

import http.client
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Seen:
    """An answer on its way: status, headers and body, to be changed."""

    def __init__(self, path, status, headers, body):
        self.path, self.status, self.headers, self.body = path, status, headers, body

    def copy(self):
        return Seen(self.path, self.status, dict(self.headers), self.body)


@contextmanager
def proxy(target_port, tamper):
    """
    Give the port of a proxy before another port.

    `tamper(seen)` returns what goes on: a `Seen`, or a function that is given the handler and writes what it likes.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length) if length else None
            upstream = http.client.HTTPConnection("127.0.0.1", target_port, timeout=20)
            upstream.request(self.command, self.path, body, dict(self.headers))
            came = upstream.getresponse()
            found = Seen(self.path, came.status, dict(came.getheaders()), came.read())
            upstream.close()
            found = tamper(found)
            if callable(found):
                self.close_connection = True
                found(self)
                return
            self.send_response(found.status)
            for name, value in found.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            if found.status != 304:
                self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if found.status != 304:
                self.wfile.write(found.body)

        do_GET = do_POST = answer  # noqa: N815 - as http.server calls them

        def log_message(self, *_):
            pass

        def handle(self):
            with suppress(OSError):  # whoever asked may have gone
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
