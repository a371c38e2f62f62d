"""Whatever stands in a policy's files, reading them gives a policy or a PolicyError, and never anything else."""

import random
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tactful import Policy, PolicyError, Registry
from tactful.authoring import read_suite
from tactful.authoring.positions import place_in
from tactful.authoring.source import Keys, Log, Scalar
from tactful.authoring.yaml_reader import parse

REGISTRY = Registry.installed()
COUPONS = b"id,title,topic,price,starts\na,Apples,food,1.5,2026-12-01\nb,Bread,food,2,2026-12-02\n"
SHOP = """\
name: shop
values: {dial: bold, languages: [en, de], zone: Europe/Berlin, exposure_margin: 5%}
channels: {web: semi-private, email: {privacy: private, outbound: true, escape: none}}
placements:
  home.hero: {channel: web, topics: [food], fallback: {title: Welcome}}
  letter: email
topics: {food: {related: wine}, wine: {under: food, sensitivity: sensitive, blend: 20%}}
purposes: {offers: {basis: consent, markets: {us: opt-out}}, service: contract}
context: {page: text, rain: {type: bool, absent: false}}
profile:
  loyalty:
    all: {owner: crm, purpose: [offers], max_age: 90d}
    first_name: {type: text, absent: ""}
    visits: int
    tags: list of text
    scores: scores
    vegan: {type: bool, protect: true, topic: food}
    likes_wine: {type: bool, derived_from: [tags], topic: wine}
segments:
  regulars: {when: profile.visits >= 6 && now > timestamp("2026-01-01T00:00:00Z"), say: you shop here often}
  wine: {when: 'segment.regulars || "wine" in profile.tags', size: 80}
counts: {regulars: 640}
ranking: {affinity: scores, boosts: [{when: context.rain, times: 2, topics: food}]}
guardrails: {boudoir: {blend: 10%}, staleness: {max_age: 30d}}
caps: {weekly: {of: topic, count: 2, within: 7d, then: defer}}
offers:
  all: {purpose: offers, owner: marketing}
  olives:
    intent: sell
    topic: food
    run: 2026-12-01 to 2026-12-08
    when: segment.regulars
    unless: [profile.vegan]
    treatments:
      - {title: {en: Olives, de: Oliven}, go: {link: "/olives?at={context.page}"}, price: {number: 1.5}}
      - {id: named, title: "{profile.first_name}, your olives", lift: 1.2, channels: [web]}
  coupons:
    each: coupons.csv
    columns: {price: number}
    intent: sell
    topic: "{row.topic}"
    run: {from: "{row.starts}", to: 2026-12-31}
    value: "{row.price}"
    treatments: "{row.title} for {row.price}"
"""


PEOPLE = """\
ann:
  say: a regular
  who: {card: "4711"}
  age: 2d
  profile: {first_name: Ann, visits: {value: 9, source: stated, age: 3d, confidence: 90%}, scores: {food: 1.5}}
  consents: {offers: explicit, service: {state: given, how: implied, channel: email}}
  contacts: [{event: shown, ago: 1d, offer: olives, topic: food, channel: web}]
"""
TESTS = """\
a regular is welcome:
  persona: ann
  at: 2026-12-02 10:00 [Europe/Berlin]
  place: [home.hero]
  context: {page: home, rain: true}
  expect: {includes: olives, not: [coupons.a], tone: personal, because: {coupons.b: period}}
"""


def outcome(files: dict[str, bytes]) -> Policy | PolicyError:
    """The policy, or its refusal, in which every mistake has a place and words that can be printed."""
    try:
        return read_suite(files, registry=REGISTRY).policy
    except PolicyError as error:
        refused = error
    assert refused.mistakes
    for mistake in refused.mistakes:
        assert mistake.line >= 1
        assert mistake.column >= 1
        assert mistake.message
        assert str(mistake).isprintable()
    return refused


def shop(text: str | bytes, coupons: bytes = COUPONS) -> dict[str, bytes]:
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    beside = {"personas/people.yaml": PEOPLE.encode(), "tests/all.yaml": TESTS.encode()}
    return {"policy.yaml": raw, "coupons.csv": coupons, **beside}


def test_the_policy_to_be_damaged_is_right():
    policy = outcome(shop(SHOP))
    assert isinstance(policy, Policy), policy
    assert [offer.id for offer in policy.offers] == ["olives", "coupons.a", "coupons.b"]


WORDS = [
    "",
    "null",
    "~",
    "[]",
    "{}",
    "- x",
    "NO",
    "21:30",
    "1e3",
    "0x10",
    "yes",
    "2026-12-01",
    "'",
    '"',
    "{",
    "}",
    "|",
    ">",
]
WORDS += [
    "*a",
    "&a b",
    "!!int 3",
    "!x",
    "\t",
    "\x00",
    "\u2028",
    "\ud800",
    "\U0001d518",
    "é" * 300,
    "9" * 400,
    "-1",
    ".5",
    "a b",
    "all",
]
WORDS += [
    "profile.visits",
    "row.x",
    "{row.x}",
    "{{",
    "a: b: c",
    "? x",
    "<<: x",
    "%YAML 9",
    "---",
    "...",
    "#",
    ": ",
    ",",
    "[[[[",
]


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """A file with some lines gone, doubled, moved, cut or rewritten."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["delete", "double", "move", "cut", "word", "value", "indent"]))
        line = lines[at]
        if how == "delete" and len(lines) > 1:
            del lines[at]
        elif how == "double":
            lines.insert(at, line)
        elif how == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        elif how == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        elif how == "word":
            words = line.split(" ")
            words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
            lines[at] = " ".join(words)
        elif how == "value":
            lines[at] = line.partition(":")[0] + ": " + draw(st.sampled_from(WORDS))
        else:
            lines[at] = " " * draw(st.integers(0, 6)) + line.lstrip()
    return "\n".join(lines)


@given(damaged(SHOP))
def test_a_damaged_policy_is_refused_in_words_or_still_a_policy(text):
    outcome(shop(text))


@given(damaged(PEOPLE), damaged(TESTS))
def test_damaged_personas_and_tests_are_refused_in_words_or_still_some(people, tests):
    outcome({**shop(SHOP), "personas/people.yaml": people.encode("utf-8", "surrogatepass")})
    outcome({**shop(SHOP), "tests/all.yaml": tests.encode("utf-8", "surrogatepass")})


@given(st.binary(max_size=300), st.integers(0, len(SHOP)))
def test_bytes_in_the_middle_of_a_policy(raw, at):
    whole = SHOP.encode()
    outcome(shop(whole[:at] + raw + whole[at:]))


@given(st.text(st.sampled_from("ab:{}[]-,'\"|>&*!%#@`?~ \n\t\r\x85\u2028é.x1"), max_size=60))
def test_any_text_as_a_file(text):
    outcome({"policy.yaml": text.encode()})


CELLS = st.text(st.sampled_from("ab1,\"'\n\r\t{}=-é\x00\ud800 .;"), max_size=8)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=6).map(lambda rows: "\n".join(map(",".join, rows))))
@example("id,title,topic,price,starts\n" + "a" * 200_000 + ",A,food,1,2026-12-01\n")
@example("id,title,topic,price,starts\na,=cmd()|x,food,inf,2026-12-01\n")
@example("\ufeffid,title,topic,price,starts\r\na,A,food,1,2026-12-01\r\n")
@example("id,title,topic,price,starts\na,{profile.first_name},food,1,2026-12-01\n")
def test_any_text_as_a_table(text):
    outcome(shop(SHOP, text.encode("utf-8", "surrogatepass")))


def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing():
    plain = outcome(shop(SHOP))
    windows = b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode()
    assert outcome(shop(windows, b"\xef\xbb\xbf" + COUPONS.replace(b"\n", b"\r\n"))) == plain


def test_no_alias_multiplies_anything():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(
        f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    refused = outcome({"policy.yaml": bomb.encode()})
    assert isinstance(refused, PolicyError)
    assert {m.code for m in refused.mistakes} == {"yaml-feature", "unknown-key", "missing-section"}


def test_an_alias_to_what_it_stands_in_ends():
    refused = outcome({"policy.yaml": b"topics: &a {x: *a, y: [*a]}\n"})
    assert isinstance(refused, PolicyError)
    assert [m.code for m in refused.mistakes].count("yaml-feature") == 3


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "&a ", "!!x ", "'", '"'])
def test_deep_nesting_ends(opening):
    assert isinstance(outcome({"policy.yaml": (opening * 20_000).encode()}), PolicyError)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [ls]", "!!binary aGk=", "!!set {a}", "!local x"])
def test_no_tag_makes_anything(tag):
    refused = outcome({"policy.yaml": f"name: {tag}\n".encode()})
    assert isinstance(refused, PolicyError)
    assert "yaml-feature" in {m.code for m in refused.mistakes}


@pytest.mark.parametrize("word", ["NO", "21:30", "1e3", "0x1F", "2026-12-01", "null", "~", "yes", "1_000", "=", "<<"])
def test_a_text_stays_as_it_is_written(word):
    policy = outcome(shop(SHOP.replace("title: {en: Olives", f"title: {{en: {word}")))
    assert isinstance(policy, Policy), policy
    assert policy.offers[0].treatments[0].content[0][1][0].parts == (word,)


def test_a_long_table_is_read_row_by_row():
    rows = "".join(f"c{number},Coupon {number},food,1,2026-12-01\n" for number in range(10_000))
    policy = outcome(shop(SHOP, COUPONS + rows.encode()))
    assert isinstance(policy, Policy), policy
    assert len(policy.offers) == 10_003
    assert len({offer.when for offer in policy.offers}) == 2


PRINTABLE = st.text(st.sampled_from(string.ascii_letters + string.digits + " '\"\\éß{}"), min_size=1, max_size=40)


@given(PRINTABLE, st.sampled_from(["'", '"', "|", ">", ""]), st.randoms())
def test_each_character_of_a_text_is_found_where_it_is_written(text, style, chance):
    words = text.split() or ["x"]
    if style == "'":
        written = "'" + _folded(words, chance).replace("'", "''") + "'"
    elif style == '"':
        written = '"' + _folded([_escaped(word, chance) for word in words], chance) + '"'
    elif style:
        written = f"{style}\n    " + _folded(words, chance)
    else:
        written = _folded(["".join(filter(str.isalnum, word)) or "x" for word in words], chance)
    raw = f"a:\n  b: {written}\n"
    keys = parse("a.yaml", raw.encode(), Log())
    assert keys is not None
    inner = keys.get("a")
    assert isinstance(inner, Keys)
    scalar = inner.get("b")
    assert isinstance(scalar, Scalar)
    lines = raw.split("\n")
    for offset, character in enumerate(scalar.text):
        if character.isspace():
            continue
        place = place_in(scalar, offset)
        there = lines[place.line - 1][place.column - 1 :]
        assert there.startswith((character, "\\")), (scalar, offset, place)


def _folded(words: list[str], chance: random.Random) -> str:
    return "".join(word + chance.choice([" ", "  ", "\n    ", "\n\n    "]) for word in words[:-1]) + words[-1]


def _escaped(word: str, chance: random.Random) -> str:
    def escape(character: str) -> str:
        if character in '"\\':
            return "\\" + character
        return chance.choice([character, f"\\u{ord(character):04x}", f"\\x{ord(character):02x}"])

    return "".join(map(escape, word))
