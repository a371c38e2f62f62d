"""Breaking bonds, the soft opt-in: after a sale, customers are written to about things like it, and nothing else."""

import sys

import attrs
import pytest

from tactful import Consents, Identity, MemoryStore, Observation, PluginError, PolicyError, Snapshot, Source
from tactful.authoring import compile_files
from tactful.clock import DAY_US, SKEW_US
from tactful_plugins import breaking_bonds, similar

from . import mutants
from .houses import NOON_US, SHOP, House, dialled, installed, named, no, reasons, said, shop_with, shown, without, yes

NAME = "breaking_bonds"
SIMILAR = shop_with("similar")
SALE = yes("again", "implied")
LETTER, PAGE = "inbox.letter", "web.page"
ALL = frozenset({"bread", "food", "kitchen", "toasters", "pets", "soap", "wine", "cars"})


def alone(bought="purchases", **settings):
    return named(SIMILAR, NAME, bought=bought, **settings)


ALONE = alone()
UNTOLD = named(SIMILAR, NAME)
SHORT = {name: alone(name, dormant_after_s=90 * 86_400) for name in ("ever", "purchases")}
NARROW, BOLD = alone(similar_within=0), alone(similar_within=2)


def written(decision):
    return {offer.removeprefix("again_") for offer in shown(decision) if offer.startswith("again_")}


def told(house, *topics, policy=ALONE, records=(SALE,), place=LETTER, now_us=NOON_US, **observed):
    """Return the topics of which somebody who bought these is told after the sale."""
    profile = {"purchases": Observation(topics, **{"source": Source.OBSERVED, "at_us": NOON_US, **observed})}
    consents = said(*records, ago_us=NOON_US - now_us)
    snapshot = Snapshot("ann", now_us, profile)
    return written(house.decide(policy, place, profile=snapshot, consents=consents, now_us=now_us))


# The story, and its counter-story.


def test_who_bought_a_loaf_is_written_to_of_food_and_not_of_toasters(house):
    wrong = house.decide(without(ALONE, NAME), LETTER, profile={"purchases": ["bread"]}, consents=said(SALE))
    right = house.decide(ALONE, LETTER, profile={"purchases": ["bread"]}, consents=said(SALE))

    assert written(wrong) == ALL
    assert written(right) == {"bread", "food"}
    assert reasons(right, "again_toasters") == {"breaking_bonds.again.similar.toasters"}
    assert "After a purchase we write to you only about things like it, unless you agree to more." in right.why()


def test_the_reason_tells_an_engineer_how_far_it_reaches(house):
    told_of = house.decide(ALONE, LETTER, profile={"purchases": ["bread"]}, consents=said(SALE))
    narrow = house.decide(NARROW, LETTER, profile={"purchases": ["bread"]}, consents=said(SALE))
    untold = house.decide(UNTOLD, LETTER, profile={"purchases": ["bread"]}, consents=said(SALE))

    def words(decision):
        losses = decision.explain().of("again_soap")
        return [reason.text for loss in losses for reason in loss.reasons]

    assert words(told_of) == ["nothing within 1 link of soap was bought from us"]
    assert words(narrow) == ["nothing of soap was bought from us"]
    assert words(untold) == ["nothing tells what was bought, so nothing is similar to soap"]


def test_the_customer_is_told_that_it_is_for_what_was_bought(house):
    sold = house.decide(ALONE, LETTER, profile={"purchases": ["bread"]}, consents=said(SALE)).why()
    agreed = house.decide(ALONE, LETTER, profile={"purchases": ["bread"]}, consents=said(yes("again"))).why()

    assert "More bread: you see this because of what you bought from us." in sold
    assert "More bread: everyone may see this; nothing about you was used." in agreed
    assert "Open on Sunday: everyone may see this" in sold


def test_who_agreed_is_written_to_of_everything(house):
    for how in ("explicit", "double_opt_in"):
        assert told(house, "bread", records=[yes("again", how)]) == ALL
        assert told(house, records=[yes("again", how)]) == ALL
    assert written(house.decide(UNTOLD, LETTER, profile={}, consents=said(yes("again")))) == ALL


# What is similar.


def test_the_distance_reaches_along_the_links_of_the_topics(house):
    assert told(house, "kitchen") == {"kitchen", "toasters"}
    assert told(house, "pets") == {"pets"}
    assert told(house, "kitchen", policy=NARROW) == {"kitchen"}
    assert told(house, "kitchen", policy=BOLD) == {"kitchen", "toasters", "pets"}


def test_everything_that_was_bought_counts(house):
    assert told(house, "bread", "soap") == {"bread", "food", "soap"}


def test_what_must_never_be_linked_is_not_similar(house):
    assert told(house, "tools", policy=BOLD) == {"cars"}
    assert told(house, "jacks", policy=BOLD) == set()


def test_a_topic_that_nobody_declared_is_like_nothing(house):
    assert told(house, "nowhere", "", "Bread", policy=BOLD) == set()
    assert told(house, "nowhere", "bread") == {"bread", "food"}


def test_what_is_sensitive_is_like_nothing(house):
    for bought in ("wine", "painkillers", "baby"):
        assert told(house, bought, policy=BOLD) == set()
    assert told(house, "food") == {"bread", "food"}  # nor of what is sensitive, however near
    assert told(house, "wine", records=[yes("again")]) == ALL


# What tells of a purchase.


def test_no_known_purchase_restricts(house):
    assert told(house) == set()
    assert written(house.decide(ALONE, LETTER, profile={}, consents=said(SALE))) == set()
    assert written(house.decide(ALONE, LETTER, "ann", consents=said(SALE))) == set()
    assert written(house.decide(UNTOLD, LETTER, profile={"purchases": ["bread"]}, consents=said(SALE))) == set()


def test_a_list_that_cannot_be_read_is_no_purchase(house):
    for value in (7, "bread", {"bread": 1}, [1]):
        assert written(house.decide(ALONE, LETTER, profile={"purchases": value}, consents=said(SALE))) == set()


def test_only_the_customer_s_own_word_and_deed_tell_of_a_purchase(house):
    telling = {source for source in Source if told(house, "bread", source=source)}
    assert telling == {Source.STATED, Source.OBSERVED}
    assert told(house, "bread", first_party=False) == set()
    assert told(house, "bread", confidence=0.999) == set()


def test_a_list_is_no_older_than_its_schema_and_the_setting_say(house):
    assert told(house, "bread", at_us=NOON_US - 300 * DAY_US + 1) == {"bread", "food"}
    assert told(house, "bread", at_us=NOON_US - 300 * DAY_US) == set()
    for name in ("ever", "purchases"):
        policy = SHORT[name]
        for ago_us, found in ((90 * DAY_US - 1, {"bread", "food"}), (90 * DAY_US, set())):
            snapshot = Snapshot("ann", NOON_US, {name: Observation(("bread",), Source.OBSERVED, NOON_US - ago_us)})
            assert written(house.decide(policy, LETTER, profile=snapshot, consents=said(SALE))) == found


def test_a_purchase_from_a_time_to_come_is_none(house):
    assert told(house, "bread", at_us=NOON_US + SKEW_US) == {"bread", "food"}
    assert told(house, "bread", at_us=NOON_US + SKEW_US + 1) == set()


# What the sale alone does not do.


def test_without_the_sale_a_purchase_is_no_ground(house):
    assert told(house, "bread", records=[]) == set()
    assert told(house, "bread", records=[yes("again", "pre_ticked")]) == set()
    assert told(house, "bread", records=[yes("again", "implied", 730 * DAY_US)]) == set()


def test_an_objection_ends_it_even_for_what_is_similar(house):
    assert told(house, "bread", records=[SALE, no("again")]) == set()
    assert told(house, "bread", records=[SALE, no("again", channel="inbox")]) == set()


def test_only_a_yes_to_this_purpose_that_counts_lifts_it(house):
    assert told(house, "bread", records=[SALE, yes("offers")]) == {"bread", "food"}
    double = alone(accept=["double_opt_in"])
    assert told(house, "bread", policy=double, records=[yes("again", "double_opt_in")]) == ALL
    assert told(house, "bread", policy=double, records=[yes("again", "explicit")]) == set()
    assert told(house, "bread", policy=alone(accept=["implied", "explicit"])) == {"bread", "food"}
    old = yes("again", "explicit", 730 * DAY_US)
    assert told(house, "bread", records=[old]) == set()


def test_a_yes_for_one_channel_beside_a_sale_counts_as_the_sale(house):
    assert told(house, "bread", records=[SALE, yes("again", channel="inbox")]) == {"bread", "food"}


def test_who_comes_to_us_is_not_written_to(house):
    assert told(house, place=PAGE) == ALL
    assert written(house.decide(ALONE, PAGE, None)) == ALL


def test_other_grounds_are_left_as_they_are(house):
    for policy in (ALONE, UNTOLD):
        letter = house.decide(policy, LETTER, profile={}, consents=said(yes()))
        assert {"bread", "soap", "toaster", "opening", "parcel"} <= set(shown(letter))


def test_a_partner_is_never_let_in_by_a_sale(house):
    purposes = tuple(attrs.evolve(one, partner="mill") if one.name == "again" else one for one in SIMILAR.purposes)
    partner = named(attrs.evolve(SIMILAR, purposes=purposes), NAME, bought="purchases")

    for place in (LETTER, PAGE):
        assert told(house, "bread", policy=partner, place=place) == set()
        assert told(house, "bread", policy=partner, place=place, records=[yes("again")]) == ALL


# Customers who turn out to be one.


def test_a_purchase_of_the_other_one_is_no_sale_to_the_one(house):
    store = MemoryStore()
    edge = house.edge(ALONE)
    for customer, topics in (("ann", ("bread",)), ("al", ("soap",))):
        store.put_profile(Snapshot(customer, NOON_US, {"purchases": Observation(topics, Source.OBSERVED, NOON_US)}))
        store.put_consents(customer, Consents((SALE,), NOON_US))

    def seen(customer):
        profile, consents = store.profile(customer), store.consents(customer)
        decision = edge.decide(LETTER, Identity(customer).customer, profile=profile, consents=consents, preview=True)
        return written(decision)

    assert seen("ann") == {"bread", "food"}
    assert seen("al") == {"soap"}
    store.merge("ann", "al")
    assert seen("ann") == {"bread", "food"}  # each keeps the list that came for it, until the centre knows better
    store.put_consents("al", Consents((SALE, no("again")), NOON_US))
    assert seen("ann") == set()


# Settings, the dial, and the words.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"similar_within": -1}, "similar_within must be a whole number of 0 or more, not -1"),
        ({"similar_within": 1.5}, "similar_within must be a whole number"),
        ({"bought": "what was bought"}, "bought must be a name of letters, digits and _"),
        ({"bought": ["purchases"]}, "bought must be a name of letters"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=words):
        House().guardrail(NAME, **settings)


@pytest.mark.parametrize(
    ("bought", "words"),
    [
        ("nothing", "there is no attribute 'nothing'"),
        ("count", "must be a list of text, names of topics, and is int"),
        ("plain", "must be marked in the schema: protect: true"),
        ("guessed", "must be observed or stated, by us, and computed from nothing"),
        ("computed", "must be observed or stated, by us, and computed from nothing"),
        ("elsewhere", "must be observed or stated, by us, and computed from nothing"),
        ("secret", "is sensitive, and a message would tell of it"),
        ("served", "'again' may not read 'served'; add it in the schema"),
    ],
)
def test_an_attribute_that_cannot_tell_of_a_purchase_is_refused_in_words(bought, words):
    assert words in str(House().rules(alone(bought), NAME).broken)


def test_it_is_set_in_the_policy_and_a_wrong_one_is_told_there():
    files = {path.name: path.read_bytes() for path in (SHOP, SHOP.with_name("similar.yaml"))}
    right = b"guardrails: {breaking_bonds: {bought: purchases, similar_within: 1}}\n"
    policy = compile_files({**files, "rails.yaml": right}, registry=installed())
    assert House().rules(policy, NAME).broken is None

    with pytest.raises(PolicyError, match="bought: there is no attribute 'purchase'"):
        compile_files({**files, "rails.yaml": right.replace(b"purchases", b"purchase")}, registry=installed())


def test_a_distance_within_which_there_is_too_much_is_refused_in_words():
    rows = "".join(f"  thing_{number}: {{under: home}}\n" for number in range(300))
    files = {path.name: path.read_bytes() for path in (SHOP, SHOP.with_name("similar.yaml"))}
    wide = compile_files({**files, "wide.yaml": f"topics:\n{rows}".encode()}, registry=installed())

    broken = House().rules(named(wide, NAME, bought="purchases"), NAME).broken
    assert "similar_within: too many topics (303) are within 1 link of 'home'" in str(broken)
    assert House().rules(named(wide, NAME, bought="purchases", similar_within=0), NAME).broken is None


def test_the_dial_sets_how_far_similar_reaches(house):
    for position, found in (("conservative", {"bread"}), ("balanced", {"bread", "food"}), ("bold", {"bread", "food"})):
        assert told(house, "bread", policy=dialled(ALONE, position)) == found
    assert told(house, "kitchen", policy=dialled(ALONE, "bold")) == {"kitchen", "toasters", "pets"}
    assert told(house, "kitchen", policy=dialled(ALONE, "balanced")) == {"kitchen", "toasters"}


def test_its_sentence_tells_what_a_sale_lets_us_write(house):
    def sentence(**settings):
        return house.guardrail(NAME, **settings).sentence()

    assert "After a sale alone, nobody is written to, as nothing tells what was bought." in sentence()
    assert "messages are about what was bought, and nothing else." in sentence(bought="sales", similar_within=0)
    assert "messages are about topics within 2 links of what was bought" in sentence(bought="sales", similar_within=2)


# Mutants: each breaks one clause, and a check above notices.

MUTANTS = {
    "anything may be written": ("yield from self._similar(", "0 and self._similar("),
    "every ground is soft": (
        "if purpose.legal_basis is LegalBasis.SOFT_OPT_IN:\n                    yield",
        "if True:\n                    yield",
    ),
    "pages are letters": ("!(channel.name in {_texts(outbound)}) || ({agreed})", "({agreed})"),
    "a yes does not lift it": ("|| ({agreed}) || ({sale})", "|| ({sale})"),
    "a sale lifts it": ('agreed = self._yes(f"consent.{purpose.name}", self._own)', 'agreed = "true"'),
    "what is implied lifts it": (
        'agreed = self._yes(f"consent.{purpose.name}", self._own)',
        'agreed = self._yes(f"consent.{purpose.name}", [*self.accept, How.IMPLIED.value])',
    ),
    "a purchase is a ground": ('asked = f"!(channel.name in', 'asked = f"true || !(channel.name in'),
    "a purchase is no ground": ("({agreed}) || ({sale})", "({agreed})"),
    "nothing told is anything": ('sale, reason = "false",', 'sale, reason = "true",'),
    "it reaches further": ("topic, self.similar_within)", "topic, self.similar_within + 1)"),
    "it reaches less far": ("topic, self.similar_within)", "topic, max(self.similar_within - 1, 0))"),
    "a list never grows old": ("purpose, self.dormant_after_s)", "purpose, 10**8)"),
    "the dial does not move it": ('"similar_within": 2', '"similar_within": 1'),
    "the dial does not hold it": ('"similar_within": 0', '"similar_within": 1'),
    "customers hear nothing of it": ("_SIMILAR)", '"")'),
}
PART_MUTANTS = {
    "what is sensitive lets write": ("if graph.sensitivity(one.name) is Sensitivity.ORDINARY", "if True"),
    "what is sensitive is like the rest": ("if graph.sensitivity(topic) is not Sensitivity.ORDINARY:", "if False:"),
    "what is forbidden is linked": ("and not graph.forbidden(one.name, topic)\n", "\n"),
    "all topics are alike": ("and graph.distance(one.name, topic, within) is not None\n", "\n"),
    "nothing is alike": ("within) is not None", "within) is None"),
    "the schema's age is ignored": ("if self.max_age_s is None else min(lasts_s, self.max_age_s)", "or 0"),
    "the setting's age is ignored": ("min(lasts_s, self.max_age_s)", "self.max_age_s"),
    "a list lasts a moment longer": ("{age} < duration", "{age} <= duration"),
    "the clock is believed": (' && {age} >= duration("-{_SKEW_S}s")', ""),
    "the clock is not believed at all": ('>= duration("-{_SKEW_S}s")', '>= duration("0s")'),
    "one topic is every topic": ("yield topic, Scope(bits)", "yield topic, catalog.purpose(purpose.name)"),
    "no purchase is any purchase": (".exists(topic, topic in", ".all(topic, topic in"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], breaking_bonds, *MUTANTS[mutant])


@pytest.mark.parametrize("mutant", PART_MUTANTS)
def test_a_mutant_of_what_is_similar_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], breaking_bonds, *PART_MUTANTS[mutant], part=similar)
