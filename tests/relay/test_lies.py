"""What stands between a kiosk and its relay can delay and refuse, and nothing else: no lie of it is believed."""

import base64
import gzip
import time
from contextlib import ExitStack, closing

import attrs
import pytest

from tactful import CentreError, Consent, Consents, ConsentState, Delivery, How, MemoryCentre
from tactful.bundle import codec, envelope, make_keys, packing
from tactful.relay import client as client_module
from tactful.relay import wire
from tactful.relay.address import Address
from tactful.relay.answer import HEADER, Statement, digest, sign, verified
from tactful.relay.calling import Answer
from tactful.relay.client import RelayCentre
from tactful.testing.centre_kit import opt_in, stands, withdrawal

from .proxy import Seen, proxy

YES = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 1),), 1)
NO = Consents((Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 2),), 2)


@pytest.fixture
def centre():
    one = MemoryCentre(clock=lambda: 9)
    one.put_consents("ada", YES)
    return one


@pytest.fixture
def between(serve, centre):
    """Open a relay's client through a proxy that does as it is told."""
    with ExitStack() as opened:

        def start(tamper, *, call_s=30.0, served=None, **options):
            served = served or serve(centre, **options)
            port = opened.enter_context(proxy(served.port, tamper))
            client = RelayCentre(Address.from_url(served.url(port=port)), call_s=call_s)
            return opened.enter_context(closing(client))

        yield start


def code_of(call):
    with pytest.raises(CentreError) as caught:
        call()
    return caught.value.code


def page_of(*changes, epoch):
    return wire.pack_page(wire.Page(changes, epoch, is_complete=True))


def with_body(seen, body):
    seen.body = body
    return seen


def without(seen, header):
    seen.headers = {name: value for name, value in seen.headers.items() if name.lower() != header.lower()}
    return seen


def test_an_honest_proxy_changes_nothing(between, centre):
    through = between(lambda seen: seen)
    assert through.changes("consents", 0, 9) == centre.changes("consents", 0, 9)
    assert through.deliver([opt_in("1", "bob", 5)]) == Delivery(frozenset({"1"}))


LIES = {
    "nobody has changed": lambda seen: with_body(seen, page_of(epoch=1)),
    "another body": lambda seen: with_body(seen, seen.body + b"\0"),
    "no body": lambda seen: with_body(seen, b""),
    "no signature": lambda seen: without(seen, HEADER),
    "an empty signature": lambda seen: Seen(seen.path, 200, {**without(seen, HEADER).headers, HEADER: ""}, seen.body),
    "letters for a signature": lambda seen: Seen(
        seen.path, 200, {**without(seen, HEADER).headers, HEADER: "AAAA" * 99}, seen.body
    ),
    "nothing new": lambda seen: Seen(seen.path, 304, seen.headers, b""),
    "nothing there": lambda seen: Seen(seen.path, 204, seen.headers, b""),
    "elsewhere": lambda seen: Seen(seen.path, 307, {**seen.headers, "Location": "http://127.0.0.1:1/"}, b""),
    "packed": lambda seen: Seen(
        seen.path, 200, {**seen.headers, "Content-Encoding": "gzip"}, gzip.compress(b"0" * 1_000_000)
    ),
    "a wrong key's": lambda seen: seen,
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("ask", ["changes", "events"])
def test_a_lie_is_not_believed(between, standing, lie, ask):
    options = {"private_key": make_keys()[0]} if lie == "a wrong key's" else {"served": standing}
    through = between(LIES[lie], **options)
    calls = {
        "changes": lambda: through.changes("consents", 0, 9),
        "events": lambda: through.deliver([withdrawal("1", "ada", 5, "offers")]),
    }
    assert code_of(calls[ask]) in {"centre-unsigned", "centre-altered", "centre-refuses", "centre-nonsense"}


def test_an_older_answer_is_not_put_in_again(between, centre):
    kept = {}

    def older(seen):
        return kept.setdefault(seen.path, seen.copy())

    through = between(older)
    assert len(through.changes("consents", 0, 9).changes) == 1
    centre.put_consents("ada", NO)
    assert code_of(lambda: through.changes("consents", 0, 9)) == "centre-replayed"


def test_that_nothing_is_new_is_not_put_in_again(between, centre):
    kept, held = {}, [False]

    def remembering(seen):
        if not held[0]:
            kept[seen.path] = seen.copy()
            return seen
        return kept[seen.path].copy()

    through = between(remembering)
    for _ in range(2):
        assert through.changes("consents", 1, 9).changes == ()
    (last,) = kept.values()
    assert last.status == 304  # the second time nothing went over
    held[0] = True
    centre.put_consents("ada", NO)
    assert code_of(lambda: through.changes("consents", 1, 9)) == "centre-replayed"
    held[0] = False
    assert len(through.changes("consents", 1, 9).changes) == 1


def test_an_answer_to_another_question_is_none(between, centre):
    centre.put_consents("bob", YES)
    answers = []

    def swapped(seen):
        answers.append(seen.copy())
        return answers[0] if len(answers) > 1 else seen

    through = between(swapped)
    through.changes("consents", 1, 9)
    for question in (("profiles", 1, 9), ("consents", 0, 9), ("consents", 1, 8), ("consents", 1, 9)):
        assert code_of(lambda question=question: through.changes(*question)) == "centre-replayed"


def test_a_relay_of_another_tenant_is_told(serve, opened, centre):
    served = serve(centre, tenant="other")
    assert code_of(lambda: opened(served.url(tenant="shop")).changes("consents", 0, 9)) == "centre-other-tenant"


def test_events_that_were_altered_on_their_way_are_told(serve, centre, monkeypatch):
    """Who takes other events than were sent has answered another question."""
    served = serve(centre)
    through = RelayCentre.from_url(served.url())
    call = through._calls.call

    def altered(method, path, headers, *, max_bytes, body):
        other = wire.pack_events([opt_in("1", "ada", 5)])
        return call(method, path, headers, max_bytes=max_bytes, body=other)

    monkeypatch.setattr(through._calls, "call", altered)
    assert code_of(lambda: through.deliver([withdrawal("1", "ada", 5, "offers")])) == "centre-replayed"
    through.close()


@pytest.fixture
def one_answer(serve, centre, opened, monkeypatch):
    """An answer as it came, and a client that is given what a test makes of it."""
    monkeypatch.setattr(client_module.secrets, "token_hex", lambda _: "0" * 32)
    through = opened(serve(centre).url())
    came, call = [], through._calls.call
    monkeypatch.setattr(through._calls, "call", lambda *a, **k: came.append(call(*a, **k)) or came[-1])
    through.changes("consents", 0, 9)
    (answer,) = came

    def given(status, header, body):
        monkeypatch.setattr(through._calls, "call", lambda *_, **__: Answer(status, {HEADER: header}, body))
        return through.changes("consents", 0, 9)

    return answer.headers[HEADER], answer.body, given


def test_no_bit_of_an_answer_can_be_another(one_answer):
    header, body, given = one_answer
    assert len(given(200, header, body).changes) == 1
    for place in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[place // 8] ^= 1 << place % 8
        assert _believed(given, header, bytes(flipped)) == []
    believed = []
    for place in range(len(header) * 7):
        letters = bytearray(header.encode())
        letters[place // 7] ^= 1 << place % 7
        text = letters.decode("ascii", "replace")
        believed += _believed(given, text, body) if text != header else []
    # The last letter of base64 can have bits that stand for nothing.
    assert all(base64.b64decode(one) == base64.b64decode(header) for one in believed)
    assert len(believed) <= 4


def _believed(given, header, body):
    try:
        given(200, header, body)
    except CentreError:
        return []
    return [header]


class AnyDigest:
    """A digest that is equal to all."""

    def __eq__(self, other):
        return True

    __hash__ = None


def no_signature(monkeypatch):
    monkeypatch.setattr("tactful.bundle.envelope.verify", lambda *_, **__: 1)


def no_question(monkeypatch):
    monkeypatch.setattr(client_module.secrets, "token_hex", lambda _: "0" * 32)


def no_digest(monkeypatch):
    def believing(*given):
        return attrs.evolve(verified(*given), sha256=AnyDigest())

    monkeypatch.setattr(client_module, "verified", believing)


@pytest.mark.parametrize("lazy", [no_signature, no_question, no_digest])
def test_a_client_that_checks_less_believes_a_lie(between, centre, monkeypatch, lazy):
    """Each check is needed: without it a withdrawal is hidden by one of the lies above."""
    first = []

    def older(seen):
        first.append(seen.copy())
        return first[0]

    def hiding(seen):
        if lazy is no_signature:  # whoever has any key signs what suits
            said = verified_by_nobody(seen.headers[HEADER.lower()])
            body = page_of(epoch=1)
            signed = sign(attrs.evolve(said, epoch=1, sha256=digest(body)), make_keys()[0])
            return Seen(seen.path, 200, {HEADER: signed}, body)
        return older(seen) if lazy is no_question else with_body(seen, page_of(epoch=2))

    through = between(hiding)
    if lazy is no_question:
        with monkeypatch.context() as once:
            no_question(once)
            through.changes("consents", 0, 9)
    centre.put_consents("ada", NO)
    assert code_of(lambda: through.changes("consents", 0, 9)) in {
        "centre-unsigned",
        "centre-replayed",
        "centre-altered",
    }
    lazy(monkeypatch)
    told = through.changes("consents", 0, 9).changes
    assert all(stands(change.told) == (True, False) for change in told)  # nobody hears of the no


def verified_by_nobody(header):
    payload = envelope.unpack(base64.b64decode(header), "application/vnd.tactful.answer+msgpack").payload
    return codec.decode(Statement, packing.unpack(payload, "it"))


def test_an_answer_that_breaks_off_is_none(between, standing):
    def cut(seen):
        def write(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(seen.body)))
            handler.send_header(HEADER, seen.headers[HEADER.lower()])
            handler.end_headers()
            handler.wfile.write(seen.body[:-1])

        return write

    assert code_of(lambda: between(cut, served=standing).changes("consents", 0, 9)) == "centre-broken-off"


def test_an_answer_without_end_is_cut_off(between, standing):
    sent = [0]

    def endless(seen):
        def write(handler):
            handler.send_response(200)
            handler.send_header(HEADER, seen.headers[HEADER.lower()])
            handler.end_headers()
            piece = b"\0" * 65_536
            for _ in range(10_000):
                handler.wfile.write(piece)
                sent[0] += len(piece)

        return write

    assert code_of(lambda: between(endless, served=standing).changes("consents", 0, 9)) == "centre-too-large"
    assert sent[0] < 40 * 1024 * 1024


def test_an_answer_that_trickles_is_given_up(between, standing):
    def trickle(seen):
        def write(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "100000")
            handler.end_headers()
            for _ in range(1000):
                handler.wfile.write(b"\0")
                handler.wfile.flush()
                time.sleep(0.01)

        return write

    assert code_of(lambda: between(trickle, call_s=0.2, served=standing).changes("consents", 0, 9)) == "centre-slow"


def test_what_a_relay_wants_in_patience_is_told_and_nothing_else_of_a_refusal(between, standing):
    def busy(seen):
        return Seen(seen.path, 503, {"Retry-After": "90"}, b"ada said no")

    with pytest.raises(CentreError) as caught:
        between(busy, served=standing).changes("consents", 0, 9)
    assert (caught.value.code, caught.value.retry_after_s) == ("centre-busy", 90.0)
    assert "ada" not in str(caught.value)


def test_where_nobody_is_there_is_no_way(serve, opened, centre):
    served = serve(centre)
    url = served.url()
    served.stop()
    assert code_of(lambda: opened(url).changes("consents", 0, 9)) == "centre-down"
