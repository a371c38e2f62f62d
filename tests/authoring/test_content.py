"""Treatments as structured content: by language, with rules in braces, written as the channel needs them."""

import pytest

import tactful
from tactful import Familiarity
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.labels import all_labels

NOW_US = 20_000 * DAY_US
BASE = """\
values: {languages: [en, de, de-CH]}
channels: {web: semi-private, text: {privacy: private, escape: none}}
placements: {page: web, message: {channel: text, fallback: {title: "<Welcome>"}}, corner: {channel: web, topics: none}}
topics: {food: {}, none: {}}
purposes: {service: contract}
context: {page: text}
profile:
  shop:
    first_name: text
    points: int
    spend: number
    since: {type: time}
"""


@pytest.fixture(scope="module")
def decide():
    """Decide for someone with a profile, by a policy with one offer of these treatments."""

    def deciding(treatments, place="page", context=None, **profile):
        offer = f"offers: {{o: {{intent: help, topic: food, treatments: {treatments}}}}}"
        policy = compile_files({"base.yaml": BASE.encode(), "offer.yaml": offer.encode()})
        with tactful.open(policy, clock=lambda: NOW_US) as edge:
            consents = {"service": "explicit"}
            return edge.decide(place, {"card": "1"}, context, profile=profile, consents=consents)

    return deciding


def test_a_text_alone_is_a_title(decide):
    assert decide("Hello").content == {"title": "Hello"}


def test_fields_have_names_kinds_and_rules(decide):
    treatment = '{title: "{profile.points + 1} points", price: {number: 1.5}, go: {link: "/a?x={context.page}&y=1"}}'
    shown = decide(f"[Plain, {treatment[:-1]}, lift: 2}}]", "message", {"page": "a b&c"}, points=3)
    assert shown.content == {"title": "4 points", "price": "1.5", "go": "/a?x=a%20b%26c&y=1"}


def test_braces_in_a_text_are_written_twice(decide):
    assert decide('"{{hi}} {context.page}"', context={"page": "}{"}).content == {"title": "{hi} }{"}


def test_a_quoted_brace_in_a_rule_is_no_end(decide):
    assert decide("""'{context.page == "}" ? "a" : "\\\\"}'""", context={"page": "}"}).content == {"title": "a"}


LANGUAGES = "{title: {en: Hello, de: Hallo, de-CH: Grüezi}, more: {en: More, de: Mehr}, brand: Acme}"


@pytest.mark.parametrize(
    ("asked", "title", "more"),
    [
        ("en", "Hello", "More"),
        ("de", "Hallo", "Mehr"),
        ("de-CH", "Grüezi", "More"),
        ("de-AT", "Hallo", "Mehr"),
        ("de_AT", "Hallo", "Mehr"),
        ("fr", "Hello", "More"),
        (None, "Hello", "More"),
    ],
)
def test_the_language_that_is_asked_for_or_the_nearest(decide, asked, title, more):
    context = None if asked is None else {"language": asked}
    assert decide(LANGUAGES, context=context).content == {"title": title, "more": more, "brand": "Acme"}


def test_what_a_treatment_reads_in_any_language_counts(decide):
    decision = decide('[Hi, {title: {en: Hello, de: "Hallo {profile.first_name}"}, lift: 2}]')
    assert decision.content == {"title": "Hi"}
    offer = (
        'offers: {o: {intent: help, topic: food, treatments: [Hi, {title: {en: Hello, de: "{profile.first_name}"}}]}}'
    )
    labels = all_labels(compile_files({"base.yaml": BASE.encode(), "offer.yaml": offer.encode()}))
    assert labels["o", "t2"].tone is Familiarity.PERSONAL


def test_an_unknown_value_yields_to_a_less_familiar_treatment(decide):
    treatments = '["Hello", {title: "Hello {profile.first_name}", lift: 1.5}, {title: "{profile.points}!", lift: 2}]'
    assert decide(treatments, first_name="Ann", points=3).content == {"title": "3!"}
    assert decide(treatments, first_name="Ann").content == {"title": "Hello Ann"}
    assert decide(treatments).content == {"title": "Hello"}


def test_html_is_escaped_where_the_channel_is_html_and_nowhere_else(decide):
    treatments = (
        '["Hi", {title: "<b>{profile.first_name}</b> & \'you\'", go: {link: "/?a=1&b={profile.first_name}"}, lift: 2}]'
    )
    web = decide(treatments, first_name='<i>"Ann"&')
    assert web.content == {
        "title": "&lt;b&gt;&lt;i&gt;&quot;Ann&quot;&amp;&lt;/b&gt; &amp; &#x27;you&#x27;",
        "go": "/?a=1&amp;b=%3Ci%3E%22Ann%22%26",
    }
    text = decide(treatments, "message", first_name='<i>"Ann"&')
    assert text.content == {"title": "<b><i>\"Ann\"&</b> & 'you'", "go": "/?a=1&b=%3Ci%3E%22Ann%22%26"}


def test_a_fallback_is_escaped_as_its_channel_asks():
    place = "placements: {other: {channel: web, topics: none, fallback: {title: <Welcome>}}}"
    offer = "offers: {o: {intent: help, topic: food, channels: web, treatments: Hi}}"
    policy = compile_files({"base.yaml": BASE.encode(), "place.yaml": place.encode(), "offer.yaml": offer.encode()})
    with tactful.open(policy) as edge:
        assert edge.decide("other").content == {"title": "&lt;Welcome&gt;"}
        assert edge.decide("message").content == {"title": "<Welcome>"}


@pytest.mark.parametrize(
    "link", ["https://a.example/{context.page}", "http://a.example", "mailto:a@b", "/x", "#top", "?q=1"]
)
def test_links_that_are_safe_whatever_their_values(decide, link):
    decision = decide(f"{{title: Hi, go: {{link: '{link}'}}}}", "message", {"page": "javascript:alert(1)"})
    assert decision.content["go"] == link.replace("{context.page}", "javascript%3Aalert%281%29")


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        " javascript:x",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "//evil.example",
        "/\\\\evil.example",
        "www.a.b",
        "https:///x",
        "",
        "https://{context.page}",
    ],
)
def test_links_that_could_lead_anywhere_are_refused(decide, link):
    with pytest.raises(tactful.PolicyError, match=r"\[link\]"):
        decide(f'{{title: Hi, go: {{link: "{link}"}}}}')


def test_a_rule_of_the_wrong_kind_is_no_number(decide):
    with pytest.raises(tactful.PolicyError, match=r"\[number\]"):
        decide("{title: Hi, price: {number: '{context.page}'}}")
    assert decide("[Hi, {title: Hi, price: {number: '{profile.spend}'}, lift: 2}]", spend=2.5).content["price"] == "2.5"


SIGNED = """\
offers:
  o: {intent: sell, topic: food, when: %s, treatments: {title: %s, signed: {by: Ada, digest: %s}}}
  %s: {intent: sell, topic: food, when: profile.points > 1, treatments: {title: Congratulations}}
"""


def test_a_signature_is_for_a_text_and_an_audience():
    def labels(*parts):
        policy = compile_files({"base.yaml": BASE.encode(), "offer.yaml": (SIGNED % parts).encode()})
        return {id_: found.tone for (id_, _), found in all_labels(policy).items()}

    with pytest.raises(tactful.PolicyError) as raised:
        labels("profile.points > 1", "Congratulations", "0", "other")
    digest = raised.value.mistakes[0].hint.rpartition(" ")[2]

    signed = labels("profile.points > 1", "Congratulations", digest, "other")
    assert signed == {"o": Familiarity.GENERIC, "other": Familiarity.SEGMENT}
    for when, title in (("profile.points > 1", "Congratulation"), ("profile.points > 2", "Congratulations")):
        with pytest.raises(tactful.PolicyError, match=r"\[signed\]"):
            labels(when, title, digest, "other")


def test_a_signature_is_not_for_another_offer_with_the_same_text(registry):
    text = "offers: {%s: {intent: sell, topic: food, treatments: {title: Hi, signed: {by: Ada, digest: %s}}}}"
    digests = set()
    for id_ in ("a", "b"):
        with pytest.raises(tactful.PolicyError) as raised:
            compile_files({"base.yaml": BASE.encode(), "o.yaml": (text % (id_, "0")).encode()}, registry=registry)
        digests.add(raised.value.mistakes[0].hint)
    assert len(digests) == 2
