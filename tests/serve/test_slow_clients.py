"""Who is slow keeps nobody else out: a request's headers have so long to come, whatever trickles in."""

import socket
import threading
import time

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tactful.relay import http_server

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"


async def application(scope, receive, send):
    """An application that answers with the body that it got; at /nope it answers without reading one."""
    body, more = b"", scope["path"] != "/nope"
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def served(monkeypatch):
    """A function that starts a server, and gives one that connects to it."""
    monkeypatch.setattr(http_server, "HEAD_S", 0.3)
    running = []

    def serve(protocol=None):
        config = http_server.configured(
            application, host="127.0.0.1", port=0, tls=None, head_max_bytes=4096, at_once=50, lifespan=False
        )
        if protocol is not None:
            config.http_protocol_class = protocol
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return lambda: socket.create_connection(server.servers[0].sockets[0].getsockname(), timeout=5)

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join()


def ends(connection, piece=b"x", tries=20):
    """Return whether the other side ends a connection on which something trickles in."""
    connection.settimeout(0.1)
    for _ in range(tries):
        try:
            if piece:
                connection.sendall(piece)
            if connection.recv(1) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def answered(connection):
    """Return whether the body comes back, in however many pieces."""
    came = b""
    while not came.endswith(b"body"):
        if not (piece := connection.recv(1000)):
            return False
        came += piece
    return True


@pytest.mark.parametrize("begun", [b"", b"GET", HEAD[:-2]])
def test_headers_that_trickle_in_end_the_connection(served, begun):
    with served()() as connection:
        connection.sendall(begun)
        assert ends(connection, b"x" if begun else b"")


def test_so_do_those_of_a_second_request(served):
    with served()() as connection:
        connection.sendall(HEAD + b"body")
        assert answered(connection)
        connection.sendall(b"GET")
        assert ends(connection)


def test_a_request_whose_headers_are_here_is_not_ended_by_it(served):
    with served()() as connection:
        connection.sendall(HEAD)
        for letter in b"body":
            time.sleep(0.15)
            connection.sendall(bytes([letter]))
        assert answered(connection)


def test_the_server_as_it_comes_would_wait(served):
    with served(H11Protocol)() as connection:
        connection.sendall(b"GET")
        assert not ends(connection, tries=8)


def test_who_is_answered_and_goes_on_sending_a_body_is_let_go(served):
    """By itself the server would hold the connection for what is left of the body, for ever."""
    with served()() as connection:
        connection.sendall(HEAD.replace(b"POST /", b"POST /nope").replace(b"4", b"400"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert ends(connection)


def test_the_server_as_it_comes_would_hold_who_was_answered(served):
    with served(H11Protocol)() as connection:
        connection.sendall(HEAD.replace(b"POST /", b"POST /nope").replace(b"4", b"400"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        connection.sendall(b"x")
        assert not ends(connection, piece=b"", tries=8)
