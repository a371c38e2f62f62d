"""A small policy without mistakes, and ways to read one with mistakes."""

import functools
from collections.abc import Callable, Mapping

import pytest

from tactful import Mistake, PolicyError, Registry
from tactful.authoring import Suite, compile_files, read_suite

GOOD = """\
name: corner shop
channels: {web: semi-private, email: {privacy: private, outbound: true}}
placements: {home.hero: {channel: web, fallback: {title: Welcome}}, letter: {channel: email, slots: 3}}
topics: {food: {}, wine: {under: food, sensitivity: sensitive}, garden: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
context: {page: text, rain: {type: bool, absent: false}}
profile:
  loyalty:
    all: {owner: crm, max_age: 90d}
    first_name: text
    visits: {type: int, say: how often you visit}
    spend: number
    tags: list of text
    scores: scores
    vegan: {type: bool, protect: true}
segments:
  regulars: {when: profile.visits >= 6, say: you shop here often, size: 640}
offers:
  olives:
    intent: sell
    topic: food
    purpose: offers
    treatments:
      - Olives, half price
      - {title: "{profile.first_name}, your olives", lift: 1.2}
"""
PEOPLE = """\
ann:
  profile: {first_name: Ann, visits: 9}
  consents: {offers: explicit}
"""
TESTS = """\
a regular is welcome: {persona: ann, place: home.hero, expect: {offers: [olives]}}
"""
Files = Mapping[str, bytes]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.installed()


@pytest.fixture(scope="session")
def good() -> dict[str, bytes]:
    """The files of the policy without mistakes."""
    return {"policy.yaml": GOOD.encode(), "personas/people.yaml": PEOPLE.encode(), "tests/all.yaml": TESTS.encode()}


@pytest.fixture(scope="session")
def read(registry) -> Callable[[Files], Suite]:
    """Read files as `load_suite` reads a folder."""
    return functools.partial(read_suite, registry=registry)


@pytest.fixture(scope="session")
def mistakes(read) -> Callable[[Files], tuple[Mistake, ...]]:
    """Return the mistakes in files; none if they are a policy."""

    def finding(files: Files) -> tuple[Mistake, ...]:
        try:
            read(files)
        except PolicyError as error:
            return error.mistakes
        return ()

    return finding


@pytest.fixture(scope="session")
def compiled(good, registry) -> Callable[..., object]:
    """Compile the good policy with more YAML beside it."""

    def compiling(*more: str, **files: str) -> object:
        added = {f"more{number}.yaml": text.encode() for number, text in enumerate(more)}
        added |= {name.replace("__", "."): text.encode() for name, text in files.items()}
        return compile_files({**good, **added}, registry=registry)

    return compiling
