"""A plugin that could not do what a policy names it for is a mistake at its line: a false name, or no sentence."""

from types import SimpleNamespace

import attrs
import pytest

import tactful
from tactful import Catalog, Derived, Factor, Hide, PluginError, PolicyError, Registry, Scope, When, Withhold, hookimpl
from tactful.authoring import as_markdown, compile_files, document, lint

SHOP = """\
name: cellar
channels: {web: private}
placements: {home: {channel: web, slots: 2}}
topics: {food: {}, wine: {under: food}, cigars: {}}
purposes: {offers: consent}
context: {weather: text}
profile:
  wishes:
    all: {purpose: offers, owner: crm}
    paused: {type: bool, absent: false, protect: true}
    visits: int
    often: {type: bool, source: derived, derived_from: visits}
offers:
  olives: {intent: sell, topic: food, purpose: offers, treatments: Olives}
  riesling: {intent: sell, topic: wine, purpose: offers, treatments: Riesling}
"""


@attrs.frozen
class Pause:
    name = "pause"
    topic: str = "wine"
    purpose: str = "offers"

    def scope(self, catalog):
        return catalog.topic(self.topic) & catalog.purpose(self.purpose)

    def limits(self, catalog):
        yield When("protective.paused", Withhold(self.scope(catalog)), "a pause")

    def sentence(self):
        return f"About {self.topic} we pause."


@attrs.frozen
class Rainy:
    name = "rainy"

    def factors(self, catalog):
        yield Factor('context.weather == "rain"', 2.0, catalog.topic("food"))

    def sentence(self):
        return "Food first in the rain."


@attrs.frozen
class Habit:
    name = "habit"

    def reads(self):
        return ("visits",)

    def gives(self):
        return ("often",)

    def enrich(self, known):
        return {"often": Derived(known["visits"] > 6)}

    def sentence(self):
        return "Who comes often is told by the visits."


KINDS = {"guardrail": Pause, "ranker": Rainy, "enricher": Habit}


def registry_of(cls, kind="guardrail"):
    return Registry.of(
        SimpleNamespace(__name__="theirs", **{f"tactful_{kind}s": hookimpl(lambda: [cls])}),
        distribution="their-dist",
        version="2.1",
    )


def compiled(cls, settings="{}", kind="guardrail"):
    text = f"{SHOP}{kind}s:\n  {cls.name}: {settings}\n"
    return compile_files({"policy.yaml": text.encode()}, registry=registry_of(cls, kind))


def mistake(cls, settings="{}", kind="guardrail"):
    with pytest.raises(PolicyError) as refused:
        compiled(cls, settings, kind)
    (found,) = refused.value.mistakes
    assert (found.file, found.line, found.column) == ("policy.yaml", SHOP.count("\n") + 2, 3)
    return found


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{topic: whine}", "there is no topic 'whine'; did you mean 'wine'?"),
        ("{topic: toys}", "there is no topic 'toys'; there are: cigars, food, wine"),
        ("{purpose: offer}", "there is no purpose 'offer'; did you mean 'offers'?"),
    ],
)
def test_a_guardrail_about_what_is_not_there_is_a_mistake_at_its_line(settings, told):
    found = mistake(Pause, settings)
    assert found.code == "guardrail"
    assert found.message == f"guardrail 'pause' is broken: {told} (their-dist 2.1, scope())"


def test_where_a_policy_without_its_topic_is_opened_all_that_it_may_limit_is_withheld():
    policy = compiled(Pause)
    gone = attrs.evolve(policy, guardrails=(attrs.evolve(policy.guardrails[0], settings={"topic": "whine"}),))
    for one, shown in ((policy, ["olives", "riesling"]), (gone, [])):
        with tactful.open(one, registry=registry_of(Pause)) as edge:
            found = edge.decide("home", "ann", consents={"offers": "explicit"}, profile={"paused": False})
            assert [pick.offer for pick in found.picks] == shown
            assert bool(edge.status()["careful"]) is (one is gone)


def test_a_topic_without_offers_is_empty_and_no_error():
    catalog = Catalog(compiled(Pause))
    assert catalog.topic("cigars") == Scope()
    with pytest.raises(PluginError, match="there is no topic 'cigar'; did you mean 'cigars'"):
        catalog.topic("cigar")


def test_a_guardrail_that_limits_no_offer_is_a_finding():
    def found(cls, settings):
        codes = [one.code for one in lint(compiled(cls, settings), registry=registry_of(cls))]
        return "guardrail-idle" in codes

    hiding = type("Pause", (Pause,), {"limits": lambda *_: [When("protective.paused", Hide(("visits",)), "hidden")]})
    assert found(Pause, "{topic: cigars}")
    assert not found(Pause, "{topic: wine}")
    assert not found(hiding, "{topic: cigars}")


@pytest.mark.parametrize(
    ("kind", "under"), [("ranker", "guardrail"), ("enricher", "ranker"), ("guardrail", "enricher")]
)
def test_one_that_is_named_under_another_kind_is_told_where_it_belongs(kind, under):
    cls = KINDS[kind]
    with pytest.raises(PolicyError) as refused:
        compile_files(
            {"policy.yaml": f"{SHOP}{under}s:\n  {cls.name}: {{}}\n".encode()}, registry=registry_of(cls, kind)
        )
    (found,) = refused.value.mistakes
    assert found.message == f"there is no {under} {cls.name!r}"
    assert found.hint == f"it is {'an' if kind == 'enricher' else 'a'} {kind}: name it under `{kind}s:`"


SENTENCES = {
    "none": None,
    "raises": lambda _: 1 / 0,
    "no text": lambda _: 7,
    "two lines": lambda _: "One.\nTwo.",
    "blank": lambda _: " ",
    "too long": lambda _: "x" * 2_001,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", SENTENCES)
def test_one_that_does_not_say_what_it_does_is_a_mistake_at_its_line(kind, wrong):
    cls = KINDS[kind]
    assert compiled(cls, kind=kind)
    found = mistake(type(cls.__name__, (cls,), {"sentence": SENTENCES[wrong]}), kind=kind)
    assert found.code == kind
    assert found.message.startswith(f"{kind} {cls.name!r} of their-dist 2.1")
    assert "sentence()" in found.message
    assert found.hint == "let it say in a line of text what it does"


def test_the_document_does_not_call_broken_what_only_has_no_sentence():
    mute = type("Pause", (Pause,), {"sentence": lambda _: 1 / 0})
    text = as_markdown(document(compiled(Pause), registry_of(mute)))
    assert "**pause**: It does not say what it does." in text
    assert "It is broken" not in text
