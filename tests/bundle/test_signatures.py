"""Two signatures where they are demanded: by the policy, by whoever opens it, and never by one key alone."""

import json

import attrs
import msgpack
import pytest
from typer.testing import CliRunner

import tactful
from tactful import BundleError, UsageError, bundle
from tactful.bundle import envelope, keys
from tactful.cli.app import app

from .conftest import code, read
from .small_policy import EPOCH, PRIVATE, PUBLIC, SMALL, signed

SECOND, SECOND_PUBLIC = bundle.make_keys()
THIRD, THIRD_PUBLIC = bundle.make_keys()
BOTH = [PUBLIC, SECOND_PUBLIC]
TWO = attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, signatures=2))
run = CliRunner().invoke


def resealed(raw, change):
    """A bundle with its list of signatures changed, as an attacker can who has no key."""
    found = msgpack.unpackb(raw)
    found["signatures"] = change(found["signatures"])
    return msgpack.packb(found)


def test_one_signature_is_refused_where_two_are_demanded_and_two_are_taken():
    once = signed(TWO)

    assert code(once, keys=BOTH) == "bundle-signatures"
    assert code(bundle.add_signature(once, private_key=SECOND), keys=BOTH) == ""
    assert code(signed(TWO, private_key=[PRIVATE, SECOND]), keys=BOTH) == ""


def test_to_add_a_signature_is_to_sign_with_both():
    assert bundle.add_signature(signed(TWO), private_key=SECOND) == signed(TWO, private_key=[PRIVATE, SECOND])


def test_the_same_key_twice_is_one():
    once = signed(TWO)

    assert code(resealed(once, lambda those: those * 2), keys=BOTH) == "bundle-signatures"
    assert code(signed(TWO, private_key=[PRIVATE, PRIVATE]), keys=[PUBLIC, PUBLIC]) == "bundle-signatures"
    with pytest.raises(BundleError, match="has signed the bundle already"):
        bundle.add_signature(once, private_key=PRIVATE)


def test_one_key_under_two_names_is_altered_or_one():
    """A key's short name is not what signs: the name of the second key over the first one's signature fits nothing."""
    forged = resealed(signed(TWO), lambda those: [*those, {**those[0], "keyid": keys.key_id(SECOND_PUBLIC)}])

    assert code(forged, keys=BOTH) == "bundle-altered"


def test_a_signature_of_another_payload_does_not_count():
    other = msgpack.unpackb(signed(TWO, epoch=EPOCH + 1, private_key=[SECOND]))["signatures"]

    assert code(resealed(signed(TWO), lambda those: [*those, *other]), keys=BOTH) == "bundle-altered"


def test_a_key_that_is_not_pinned_does_not_count():
    assert code(signed(TWO, private_key=[PRIVATE, THIRD]), keys=BOTH) == "bundle-signatures"
    assert code(signed(TWO, private_key=[PRIVATE, SECOND]), keys=[PUBLIC]) == "bundle-signatures"


def test_a_stripped_signature_or_demand_is_noticed():
    both = signed(TWO, private_key=[PRIVATE, SECOND])

    assert code(resealed(both, lambda those: those[:1]), keys=BOTH) == "bundle-signatures"
    stripped = msgpack.unpackb(both) | {"payload": msgpack.unpackb(signed())["payload"]}
    assert code(msgpack.packb(stripped), keys=BOTH) == "bundle-altered"


def test_who_opens_it_can_demand_what_the_policy_dropped(open_edge):
    assert code(signed(), keys=BOTH, signatures=2) == "bundle-signatures"
    assert code(signed(private_key=[PRIVATE, SECOND]), keys=BOTH, signatures=2) == ""
    with pytest.raises(BundleError, match="whoever opens it demands 2"):
        open_edge(signed(), key=BOTH, signatures=2)
    open_edge(signed(private_key=[PRIVATE, SECOND]), key=BOTH, signatures=2)


def test_an_update_keeps_the_demand(open_edge):
    edge = open_edge(signed(TWO, private_key=[PRIVATE, SECOND]), key=BOTH)

    for raw in (signed(epoch=EPOCH + 1), signed(TWO, epoch=EPOCH + 1)):
        with pytest.raises(BundleError):
            edge.update(raw)
        assert edge.status()["last_refused"] == "bundle-signatures"
        assert edge.status()["epoch"] == EPOCH
    edge.update(signed(epoch=EPOCH + 1, private_key=[PRIVATE, SECOND]))  # two agree that one is enough from now on
    edge.update(signed(epoch=EPOCH + 2))
    assert edge.status()["epoch"] == EPOCH + 2


@pytest.mark.parametrize(("pinned", "demanded"), [([PUBLIC], 2), ([PUBLIC, PUBLIC], 2), (BOTH, 3), (BOTH, 0)])
def test_a_threshold_that_no_bundle_can_reach_is_told_at_once(open_edge, pinned, demanded):
    with pytest.raises(UsageError, match="as many different keys"):
        open_edge(signed(), key=pinned, signatures=demanded)


def test_a_demand_that_makes_no_sense_is_refused(open_edge):
    none = attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, signatures=0))

    with pytest.raises(BundleError, match="signatures is not from 1 to 16"):
        open_edge(signed(none))


def test_every_signature_counts_once_whatever_the_order():
    raw = signed(TWO, private_key=[THIRD, SECOND, PRIVATE])

    assert envelope.verify(envelope.unpack(raw), [PUBLIC, SECOND_PUBLIC, THIRD_PUBLIC]) == 3
    assert envelope.verify(envelope.unpack(raw), [THIRD_PUBLIC]) == 1
    assert read(raw, keys=BOTH).policy == TWO


def test_the_commands(tmp_path):
    folder, out = tmp_path / "policy", tmp_path / "shop.bundle"
    assert run(app, ["init", str(folder)]).exit_code == 0
    (folder / "more.yaml").write_text("values: {signatures: 2}\n")
    (tmp_path / "legal.private").write_text(SECOND)
    built = run(app, ["build", str(folder), "-o", str(out), "--json"])
    public = (folder / "keys/development.public").read_text().strip()

    assert (built.exit_code, json.loads(built.stdout)["signatures_wanting"]) == (0, 1)
    with pytest.raises(BundleError, match="its policy demands 2"):
        tactful.open(out, key=[public, SECOND_PUBLIC])
    done = run(app, ["sign", str(out), "--key", str(tmp_path / "legal.private"), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["signed_by"] == [keys.key_id(public), keys.key_id(SECOND_PUBLIC)]
    tactful.open(out, key=[public, SECOND_PUBLIC], signatures=2).close()
    assert run(app, ["status", str(out), "--key", f"{public},{SECOND_PUBLIC}"]).exit_code == 0
    again = run(app, ["sign", str(out), "--key", str(tmp_path / "legal.private")])
    assert again.exit_code == 2
    assert "has signed the bundle already" in again.output.replace("\n", " ")
