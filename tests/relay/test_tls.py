"""HTTPS: who vouches for a relay, and what is said when its certificate has lapsed."""

import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import trustme

import tactful
from tactful import CentreError, MemoryCentre, MemoryStore, SyncOptions, UsageError
from tactful.relay.certificate import RenewedCertificate
from tactful.relay.serving import server


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    return made


def files(authority, folder, *names, since=datetime(2020, 1, 1, tzinfo=UTC), until=None):
    until = until or datetime.now(UTC) + timedelta(days=1)
    made = authority.issue_cert(*names, not_before=since, not_after=until)
    chain, key = folder / "relay.pem", folder / "relay.key"
    chain.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
    made.private_key_pem.write_to_path(key)
    return chain, key


def test_an_authority_of_ones_own_can_vouch(serve, opened, authority, tmp_path):
    served = serve(MemoryCentre(), tls=files(authority, tmp_path, "127.0.0.1"))
    assert served.url().startswith("relay+https://")
    assert opened(served.url(ca=tmp_path / "authority.pem")).changes("consents", 0, 9).epoch == 0


def test_a_certificate_that_lapsed_is_named_and_the_status_shows_it(serve, opened, authority, tmp_path, policy):
    lapsed = files(authority, tmp_path, "127.0.0.1", until=datetime.now(UTC) - timedelta(hours=1))
    url = serve(MemoryCentre(), tls=lapsed).url(ca=tmp_path / "authority.pem")
    with pytest.raises(CentreError, match=r"127\.0\.0\.1 has lapsed; renew it") as caught:
        opened(url).changes("consents", 0, 9)
    assert caught.value.code == "centre-certificate-lapsed"
    by_hand = SyncOptions(threads=False)
    with tactful.open(policy, store=MemoryStore(), centre=opened(url), sync=by_hand) as edge:
        edge.opt_out("ada")
        assert set(edge.sync().errors.values()) == {"centre-certificate-lapsed"}
        status = edge.status()["centre"]
        assert [status[part]["last_error"] for part in ("consents", "profiles", "events")] == [
            "centre-certificate-lapsed"
        ] * 3
        assert status["ready"] is False
        assert sum(status["events"]["waiting"].values()) > 0  # and nothing is lost


@pytest.mark.parametrize("how", ["unknown authority", "another name"])
def test_a_certificate_that_nobody_vouches_for_is_refused(serve, opened, authority, tmp_path, how):
    served = serve(
        MemoryCentre(), tls=files(authority, tmp_path, "127.0.0.1" if "authority" in how else "elsewhere.example")
    )
    if "authority" in how:
        trustme.CA().cert_pem.write_to_path(tmp_path / "authority.pem")
    with pytest.raises(CentreError, match="not to be trusted") as caught:
        opened(served.url(ca=tmp_path / "authority.pem")).changes("consents", 0, 9)
    assert caught.value.code == "centre-certificate"


def test_a_certificate_that_cannot_be_used_is_told_at_once(serve, authority, tmp_path):
    relay = serve(MemoryCentre()).relay
    chain, _ = files(authority, tmp_path, "127.0.0.1")
    for key in (tmp_path / "none", tmp_path / "authority.pem"):
        with pytest.raises(UsageError, match="certificate or its key"):
            server(relay, tls=(chain, key))


def test_a_certificate_that_is_not_valid_yet_points_at_the_clock(serve, opened, authority, tmp_path):
    early = files(authority, tmp_path, "127.0.0.1", since=datetime.now(UTC) + timedelta(hours=1))
    url = serve(MemoryCentre(), tls=early).url(ca=tmp_path / "authority.pem")
    with pytest.raises(CentreError, match="is not valid yet; see that this clock is right") as caught:
        opened(url).changes("consents", 0, 9)
    assert caught.value.code == "centre-certificate"


def test_a_renewed_certificate_is_taken_up_while_the_relay_runs(serve, opened, authority, tmp_path):
    tls = files(authority, tmp_path, "127.0.0.1", until=datetime.now(UTC) - timedelta(hours=1))
    url = serve(MemoryCentre(), tls=tls).url(ca=tmp_path / "authority.pem")
    with pytest.raises(CentreError, match="has lapsed"):
        opened(url).changes("consents", 0, 9)
    files(authority, tmp_path, "127.0.0.1")
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with suppress(CentreError):
            assert opened(url).changes("consents", 0, 9).epoch == 0
            return
        time.sleep(0.05)
    pytest.fail("it was not taken up")


def test_files_that_are_half_written_leave_the_certificate_as_it_is(authority, tmp_path):
    chain, key = files(authority, tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    certificate = RenewedCertificate(context, chain, key)
    assert not certificate.look()
    whole = key.read_bytes()
    key.write_bytes(whole[:40])
    assert not certificate.look()
    key.unlink()
    assert not certificate.look()
    key.write_bytes(whole)
    assert certificate.look()
    assert not certificate.look()


def test_a_url_of_http_for_a_port_of_https_is_told_what_to_write(serve, opened, authority, tmp_path):
    url = serve(MemoryCentre(), tls=files(authority, tmp_path, "127.0.0.1")).url()
    with pytest.raises(CentreError, match=r"broke off: .*if this port is for HTTPS.*relay\+https://") as caught:
        opened(url.replace("relay+https", "relay+http")).changes("consents", 0, 9)
    assert caught.value.code == "centre-broken-off"


def test_a_url_of_https_for_a_port_of_http_is_told_so(serve, opened):
    url = serve(MemoryCentre()).url()
    with pytest.raises(CentreError, match=r"127\.0\.0\.1 speaks no TLS on this port") as caught:
        opened(url.replace("relay+http", "relay+https")).changes("consents", 0, 9)
    assert caught.value.code == "centre-down"


def test_an_answer_that_breaks_off_under_https_has_no_word_of_it(serve, opened, authority, tmp_path):
    served = serve(MemoryCentre(), tls=files(authority, tmp_path, "127.0.0.1"))
    calls = opened(served.url(ca=tmp_path / "authority.pem"))._calls
    assert (
        str(calls.failure(httpx2.RemoteProtocolError("cut"))) == "127.0.0.1: the answer broke off: RemoteProtocolError"
    )
