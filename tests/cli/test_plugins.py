"""`tactful plugins` and `explain --plugins`: who brings what, what it says and costs, and what it kept away."""

import shutil
from types import SimpleNamespace

import attrs
import pytest

import tactful
from tactful import When, Withhold
from tactful.authoring import compile_folder
from tactful.bench import plugin_cost
from tactful.bench.timing import Timed
from tactful.plugin_trace import acted

from ..plugins.test_enricher_kit import Town
from ..plugins.test_ranker_kit import Rainy


@attrs.frozen
class Pause:
    name = "pause"
    topic: str = "food"

    def scope(self, catalog):
        return catalog.topic(self.topic)

    def limits(self, catalog):
        yield When("protective.paused", Withhold(self.scope(catalog)), "a pause", "rest")

    def sentence(self):
        return f"About {self.topic} we are silent to those who asked for a pause."


@attrs.frozen
class Nights(Pause):
    name = "pause.at_night"

    def limits(self, catalog):
        yield When('context.page != "x"', Withhold(self.scope(catalog)), "night")


@pytest.fixture
def others(monkeypatch):
    """Plugins of somebody else, as if they were installed."""
    ours = tactful.Registry.installed()
    plugin = SimpleNamespace(
        __name__="theirs",
        tactful_guardrails=tactful.hookimpl(lambda: [Pause, Nights]),
        tactful_rankers=tactful.hookimpl(lambda: [Rainy]),
        tactful_enrichers=tactful.hookimpl(lambda: [Town]),
    )
    theirs = tactful.Registry.of(plugin, distribution="their-dist", version="2.1")
    both = tactful.Registry({**ours.guardrails, **theirs.guardrails}, 60, theirs.rankers, theirs.enrichers)
    monkeypatch.setattr(tactful.Registry, "installed", lambda: both)
    return both


MORE = """
context: {weather: text}
profile:
  theirs:
    all: {owner: crm, purpose: offers}
    postcode: text
    town: {type: text, source: derived, derived_from: postcode}
    paused: {type: bool, protect: true}
guardrails: {pause: {topic: food}}
rankers: {rainy: {topic: food}}
enrichers: {town: {}}
"""


@pytest.fixture
def named(shop, others):
    (shop / "theirs.yaml").write_text(MORE, encoding="utf-8")
    return shop


@pytest.mark.usefixtures("others")
def test_each_kind_is_listed_with_distribution_version_and_settings(run):
    told = {(one["kind"], one["name"]): one for one in run("plugins", "--json").json}
    assert told["guardrail", "pause"]["settings"] == ["topic"]
    assert told["ranker", "rainy"]["settings"] == ["topic", "times"]
    assert (told["enricher", "town"]["distribution"], told["enricher", "town"]["version"]) == ("their-dist", "2.1")
    assert told["guardrail", "boudoir"]["distribution"] == "tactful"
    assert "countdown" in told["guardrail", "moral_hazards"]["tactics"]
    assert "rainy" in run("plugins").out


def test_with_a_policy_those_that_it_names_are_listed_and_what_they_say(run, named):
    told = {(one["kind"], one["name"]): one for one in run("plugins", named, "--json").json}
    assert told["guardrail", "pause"]["says"] == "About food we are silent to those who asked for a pause."
    assert told["enricher", "town"]["says"] == "The town Berlin is told by the postcode."
    ranker = told["ranker", "rainy"]
    assert (ranker["distribution"], ranker["version"]) == ("their-dist", "2.1")
    assert ranker["says"] == "When it rains, food counts 3 times."
    assert ("guardrail", "pause.at_night") not in told
    assert "When it rains, food counts 3 times." in run("plugins", named).out


@pytest.mark.usefixtures("others")
def test_of_a_bundle_what_is_not_installed_is_told_as_such(run, named, monkeypatch):
    shutil.rmtree(named / "tests")  # those of the starter, in which nobody asks for a pause
    assert run("build", named, "--out", "shop.bundle").code == 0
    monkeypatch.setattr(tactful.Registry, "installed", lambda: tactful.Registry({}))
    told = {one["name"]: one for one in run("plugins", "shop.bundle", "--json").json}
    assert (told["pause"]["distribution"], told["town"]["distribution"]) == (None, None)
    assert "not installed" in run("plugins", "shop.bundle").out


def test_a_policy_that_is_none_is_a_mistake(run, shop):
    (shop / "theirs.yaml").write_text("rankers: {nobody: {}}\n", encoding="utf-8")
    ended = run("plugins", shop)
    assert ended.code == 2
    assert "theirs.yaml:1:11: there is no ranker 'nobody'" in ended.err


# What each kept away


def test_explain_tells_what_each_kept_away_by_distribution(run, named):
    told = {one["guardrail"]: one for one in run("explain", named, "home.hero", "--plugins", "--json").json["plugins"]}
    pause = told["pause"]
    assert (pause["distribution"], pause["version"]) == ("their-dist", "2.1")
    assert set(pause["kept_away"]) == {"pause.rest"}
    out = run("explain", named, "home.hero", "--plugins").out
    assert "pause (their-dist 2.1)" in out
    assert f"pause.rest kept away {pause['kept_away']['pause.rest']} treatment" in out


def test_without_the_option_nothing_of_it_is_told(run, named):
    assert "plugins" not in run("explain", named, "home.hero", "--json").json
    assert "their-dist" not in run("explain", named, "home.hero").out


def test_the_trace_tells_the_same_as_the_decision(others, named):
    with tactful.open(named, registry=others) as edge:
        decision = edge.decide("home.hero", "ann")
        traced = acted(decision, others)
    kept = {id_: count for one in traced for id_, count in one.kept_away.items() if not id_.startswith("quota:")}
    assert decision.limits().items() <= kept.items()
    assert all(id_.startswith(f"{one.guardrail}.") for one in traced for id_ in one.kept_away)


def test_a_limit_belongs_to_the_longest_name_that_fits(others):
    from tactful.plugin_trace import _owner  # noqa: PLC0415 - the one thing that could be told wrongly

    names = tuple(others.guardrails)
    assert _owner("pause.rest", names) == "pause"
    assert _owner("pause.at_night.1", names) == "pause.at_night"
    assert _owner("core.broken.gone", names) == "gone"
    assert _owner("core.opted_out", names) == "core"


# What each costs


def test_what_it_costs_is_told_for_each_guardrail_beside_the_noise(run, monkeypatch, others):
    cost = plugin_cost.Cost("pause", 1.5, 1.04)
    monkeypatch.setattr(plugin_cost, "costs", lambda *_, **__: ((cost,), 1.01))
    told = {one["name"]: one for one in run("plugins", "--cost", "--json").json}
    assert (told["pause"]["ratio"], told["pause"]["extra_us"], told["pause"]["noise"]) == (1.04, 1.5, 1.01)
    out = run("plugins", "--cost").out
    assert "x 1.04, +1.5 us" in out
    assert "x 1.01: what is no further from 1 is noise" in out
    assert "not asked" in out


def test_all_are_timed_beside_all_but_one_and_beside_all_again(monkeypatch, others):
    asked = {}

    def told(works, rounds, progress):
        del rounds, progress
        for name, work in works.items():
            edge = work.args[0]
            asked[name] = set(edge.status()["guardrails"])
            assert edge.status()["careful"] == []
            next(iter(work()))()
        times = dict.fromkeys(works, Timed(1, 10.0, 10.0))
        return times | {"": Timed(1, 12.0, 12.0), "again!": Timed(1, 12.5, 12.5)}

    monkeypatch.setattr(plugin_cost, "on_processor", told)
    costs, noise = plugin_cost.costs(others, offers=30, rounds=1)

    every = asked.pop("")
    assert asked.pop("again!") == every
    assert all(asked[name] == every - {name} for name in asked)
    assert {one.guardrail for one in costs} == set(others.guardrails)
    found = {one.guardrail: one for one in costs}
    assert (found["boudoir"].extra_us, found["boudoir"].ratio) == (2.0, 1.2)
    assert found["pause.at_night"].ratio == 1.2
    assert found["pause"].ratio is None
    assert "protective.paused" in found["pause"].why_not
    assert noise == 0.96


def test_with_a_policy_it_is_measured_by_that(monkeypatch, others, named):
    policy = compile_folder(named, registry=others)
    asked = []

    def told(works, rounds, progress):
        del rounds, progress
        asked.extend(call() for call in works["pause"]())
        return dict.fromkeys(works, Timed(1, 10.0, 10.0))

    monkeypatch.setattr(plugin_cost, "on_processor", told)
    costs, _ = plugin_cost.costs(others, policy=policy)

    assert len(asked) == plugin_cost.CUSTOMERS * len(policy.placements)
    assert any(decision.picks for decision in asked)
    found = {one.guardrail: one for one in costs}
    assert found["pause"].ratio == 1.0
    assert found["pause.at_night"].why_not == "the policy does not name it"


def test_it_is_measured_indeed(others):
    costs, noise = plugin_cost.costs(others, offers=30, rounds=2)
    assert noise > 0
    assert all(one.ratio is None or one.ratio > 0 for one in costs)
