"""A rule that looks for a sensitive topic by its name reads evidence of it, however ordinary the attribute is."""

import attrs
import pytest

from tactful import Catalog, Sensitivity
from tactful.expr import FALSE, Call, Const, Local, Quantifier, Var
from tactful.policy import Segment
from tactful.schema import Attribute, ValueType
from tactful.topics import Topic

from .conftest import is_, offer, treatment

TEXT, TEXTS, BOOL = ValueType.TEXT, ValueType.TEXTS, ValueType.BOOL
BOUGHT = Var("profile.bought", TEXTS)


def in_bought(topic):
    return Call("in", (Const(TEXT, topic), BOUGHT), BOOL)


def call(fn, *args):
    return Call(fn, args, BOOL)


@pytest.fixture
def catalog(policy):
    def of(*offers, segments=()):
        return Catalog(
            attrs.evolve(
                policy,
                topics=(*policy.topics, Topic("baby", sensitivity=Sensitivity.INTIMATE), Topic("teat", under="baby")),
                attributes=(*policy.attributes, Attribute("bought", TEXTS), Attribute("favourite", TEXT)),
                segments=(*policy.segments, *segments),
                offers=offers,
            )
        )

    return of


LOOKS = {
    "in a list": in_bought("baby"),
    "for a narrower topic": in_bought("teat"),
    "by equality": is_("profile.favourite", "baby"),
    "in a list of literals": call("in", Var("profile.favourite", TEXT), Const(TEXTS, ("food", "baby"))),
    "by negation": call("!", in_bought("baby")),
    "among others": call("||", call("&&", is_("context.page", "home"), in_bought("baby")), is_("profile.tier", "gold")),
    "one by one": Quantifier("exists", "b", BOUGHT, call("==", Local("b", TEXT), Const(TEXT, "baby"))),
    "in the protective view": is_("protective.favourite", "baby"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_seen_in_what_selects(catalog, look):
    for changed in (offer("one", when=LOOKS[look]), offer("one", unless=(LOOKS[look],))):
        labels = catalog(changed).entries[0].labels
        assert labels.sensitivity is Sensitivity.INTIMATE
        assert labels.topics & {"baby", "teat"}
        assert labels.shows_sensitivity is Sensitivity.ORDINARY


def test_it_is_seen_through_segments_and_in_texts(catalog):
    segment = Segment("parents", in_bought("baby"), "you are a parent", 500)
    through = catalog(offer("one", when=Var("segment.parents", BOOL)), segments=[segment]).entries[0].labels
    assert through.sensitivity is Sensitivity.INTIMATE

    words = Call("?:", (in_bought("baby"), Const(TEXT, "Hello, you two"), Const(TEXT, "Hello")), TEXT)
    told = catalog(offer("one", treatment("plain", words))).entries[0].labels
    assert told.shows_sensitivity is Sensitivity.INTIMATE


@pytest.mark.parametrize(
    "rule",
    [
        is_("context.page", "baby"),  # a page is no evidence of a customer
        in_bought("food"),
        call("&&", is_("context.page", "baby"), is_("profile.tier", "gold")),
        FALSE,
    ],
)
def test_what_looks_for_nothing_sensitive_in_the_profile_stays_ordinary(catalog, rule):
    assert catalog(offer("one", when=rule)).entries[0].labels.sensitivity is Sensitivity.ORDINARY
