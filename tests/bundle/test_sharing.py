"""What comes again in one bundle is one object; nothing is shared between two, nor between what only looks alike."""

from tactful.bench.shop import shop
from tactful.bundle import codec, packing
from tactful.bundle.sharing import sharing
from tactful.expr import TRUE, Const, Expr
from tactful.policy import Policy
from tactful.schema import ValueType

POLICY = shop(60, 1).policy


def read():
    return codec.decode(Policy, packing.unpack(packing.pack(codec.encode(Policy, POLICY)), "the policy"))


def test_equal_rules_and_texts_of_a_bundle_are_one_object():
    found = read()

    assert found == POLICY
    rules = [offer.when for offer in found.offers]
    assert len({id(rule) for rule in rules}) == len(set(rules)) < len(rules)
    assert len({id(offer.owner) for offer in found.offers}) == 1


def test_two_bundles_share_no_rule():
    one, other = read(), read()

    rules = [{id(offer.when) for offer in found.offers if offer.when is not TRUE} for found in (one, other)]
    assert rules[0].isdisjoint(rules[1])
    assert rules[0]
    assert not sharing._rules


def test_what_python_takes_for_equal_is_told_apart():
    plain = [codec.encode(Expr, Const(*one)) for one in ((ValueType.INT, 1), (ValueType.BOOL, True))]
    with sharing:
        found = [sharing.rule(one, tuple) for one in ([1], [True], [1.0])]

    assert [codec.decode(Expr, one) for one in plain] == [Const(ValueType.INT, 1), Const(ValueType.BOOL, value=True)]
    assert [type(one[0]) for one in found] == [int, bool, float]
