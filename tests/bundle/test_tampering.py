"""Whatever happens to the bytes on their way, what arrives is refused; the untouched bundle is accepted beside it."""

import random
import tracemalloc

import attrs
import msgpack
import pytest

from tactful import BundleError, Policy, bundle
from tactful.bundle import codec, envelope
from tactful.topics import Topic

from .conftest import code, read, seal
from .small_policy import PRIVATE, SMALL, signed

RAW = signed()
OTHER = signed(attrs.evolve(SMALL, name="another shop", topics=(*SMALL.topics, Topic("cheese", under="food"))), epoch=8)


def accepted(raws):
    """Count those that are accepted; each is refused with a code of its own, or accepted, and nothing else."""
    codes = [code(raw) for raw in raws]
    assert all(one == "" or one.startswith("bundle-") for one in codes)
    return codes.count("")


def flipped(raw):
    """The bytes with each of their bits flipped in turn."""
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def spliced(one, other, count):
    """Pieces of two bundles, cut at random places and put together."""
    chance = random.Random(1)  # noqa: S311 - the same cases each time
    while count:
        pieces = [chance.choice((one, other)) for _ in range(chance.randint(2, 4))]
        cuts = sorted(chance.randint(0, len(one)) for _ in pieces[1:])
        whole = b"".join(
            piece[start:end] for piece, start, end in zip(pieces, [0, *cuts], [*cuts, len(other)], strict=True)
        )
        if whole not in (one, other):
            count -= 1
            yield whole


def unverified(monkeypatch):
    """Switch the verification of signatures off: what a reader would be without it."""
    monkeypatch.setattr(envelope, "verify", lambda *_: 1)


def test_both_bundles_are_accepted_untouched():
    assert accepted([RAW, OTHER]) == 2


def test_no_flipped_bit_is_accepted():
    tried = 8 * len(RAW)
    took = accepted(flipped(RAW))

    print(f"bundle of {len(RAW):,} bytes: {tried:,} bits flipped, {took} accepted")  # noqa: T201 - the figure
    assert took == 0


def test_flipped_bits_would_be_accepted_without_the_signature(monkeypatch):
    unverified(monkeypatch)

    assert accepted(flipped(RAW)) > 8 * 64  # those of the signature, of its key's name, and some of the header


def test_no_truncation_is_accepted_and_each_is_called_one():
    codes = [code(RAW[:length]) for length in range(len(RAW))]

    assert set(codes) == {"bundle-truncated"}


def test_nothing_may_follow():
    chance = random.Random(2)  # noqa: S311 - the same cases each time
    tails = [b"\x00", b"\xc0", RAW, OTHER, b"\n", *(chance.randbytes(chance.randint(1, 40)) for _ in range(200))]

    assert {code(RAW + tail) for tail in tails} == {"bundle-malformed"}
    assert {code(tail + RAW) for tail in tails[:2]} == {"bundle-malformed"}


def test_no_splice_of_two_bundles_is_accepted():
    assert accepted(spliced(RAW, OTHER, 2000)) == 0


def test_splices_would_be_accepted_without_signature_and_digest(monkeypatch):
    unverified(monkeypatch)
    monkeypatch.setattr(bundle.hashlib, "sha256", Constant)
    same_length = signed(attrs.evolve(SMALL, name="corner stop"), epoch=8)

    assert accepted(spliced(signed(), same_length, 500)) > 100


class Constant:
    """A digest that is the same for everything."""

    def __init__(self, _):
        pass

    def hexdigest(self):
        return "00" * 32


def test_a_signature_of_one_bundle_does_not_fit_another():
    one, other = (msgpack.unpackb(raw) for raw in (RAW, OTHER))
    swapped = msgpack.packb({**one, "signatures": other["signatures"]})
    named = msgpack.packb({**one, "payload": other["payload"]})

    assert msgpack.packb(one) == RAW
    assert (code(swapped), code(named)) == ("bundle-altered", "bundle-altered")


def test_a_signature_for_another_type_of_payload_does_not_fit(monkeypatch):
    """What somebody signed for another purpose is not a bundle."""
    with monkeypatch.context() as patch:
        patch.setattr(envelope, "encoding", lambda payload, _: payload)
        raw = signed()

    assert code(raw) == "bundle-altered"


def test_what_is_signed_as_something_else_is_no_bundle():
    payload = envelope.unpack(signed()).payload
    raw = envelope.seal(payload, [PRIVATE], "application/vnd.tactful.answer+msgpack")
    assert code(raw) == "bundle-malformed"
    renamed = msgpack.packb({**msgpack.unpackb(raw), "payloadType": envelope.PAYLOAD_TYPE})
    assert code(renamed) == "bundle-altered"  # the type is signed too


FORMS = {
    "keys in another order": lambda sealed: dict(reversed(sealed.items())),
    "one key more": lambda sealed: {**sealed, "note": ""},
    "one key less": lambda sealed: {name: sealed[name] for name in ("payloadType", "payload")},
    "another type": lambda sealed: {**sealed, "payloadType": "text/plain"},
    "a payload of text": lambda sealed: {**sealed, "payload": "text"},
    "no signature": lambda sealed: {**sealed, "signatures": []},
    "too many signatures": lambda sealed: {**sealed, "signatures": sealed["signatures"] * 17},
    "signatures that are none": lambda sealed: {**sealed, "signatures": [1]},
    "a signature of text": lambda sealed: {**sealed, "signatures": [{"keyid": "a", "sig": "b"}]},
    "a list": lambda sealed: list(sealed.values()),
}


@pytest.mark.parametrize("change", FORMS.values(), ids=FORMS)
def test_an_envelope_has_one_form(change):
    assert code(msgpack.packb(change(msgpack.unpackb(RAW)))) == "bundle-malformed"


def test_bytes_that_are_no_bundle():
    chance = random.Random(3)  # noqa: S311 - the same cases each time
    texts = [b"", b"\x00", b"name: corner shop\n", b"PK\x03\x04" + b"\x00" * 60, b"<html>", b"\x83", b"\xc1" * 9]
    noise = [chance.randbytes(chance.randint(1, 400)) for _ in range(2000)]

    assert {code(raw) for raw in texts} <= {"bundle-malformed", "bundle-truncated"}
    assert accepted(noise) == 0


def peak_bytes(raw):
    """How much memory reading takes at most, beyond the bytes themselves."""
    tracemalloc.start()
    try:
        assert code(raw) in ("bundle-malformed", "bundle-truncated", "bundle-unpinned")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


HEAD = b"\x83" + b"".join(map(msgpack.packb, ("payloadType", envelope.PAYLOAD_TYPE, "payload")))
HUGE = {
    "a mapping": b"\xdf\xff\xff\xff\xff",
    "a list": b"\xdd\xff\xff\xff\xff",
    "lists in one another": b"\xdd\x00\x03\x00\x00" * 800 + b"\xc0" * 200_000,
    "a text": b"\xdb\xff\xff\xff\xff",
    "a payload": HEAD + b"\xc6\xff\xff\xff\xff",
    "a payload that is a list": HEAD + b"\xdd\xff\xff\xff\xff",
    "an extension": HEAD + b"\xc9\xff\xff\xff\xff\x01",
    "signatures": HEAD + b"\xc4\x01a" + b"\xaasignatures" + b"\xdd\xff\xff\xff\xff",
    "a key's name": HEAD + b"\xc4\x01a" + b"\xaasignatures" + b"\x91\x82\xa5keyid" + b"\xdb\xff\xff\xff\xff",
    "nothing but depth": b"\x91" * 100_000,
}


def test_the_beginning_is_that_of_a_bundle():
    assert RAW.startswith(HEAD)


@pytest.mark.parametrize("raw", HUGE.values(), ids=HUGE)
def test_what_is_announced_costs_nothing_before_it_is_there(raw):
    assert peak_bytes(raw) < 4 * len(raw) + 50_000


@pytest.mark.parametrize("raw", HUGE.values(), ids=HUGE)
def test_the_same_inside_a_valid_signature(raw):
    """An author may be mistaken: the payload is measured before it is made."""
    assert peak_bytes(seal(raw)) < 8 * len(raw) + 50_000


def test_msgpack_alone_would_make_room_for_what_is_announced():
    raw = HUGE["lists in one another"]
    tracemalloc.start()
    with pytest.raises(ValueError, match="incomplete input"):
        msgpack.unpackb(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak > 100 * len(raw)


def test_too_many_bytes_are_not_even_looked_at():
    assert code(bytes(bundle.SIZE_MAX_BYTES + 1)) == "bundle-too-large"
    assert code(bytes(bundle.SIZE_MAX_BYTES)) == "bundle-malformed"
    with pytest.raises(BundleError) as refused:
        signed(attrs.evolve(SMALL, name="x" * bundle.SIZE_MAX_BYTES))
    assert refused.value.code == "bundle-too-large"


def deep(levels):
    plain = []
    for _ in range(levels):
        plain = [plain]
    return plain


@pytest.mark.parametrize("levels", [300, 600, 1000])
def test_depth_is_refused_and_never_a_recursion_error(levels):
    body = codec.encode(Policy, SMALL)
    body["guardrails"] = [{"name": "house", "settings": {"deep": deep(levels)}}]

    assert code(seal({"header": {}, "policy": msgpack.packb(deep(levels))})) == "bundle-malformed"
    with pytest.raises(BundleError, match="inside one another"):
        codec.decode(Policy, body)


def test_a_caller_who_stands_deep_already_gets_a_refusal():
    """A rule of allowed depth, read on a stack that is nearly used up."""
    rule = "Var", "segment.regulars", "bool"
    for _ in range(110):
        rule = "Call", "!", [list(rule)], "bool"
    plain = {**codec.encode(Policy, SMALL), "segments": [{"name": "s", "when": list(rule)}]}

    def below(frames):
        return below(frames - 1) if frames else codec.decode(Policy, plain)

    assert below(0).segments[0].name == "s"
    with pytest.raises(BundleError, match="the stack that is left"):
        below(700)


def test_what_is_read_is_what_was_signed():
    assert read(RAW).policy == SMALL
    assert read(OTHER, highest=8).policy.name == "another shop"
