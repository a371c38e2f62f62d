"""A server behind TLS: who vouches for it, and what is said when its certificate has lapsed or is another's.

The server of the tests was built without TLS; what ends it stands before it, as stunnel or a sidecar does.
"""

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from tactful import StoreError
from tactful_adapters.valkey_address import Address
from tactful_adapters.valkey_client import answers, connected


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    return made


@contextmanager
def ended_tls(certificate, socket):
    """Give the port of what ends TLS before a server's socket."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    port, ready, ended = [], threading.Event(), []

    async def carry(reader, writer):
        with suppress(OSError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def meet(reader, writer):
        inner_reader, inner_writer = await asyncio.open_unix_connection(socket)
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))

    async def serve():
        stop = asyncio.Event()
        ended.append((asyncio.get_running_loop(), stop))
        async with await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context) as served:
            port.append(served.sockets[0].getsockname()[1])
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield port[0]
    finally:
        loop, stop = ended[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def asked(port, ca):
    address = Address.of(f"valkeys://127.0.0.1:{port}/0?ssl_ca_certs={ca}")
    server = connected(address)
    try:
        return answers(server, address, [("PING",)])
    finally:
        server.close()


@pytest.mark.parametrize(
    ("name", "days", "vouched", "said"),
    [
        ("127.0.0.1", 1, True, None),
        ("127.0.0.1", -1, True, "its certificate has lapsed; renew it"),
        ("elsewhere.example", 1, True, "its certificate is not to be trusted"),
        ("127.0.0.1", 1, False, "its certificate is not to be trusted"),
    ],
)
def test_a_certificate_is_looked_at(server, authority, tmp_path, name, days, vouched, said):
    until = datetime.now(UTC) + timedelta(days=days)
    made = authority.issue_cert(name, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=until)
    if not vouched:
        trustme.CA().cert_pem.write_to_path(tmp_path / "authority.pem")
    with ended_tls(made, str(server.socket)) as port:
        if said is None:
            assert asked(port, tmp_path / "authority.pem") in ([True], [b"PONG"])
            return
        with pytest.raises(StoreError, match=said):
            asked(port, tmp_path / "authority.pem")


@pytest.mark.parametrize("option", ["ssl_ca_certs", "ssl_certfile", "ssl_keyfile"])
def test_a_file_that_is_not_there_is_told_at_once(tmp_path, option):
    with pytest.raises(StoreError, match=f"{option}= names a file that is not there"):
        Address.of(f"valkeys://127.0.0.1/0?{option}={tmp_path}/nowhere.pem")


@pytest.mark.parametrize(("scheme", "hinted"), [("valkeys", True), ("valkey", False)])
def test_a_server_that_speaks_no_tls_is_silent_and_the_url_is_suspected(scheme, hinted):
    with socket.create_server(("127.0.0.1", 0)) as plain:  # as a server does that waits for the end of a line
        address = Address.of(f"{scheme}://127.0.0.1:{plain.getsockname()[1]}/0?timeout_s=0.2")
        client = connected(address)
        with pytest.raises(StoreError, match="it is silent") as caught:
            answers(client, address, [("PING",)])
        client.close()
    assert ("it may speak no TLS: look at the port, or write valkey://" in str(caught.value)) is hinted
