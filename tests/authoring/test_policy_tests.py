"""A policy's own tests: what each expectation holds, and that it fails when it should."""

import pytest

from tactful.clock import DAY_US

SHOP = """\
offers:
  regulars_bread: {intent: sell, topic: food, when: segment.regulars, value: 3, treatments: A loaf on the house}
  rain_soup: {intent: inform, topic: food, when: context.rain, value: 2, treatments: Soup}
  winter: {intent: inform, topic: food, run: 2026-12-01 to 2026-12-08, value: 9, treatments: Snow}
caps: {once: {of: offer, count: 1, within: 7d}}
"""
PEOPLE = """\
eve:
  who: {card: "4711"}
  profile: {first_name: {value: Eve, source: stated, age: 2d, confidence: 90%}, visits: 9}
  age: 60d
  consents: {offers: {state: given, how: double_opt_in, age: 30d}}
sam:
  profile: {visits: {value: 9, age: 200d}}
  consents: {offers: explicit}
tim:
  profile: {visits: 9}
  consents: {offers: explicit}
  contacts: [{event: shown, offer: regulars_bread, topic: food, channel: web, ago: 1d}]
una:
  profile: {visits: 9}
  consents: {offers: {state: given, how: explicit, channel: email}}
"""


@pytest.fixture
def outcome(good, read):
    """Run one test, and return what failed."""

    def running(test, at="2026-11-02 12:00"):
        files = {**good, "shop.yaml": SHOP.encode(), "personas/more.yaml": PEOPLE.encode()}
        files["tests/all.yaml"] = f"it: {{at: {at}, place: home.hero, {test}}}\n".encode()
        (found,) = read(files).run()
        assert found.passed is not bool(found.failures)
        return found.failures

    return running


# what is right, what is not, and what is said of the latter
EXPECTATIONS = [
    ("offers: [regulars_bread]", "offers: [olives]", "expected olives, decided regulars_bread"),
    ("offers: regulars_bread", "offers: []", "expected nothing, decided regulars_bread"),
    ("includes: [regulars_bread]", "includes: [rain_soup]", "kept away by when:context.rain"),
    ("not: [olives]", "not: [olives, regulars_bread]", "regulars_bread is shown"),
    ("tone: generic", None, ""),
    ("title: A loaf on the house", "title: A loaf", "expected the title 'A loaf', found 'A loaf on the house'"),
    ("fallback: false", "fallback: true", "expected the fallback, decided regulars_bread"),
    (
        "because: {rain_soup: 'when:'}",
        "because: {rain_soup: period}",
        "expected period to keep rain_soup away, found when:",
    ),
    ("because: {winter: period}", "because: {regulars_bread: when}", "to keep regulars_bread away, found nothing"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), EXPECTATIONS, ids=lambda text: text)
def test_an_expectation_holds_or_tells_why_not(outcome, right, wrong, said):
    assert outcome(f"persona: ann, expect: {{{right}}}") == ()
    if wrong is not None:
        (failure,) = outcome(f"persona: ann, expect: {{{wrong}}}")
        assert said in failure


def test_a_tone_is_a_bound(good, read):
    treatments = "[Yours, {title: '{profile.first_name}!', lift: 9}]"
    shop = f"offers: {{yours: {{intent: help, topic: food, value: 9, treatments: {treatments}}}}}"
    files = {**good, "shop.yaml": shop.encode()}
    for tone, failures in (("personal", 0), ("segment", 1)):
        files["tests/all.yaml"] = f"it: {{persona: ann, place: home.hero, expect: {{tone: {tone}}}}}".encode()
        (found,) = read(files).run()
        assert len(found.failures) == failures


def test_nobody_is_a_persona_too(outcome):
    assert outcome("persona: none, expect: {offers: [olives], because: {regulars_bread: 'when:'}}") == ()
    assert outcome("expect: {offers: [olives]}") == ()


def test_the_context_and_the_moment_of_a_test(outcome):
    assert outcome("context: {rain: true}, expect: {offers: [rain_soup]}") == ()
    assert outcome("expect: {offers: [winter]}", at="2026-12-01 00:00") == ()
    assert outcome("expect: {offers: [olives]}", at="2026-11-30 23:59") == ()
    assert outcome("expect: {offers: [winter]}", at="'2026-11-30 19:00 [America/New_York]'") == ()


def test_what_a_persona_knows_ages(outcome):
    assert outcome("persona: eve, expect: {because: {regulars_bread: staleness}}") == ()
    assert outcome("persona: sam, expect: {because: {regulars_bread: 'when:segment.regulars'}}") == ()


def test_what_happened_to_a_persona_counts(outcome):
    assert outcome("persona: tim, expect: {because: {regulars_bread: overcrowding.once}, offers: [olives]}") == ()


def test_a_consent_of_a_persona_is_for_its_channel(outcome):
    assert outcome("persona: una, expect: {because: {regulars_bread: 'when:segment.regulars'}}") == ()


def test_a_persona_is_as_it_is_written(good, read):
    suite = read({**good, "shop.yaml": SHOP.encode(), "personas/more.yaml": PEOPLE.encode()})
    eve, now_us = suite.personas["eve"], 1000 * DAY_US
    assert dict(eve.who) == {"card": "4711"}
    snapshot = eve.snapshot_at(now_us)
    assert snapshot.at_us == now_us - 60 * DAY_US
    name = snapshot.attributes["first_name"]
    assert (name.value, name.source.value, name.at_us, name.confidence) == ("Eve", "stated", now_us - 2 * DAY_US, 0.9)
    (consent,) = eve.consents_at(now_us)
    assert (consent.purpose, consent.state.name, consent.how.value) == ("offers", "GIVEN", "double_opt_in")
    assert consent.at_us == now_us - 30 * DAY_US
    assert dict(suite.personas["sam"].who) == {"customer": "sam"}


@pytest.mark.parametrize(
    ("said", "state", "how"),
    [("explicit", "GIVEN", "explicit"), ("pre_ticked", "GIVEN", "pre_ticked"), ("withdrawn", "WITHDRAWN", "unknown")],
)
def test_a_consent_in_a_word(good, read, said, state, how):
    files = {**good, "personas/people.yaml": f"ann: {{consents: {{offers: {said}}}}}".encode()}
    (consent,) = read(files).personas["ann"].consents_at(0)
    assert (consent.state.name, consent.how.value) == (state, how)


def test_a_contact_of_a_persona_is_as_it_was_sent(good, read):
    said = "{event: shown, ago: 2d, owner: home, tags: [spring, new], intent: sell, class: transactional, times: 3}"
    files = {**good, "personas/people.yaml": f"ann: {{contacts: {said}}}".encode()}
    contacts = read(files).personas["ann"].contacts_at(5 * DAY_US)
    assert len({one.id for one in contacts}) == 3
    told = {(one.owner, one.tags, one.intent, one.offer_class, one.at_us) for one in contacts}
    assert told == {("home", ("spring", "new"), "sell", "transactional", 3 * DAY_US)}


def test_what_is_not_said_of_a_contact_is_not_known(good, read):
    files = {**good, "personas/people.yaml": b"ann: {contacts: {event: shown, ago: 2d}}"}
    (contact,) = read(files).personas["ann"].contacts_at(0)
    assert (contact.owner, contact.tags, contact.intent, contact.offer_class) == ("", (), "", "")


@pytest.mark.parametrize(("tags", "shown"), [("[spring]", False), ("[autumn]", True), ("[]", True)])
def test_a_cap_of_a_tag_counts_what_had_it_when_it_was_sent(good, read, tags, shown):
    more = """
offers: {eggs: {intent: sell, topic: food, tags: [spring], value: 8, treatments: Eggs}}
caps: {spring: {of: tag, tag: spring, count: 2, within: 7d}}
"""
    seen = f"{{event: shown, offer: olives, topic: food, tags: {tags}, ago: 1d, times: 2}}"
    files = {
        **good,
        "more.yaml": more.encode(),
        "personas/more.yaml": f"lily: {{contacts: {seen}}}".encode(),
        "tests/all.yaml": b"it: {persona: lily, place: home.hero, expect: {offers: [eggs]}}",
    }
    (outcome,) = read(files).run()
    assert outcome.passed is shown
