"""The policy as a document: every part of it is told, in the tier of governance to which it belongs."""

import html
import re
import sys
from pathlib import Path

import attrs
import pytest

from tactful.authoring import as_markdown, compile_folder, document
from tactful.authoring.as_markdown import ATTENTION, plain
from tactful.authoring.document import TIERS
from tactful.cli.page import as_html
from tactful.policy import PluginUse

GROCERY = Path(__file__).parents[2] / "examples" / "grocery" / "policy"
NOTHING = {"satisfaction": 0.0, "retention": 0.0}
HOSTILE = "<script>alert(1)</script> | *a* [b](https://example.com) `c` &lt; <https://example.com> $title"


@pytest.fixture(scope="module")
def shop():
    return compile_folder(GROCERY)


@pytest.fixture(scope="module")
def told(shop, registry):
    return document(shop, registry)


@pytest.fixture(scope="module")
def hostile(shop):
    """The shop with an attack wherever a policy holds free text."""
    return attrs.evolve(
        shop,
        name=HOSTILE,
        placements=tuple(attrs.evolve(p, fallback=(("title", HOSTILE),)) for p in shop.placements),
        purposes=tuple(attrs.evolve(p, say=HOSTILE) for p in shop.purposes),
        attributes=tuple(attrs.evolve(a, say=HOSTILE, owner=HOSTILE) for a in shop.attributes),
        segments=tuple(attrs.evolve(s, say=HOSTILE) for s in shop.segments),
    )


def rows(told, title):
    """The rows of a section, wherever it is."""
    return [row for tier in told.tiers for section in tier.sections if section.title == title for row in section.rows]


def text_of(page):
    """What a page shows, in one line; what is not shown is left out."""
    shown = re.sub(r"<(style|title|nav)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", shown)).split())


def cells(told):
    yield from (told.title, *told.about, *told.attention)
    for tier in told.tiers:
        yield tier.title
        for section in tier.sections:
            yield from (section.title, section.about, *(cell for row in section.rows for cell in row))


def test_it_has_the_four_tiers_in_order(told):
    assert [tier.name for tier in told.tiers] == list(TIERS) == ["values", "strategy", "execution", "infrastructure"]


def test_every_guardrail_is_named_in_each_tier_that_it_belongs_to(told, shop, registry):
    lines = {tier.name: [row for section in tier.sections if section.title == "Guardrails" for row in section.rows]
             for tier in told.tiers}  # fmt: skip
    for use in shop.guardrails:
        line = (use.name.replace("_", " "), registry.sentence(use, shop.values.dial))
        declared = registry.guardrails[use.name].cls.tiers
        assert declared
        assert {tier for tier, mine in lines.items() if line in mine} == set(declared)


def test_every_name_in_the_policy_is_told(told, shop):
    assert {row[0] for row in rows(told, "Channels")} == {channel.name for channel in shop.channels}
    assert {row[0] for row in rows(told, "Places")} == {placement.name for placement in shop.placements}
    assert {row[0] for row in rows(told, "Purposes of data")} == {purpose.name for purpose in shop.purposes}
    assert {row[1] for row in rows(told, "Attributes")} == {attribute.name for attribute in shop.attributes}
    assert {row[0] for row in rows(told, "Groups")} == {segment.name for segment in shop.segments}
    assert set(rows(told, "Recognizing a customer")) == set(shop.identifiers)
    assert {row[0] for row in rows(told, "The moment")} == {context.name for context in shop.context}
    (topics,) = [s for tier in told.tiers for s in tier.sections if s.title == "Sensitive topics"]
    ordinary = topics.about.removeprefix("Ordinary topics: ").removesuffix(".").split(", ")
    assert {*ordinary, *(row[0] for row in topics.rows)} == {topic.name for topic in shop.topics}
    (use,) = [use for use in shop.guardrails if use.name == "overcrowding"]
    assert {row[0].replace(" ", "_") for row in rows(told, "Caps and quiet hours")} >= set(use.settings["caps"])


def test_what_checks_a_guess_is_told(shop):
    checked = attrs.evolve(
        shop,
        attributes=tuple(
            attrs.evolve(one, checked_by="kids") if one.name == "expecting" else one for one in shop.attributes
        ),
    )
    (row,) = [row for row in rows(document(checked), "Attributes") if row[1] == "expecting"]
    assert row[3].endswith("buys_baby, checked by kids")


def test_what_is_told_of_each_is_what_is_set(told, shop):
    channels = {row[0]: row for row in rows(told, "Channels")}
    assert channels["kiosk"][1:4] == ("whoever stands near", "the customer", "large groups")
    assert channels["email"][1:4] == ("the customer alone", "we do", "the person")
    purposes = {row[0]: row for row in rows(told, "Purposes of data")}
    assert purposes["partners"][4] == "citybank"
    assert purposes["service"][2] == "a contract (nothing is sold)"
    attributes = {row[1]: row for row in rows(told, "Attributes")}
    assert attributes["buys_quit_smoking"][6] == "loyalty, pharmacy, spirits"
    assert rows(told, "Holdouts") == [("tastings", "5%", "tasting")]
    assert ("signatures", "The policy comes into force once signed by 2 keys.") in rows(told, "Principles")
    assert attributes["expecting"][3:] == (
        "a model's guess, computed from bought_pregnancy_test, buys_baby", "90 days", "offers", "all", "intimate"
    )  # fmt: skip
    assert [row[0] for row in rows(told, "Attributes")] == sorted(row[0] for row in rows(told, "Attributes"))
    groups = {row[0]: row for row in rows(told, "Groups")}
    assert groups["gold"] == ("gold", "you are a gold member", "367", "a group", 'profile.tier == "gold"')
    assert ("family_planning", "intimate", "20%") in rows(told, "Sensitive topics")
    assert ("money", "medication, family_planning, baby") in rows(told, "Never linked")
    signed = {(o.id, t.id, t.signed_by) for o in shop.offers for t in o.treatments if t.signed_by}
    assert signed
    assert set(rows(told, "Approvals")) == {(f"{offer}/{treatment}", by) for offer, treatment, by in signed}


def test_every_offer_is_counted_once_under_its_owner(told, shop):
    counted = rows(told, "Offers")
    assert sum(int(row[3].split()[0].replace(",", "")) for row in counted) == len(shop.offers)
    assert {row[:3] for row in counted} == {(o.owner or "nobody", o.intent.value, o.topic) for o in shop.offers}


def test_the_days_of_an_offer_are_the_first_and_the_last_in_the_policy_s_time_zone(shop, registry):
    (first, *_) = shop.offers
    days = {
        (0, 2**63 - 1): "always",
        (1_509_336_000_000_000, 1_514_178_000_000_000): "from 2017-10-30 to 2017-12-24",  # midnights of New York
        (0, 1_514_178_000_000_000): "to 2017-12-24",
    }
    for (start, end), words in days.items():
        policy = attrs.evolve(shop, offers=(attrs.evolve(first, from_us=start, until_us=end),))
        assert [row[4] for row in rows(document(policy, registry), "Offers")] == [words]
    both = tuple(attrs.evolve(first, from_us=start, until_us=end) for start, end in days)
    told = rows(document(attrs.evolve(shop, offers=both), registry), "Offers")
    assert [row[4] for row in told] == ["always; some shorter"]


def test_a_guardrail_that_is_off_comes_first(shop, registry):
    without = attrs.evolve(shop, guardrails=tuple(use for use in shop.guardrails if use.name != "boudoir"))
    line = "The guardrail boudoir is off: nothing keeps its boundary."
    assert line in document(without, registry).attention
    assert line not in document(shop, registry).attention
    text = as_markdown(document(without, registry))
    assert text.index(ATTENTION) < text.index(line) < text.index("## Values")


def test_a_setting_that_is_looser_than_usual_comes_first_and_one_that_is_tighter_does_not(shop, registry):
    for confidence, told in ((0.5, True), (0.7, False)):
        weaker = attrs.evolve(shop, guardrails=(PluginUse("accuracy", "", {"confidence": confidence}),))
        line = "The guardrail accuracy is looser than is usual for balanced: confidence is 0.5, rather than 0.6."
        assert (line in document(weaker, registry).attention) is told


def test_where_nothing_is_to_be_noticed_nothing_is_said(shop, registry):
    usual = attrs.evolve(shop, guardrails=tuple(PluginUse(use.name) for use in shop.guardrails))
    assert document(usual, registry).attention == ()
    assert ATTENTION not in as_markdown(document(usual, registry))


def test_markets_and_partners_are_told(compiled, registry):
    more = "purposes: {ours: {markets: {us: opt-out, de: opt-in}}, theirs: {partner: citybank}}\n"
    text = as_markdown(document(compiled(more), registry))
    assert "| **ours** | ours | consent | in us | nobody else |" in text
    assert "| **theirs** | theirs | consent | nowhere | citybank |" in text


def test_a_setting_changes_its_sentence(shop, registry):
    weaker = attrs.evolve(shop, guardrails=(PluginUse("accuracy", "", {"confidence": 0.1}),))
    assert "less than 10% sure" in as_markdown(document(weaker, registry))
    assert "less than 10% sure" not in as_markdown(document(shop, registry))


def test_what_the_long_term_is_worth_is_told(shop, registry):
    def order(**weights):
        changed = attrs.evolve(shop, ranking=attrs.evolve(shop.ranking, **{**NOTHING, **weights}))
        return dict(rows(document(changed, registry), "Order"))["base worth"]

    assert order() == "The value of an offer x the chance that it is taken; the long term does not count."
    assert order(satisfaction=0.3, retention=2.0).endswith(
        "is taken, and besides, as is expected of it, 0.3 for each customer who is glad of it, 2 for each customer who"
        " stays because of it."
    )


def test_a_guardrail_that_is_not_there_is_told_as_broken(shop, registry):
    text = as_markdown(document(attrs.evolve(shop, guardrails=(PluginUse("gone"),)), registry))
    assert "**gone**: It is broken" in text


def test_it_is_the_same_each_time(told, shop, registry):
    again = document(shop, registry)
    assert again == told
    assert as_html(as_markdown(again)) == as_html(as_markdown(told))


def test_the_page_says_what_the_markdown_says(told):
    page = text_of(as_html(as_markdown(told)))
    for cell in filter(None, cells(told)):
        assert plain(cell) in as_markdown(told)
        assert " ".join(cell.split()) in page


def test_the_page_needs_nothing_from_outside_and_its_contents_lead_to_its_parts(told):
    page = as_html(as_markdown(told))
    assert re.findall(r"https?:|//|@import|url\(|<script|<link|<img|<iframe|src=", page) == []
    targets = re.findall(r'href="#([^"]+)"', page)
    assert set(targets) == set(re.findall(r'<h[23] id="([^"]+)"', page))
    assert len(targets) == len(set(targets))
    assert set(re.findall(r'data-column="([^"]+)"', page)) <= set(re.findall(r"<th>(.+?)</th>", page))


def test_free_text_is_shown_and_never_becomes_a_part_of_the_page(hostile, shop, registry):
    page, honest = (as_html(as_markdown(document(policy, registry))) for policy in (hostile, shop))
    shape = [re.findall(r"</?(\w+)", it) for it in (page, honest)]
    assert set(shape[0]) == set(shape[1])
    for tag in ("script", "a", "em", "code", "td", "li"):  # no free text brings a tag, a link, a cell or a line
        assert shape[0].count(tag) == shape[1].count(tag), tag
    assert re.findall(r'(?:href|src)="(?!#)', page) == []
    assert text_of(page).count(HOSTILE) >= 2 * len(shop.attributes)


def test_without_the_escapes_free_text_would_be_a_part_of_it(hostile, registry, monkeypatch):
    monkeypatch.setattr(sys.modules["tactful.authoring.as_markdown"], "plain", lambda text: text)
    assert text_of(as_html(as_markdown(document(hostile, registry)))).count(HOSTILE) == 0


def test_an_excerpt(told):
    assert GOLDEN in as_markdown(told)


GOLDEN = """\
### Purposes of data

| purpose | data is used to | on the ground of | silence means yes | data goes to |
| --- | --- | --- | --- | --- |
| **offers** | choose offers for you | consent | nowhere | nobody else |
| **similar** | write to you about things like those that you ordered | \
an earlier sale, until the customer objects; a refusal of offers refuses it too | nowhere | nobody else |
| **stores** | tell you what goes on in your store | \
a legitimate interest, until the customer objects | nowhere | nobody else |
| **service** | look after what you asked us | a contract (nothing is sold) | nowhere | nobody else |
| **location** | see where you are | consent | nowhere | nobody else |
| **partners** | show offers of our bank partner | consent; a refusal of offers refuses it too | nowhere | citybank |
"""
