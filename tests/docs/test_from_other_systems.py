"""docs/from-other-systems.md answers each feature of others: with an example that ran, or a sentence on why not."""

import doctest
import re

import attrs
import pytest

import tactful.authoring
from tactful import Policy
from tactful.authoring import compile_files

from .conftest import PAGES
from .test_pages import anchors

PAGE = "docs/from-other-systems.md"
TEXT = PAGES[PAGE].read_text(encoding="utf-8")
OFFERS = {"pan", "pot", "spade", "recall", "lamp", "order", "news", "lamp100", "A lamp", "A lamp for Ann", "Welcome"}
ROW = re.compile(r"^\| (?P<there>.+?) \| (?P<here>.+?) \| (?:\[(?:how|otherwise)\]\(#(?P<anchor>[\w-]+)\)|no) \|$")
#: What each product is known to have, in words of the page's first column.
FEATURES = {
    "Pega": """
        issue, group, action, treatment; eligibility, applicability, suitability; inherited; priority =;
        propensity of; starting propensity; starting evidence; toggled; context weight; extension computes; 55
        gives 1.55; journeys lift; outcome influencers; threshold of propensity; threshold of priority; action
        limits; rejects, views; whole group; 7 or 30 days; suppress for D days; several such conditions; each
        channel; over all channels; yield to the primary; a start and an end; first n; outbound alone; class
        default; class mandatory; class transactional; prerequisite is missing; test mode
    """,
    "Adobe Journey Optimizer": """
        ten rules for an item; a decision; an impression; a click; a purchase; the offer; each placement; for
        each profile; a whole number; an expression; up to two years; weeks from Sunday; counters lag; hourly,
        daily; calendar in UTC; as a sum; lowest cap; on delivery; active after; reset by hand; global rule set;
        entry cap; concurrency; 0 to 100; look-ahead; hours, weekly; hours on dates; fixed time zone; not
        enforced; discard; PQL; ordered criteria; AI score; 8 KB; look back; thirty items; fallback; `dryRun`;
        5,000 requests; empty consent
    """,
    "Braze": """
        ten rules; a count; on a channel, or any; with a tag; nested tags; minutes, days or weeks; user's time
        zone; calendar days; most restrictive; no arbitration; multichannel; read at send time; override; do not
        obey; content cards; more than 100; webhook; offline
    """,
    "Salesforce": "expected value; bandit; 50 promotions; eligibility; contact policy",
}


@attrs.frozen
class Ran:
    """What the examples of a section are, what they print, and how many failed."""

    code: str
    prints: str
    failed: int


def sections(text: str) -> dict[str, str]:
    """The text of each section, by its title."""
    titles = list(re.finditer(r"^## (.+)$", text, re.MULTILINE))
    ends = [title.start() for title in titles[1:]] + [len(text)]
    return {title[1]: text[title.end() : end] for title, end in zip(titles, ends, strict=True)}


def anchor_of(title: str) -> str:
    """The anchor of a title."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def run(text: str) -> dict[str, Ran]:
    """Run all examples of a page, in order and with the same names; by the anchor of their section."""
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False)
    ran = {}
    for title, part in sections(text).items():
        test = doctest.DocTestParser().get_doctest(part, names, title, PAGE, 0)
        if test.examples:
            failed = runner.run(test, out=lambda _: None, clear_globs=False).failed
            names = test.globs
            code = "".join(example.source for example in test.examples)
            prints = "".join(example.want for example in test.examples)
            ran[anchor_of(title)] = Ran(code, prints, failed)
    return ran


def unanswered(text: str, ran: dict[str, Ran]) -> list[str]:
    """The features whose answer is neither a reason nor an example that ran, says it so, and shows two pages."""
    rows = [line for line in text.splitlines() if line.startswith("| ") and line != "| there | here | see |"]
    return [row for row in rows if not answered(row, ran)]


def answered(row: str, ran: dict[str, Ran]) -> bool:
    """Whether a row gives a reason, or leads to a true example, with its words there or in the shop, and two pages."""
    found = ROW.match(row)
    if found is None:
        return False
    if found["anchor"] is None:
        return found["here"].endswith(".") and found["here"].count(" ") > 6
    example = ran.get(found["anchor"])
    if example is None or example.failed:
        return False
    words, code = re.findall(r"`([^`]+)`", found["here"]), ran["the-shop-of-the-examples"].code + example.code
    pages = OFFERS & set(re.findall(r"'([^']*)'", example.prints))
    return all(word.removesuffix("()") in code for word in words) and len(pages) > 1


@pytest.fixture(scope="module")
def ran():
    return run(TEXT)


def test_every_example_is_true(ran):
    assert len(ran) > 20
    assert {anchor: it.failed for anchor, it in ran.items() if it.failed} == {}


def test_every_feature_has_its_example_or_a_reason(ran):
    assert unanswered(TEXT, ran) == []


def test_no_feature_is_left_out():
    for product, features in FEATURES.items():
        rows = [found for line in sections(TEXT)[product].splitlines() if (found := ROW.match(line))]
        named = [" ".join(feature.split()) for feature in features.split(";")]
        missing = [name for name in named if not any(name in row["there"] for row in rows)]
        assert (missing, len(rows)) == ([], len(named)), product


def test_no_example_is_one_that_nobody_finds(ran):
    linked = set(re.findall(r"\]\(#([\w-]+)\)", TEXT))
    assert linked <= anchors(PAGE)
    assert ran.keys() - linked == {"the-shop-of-the-examples"}


def test_an_answer_that_is_none_would_be_noticed(ran):
    good = "| a cap | `count` | [how](#for-each-offer-topic-tag-or-all) |"
    assert unanswered(good, ran) == []
    bad = [
        good.replace("#for-each", "#for-no"),
        good.replace("`count`", "`amount`"),
        good.replace("[how](#for-each-offer-topic-tag-or-all)", "no"),
        good.replace("[how](#for-each-offer-topic-tag-or-all)", ""),
        good.replace("for-each-offer-topic-tag-or-all", "the-shop-of-the-examples"),
    ]
    assert unanswered("\n".join(bad), ran) == bad
    anchor = "for-each-offer-topic-tag-or-all"
    assert unanswered(good, {**ran, anchor: attrs.evolve(ran[anchor], failed=1)}) == [good]
    assert unanswered(good, {**ran, anchor: attrs.evolve(ran[anchor], prints="['pan']\n['pan']\n")}) == [good]


def test_without_caps_and_quiet_hours_the_examples_would_not_be_true(monkeypatch):
    def unbounded(files: dict[str, bytes]) -> Policy:
        policy = compile_files(files)
        return attrs.evolve(policy, guardrails=tuple(one for one in policy.guardrails if one.name != "overcrowding"))

    monkeypatch.setattr(tactful.authoring, "compile_files", unbounded)
    for anchor, it in run(TEXT).items():
        bounded = re.search(r"caps: \{\w|quiet_hours: \{", it.code) is not None
        assert (it.failed > 0) == bounded, anchor
