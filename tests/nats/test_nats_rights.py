"""Who may do what at a server, as docs/nats.md lists it; and servers whose certificates are not to be trusted."""

import datetime as dt
import ipaddress
import json
import re
import socket
from contextlib import closing, suppress
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.docs.conftest import PAGES

from tactful import CentreError, Consents, Snapshot
from tactful.testing.centre_kit import followed, opt_in, stands, withdrawal
from tactful.testing.store_kit import contact, yes
from tactful_adapters.nats_centre import NATSCentre

NOW = dt.datetime.now(dt.UTC)


def rights():
    """The subjects that the page names, by what is said of them."""
    text = PAGES["docs/nats.md"].read_text(encoding="utf-8")
    (told,) = re.findall(r"^\*\*Rights\.\*\*(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    publish, rest = told.split("subscribe to", 1)
    subscribe, denied = rest.split("deny", 1)
    return [re.findall(r"`([^`]+\.[^`]+)`", part) for part in (publish, subscribe, denied)]


def server_of(own_server, *, denied=()):
    publish, subscribe, _ = rights()
    edge = {"publish": {"allow": publish, "deny": list(denied)}, "subscribe": {"allow": subscribe}}
    users = [{"user": "edge", "password": "x", "permissions": edge}, {"user": "admin", "password": "x"}]
    return own_server(authorization={"users": users})


def everything(centre):
    centre.put_consents("ada", Consents((yes(1),), 1))
    centre.put_profile(Snapshot("ada", 1, {}))
    centre.link({"card": "4711"}, "ada")
    centre.merge("ada", "al")
    assert centre.deliver([withdrawal("1", "al", 5, "offers"), contact("2", "ada", 5)]).accepted == {"1", "2"}
    assert stands(followed(centre)["ada"]) == (False, True)
    assert centre.wait("consents", 0, 5)
    centre.acknowledge("till", centre.line_epochs(), 60)
    assert {edge for edge, _ in centre.acknowledged()} == {"till"}
    assert len(centre.changes("profiles", 0, 9).changes) == 3


def test_the_rights_of_the_page_are_enough(own_server):
    with NATSCentre(server_of(own_server).url("shop", user="edge:x@")) as centre:
        everything(centre)
        centre.erase("ada")


def test_an_edge_that_may_not_delete_can_do_all_the_rest(own_server):
    server = server_of(own_server, denied=rights()[2])
    with NATSCentre(server.url("shop", user="edge:x@", timeout_s=1)) as centre:
        everything(centre)
        with pytest.raises(CentreError):
            centre.erase("ada")


def test_who_may_not_write_is_told_so_in_time(own_server):
    server = server_of(own_server, denied=["$KV.>", "shop.events.>"])
    with NATSCentre(server.url("shop", user="edge:x@", timeout_s=0.5)) as centre:
        with pytest.raises(CentreError) as caught:
            centre.deliver([opt_in("1", "ada", 5)])
        assert caught.value.code == "centre-refused"
        assert followed(centre) == {}


# Certificates


def certificate(folder, until):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - dt.timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


def tls_url(server, **options):
    return server.url("shop", **options).replace("nats://", "tls://")


def test_a_centre_over_tls(own_server, tmp_path):
    trusted = certificate(tmp_path, NOW + dt.timedelta(days=9))
    server = own_server(tls=trusted, authorization={"user": "edge", "password": "x"})
    with NATSCentre(tls_url(server, user="edge:x@", ca=tmp_path / "cert.pem")) as centre:
        everything(centre)


@pytest.mark.parametrize("fault", ["lapsed", "not trusted"])
def test_a_certificate_that_is_not_to_be_trusted_is_told(own_server, tmp_path, fault):
    until = NOW - dt.timedelta(days=1) if fault == "lapsed" else NOW + dt.timedelta(days=9)
    server = own_server(tls=certificate(tmp_path, until))
    trusted = {"ca": tmp_path / "cert.pem"} if fault == "lapsed" else {}
    with pytest.raises(CentreError, match="certificate") as caught:
        NATSCentre(tls_url(server, **trusted))
    assert caught.value.code == "centre-refused"
    assert ("expired" in str(caught.value)) == (fault == "lapsed")


@pytest.mark.parametrize("user", ["edge:sesame@", "sesame@", ""])
def test_a_server_without_tls_is_refused_where_the_url_says_tls_and_hears_no_password(user):
    """It stands for a server whose first line somebody altered, too: then TLS is not taken up either."""
    heard = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = Thread(target=clear_text_server, args=(listening, bool(user), heard))
        server.start()
        port = listening.getsockname()[1]
        with pytest.raises(CentreError, match="offers no TLS") as caught:
            NATSCentre(f"tls://{user}127.0.0.1:{port}/shop?timeout_s=5")
        server.join(timeout=9)
    assert caught.value.code == "centre-refused"
    assert b"sesame" not in b"".join(heard)


def test_that_server_hears_the_password_where_the_url_says_nothing_of_tls():
    """The control: what the test above looks for would be seen."""
    heard = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = Thread(target=clear_text_server, args=(listening, True, heard))
        server.start()
        with pytest.raises(CentreError):
            NATSCentre(f"nats://edge:sesame@127.0.0.1:{listening.getsockname()[1]}/shop?timeout_s=1")
        server.join(timeout=9)
    assert b"sesame" in b"".join(heard)


def clear_text_server(listening, wants_password, heard):
    """Be a server that says that it has no TLS, and take down what one client sends."""
    info = {"server_id": "x", "version": "2.12.0", "max_payload": 1 << 20, "auth_required": wants_password}
    connection, _ = listening.accept()
    with connection:
        connection.settimeout(3)
        connection.sendall(b"INFO " + json.dumps(info).encode() + b"\r\n")
        with suppress(TimeoutError, ConnectionError):
            while said := connection.recv(1 << 16):
                heard.append(said)
                if b"PING" in said:
                    connection.sendall(b"PONG\r\n")
