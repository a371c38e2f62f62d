"""Enrichers: what they give is used, with an origin that they cannot choose; what fails restricts and hurts nobody."""

import os
import threading
from types import SimpleNamespace

import attrs
import pytest

import tactful
from tactful import Consent, ConsentState, Derived, How, MemoryStore, Observation, PolicyError, Snapshot, Source
from tactful import enriching as stage
from tactful.authoring import as_markdown, compile_files, diff, document, read_suite

from .test_enricher_kit import SHOP, Town

NOW_US = 1_728_000_000_000_000
NAMED = SHOP + "enrichers: {town: {}}\n"


def registry(*enrichers, version="1.0"):
    plugin = SimpleNamespace(__name__="towns", tactful_enrichers=tactful.hookimpl(lambda: list(enrichers)))
    return tactful.Registry.of(plugin, distribution="shop-towns", version=version)


def policy(text=NAMED, enricher=Town):
    return compile_files({"policy.yaml": text.encode()}, registry=registry(enricher))


def edge_of(enricher=Town, postcode="10115", more=None, compiled=None, **options):
    store = MemoryStore(clock=lambda: NOW_US)
    seen = {"postcode": Observation(postcode, Source.OBSERVED, NOW_US - 1_000_000), **(more or {})}
    store.put_profile(Snapshot("ann", NOW_US, {name: one for name, one in seen.items() if one is not None}))
    store.add_consent("ann", Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US))
    made = options.pop("registry", registry(enricher))
    return tactful.open(compiled or policy(), registry=made, store=store, clock=lambda: NOW_US, **options)


def shown(edge):
    edge.warm("ann")
    return sorted(pick.offer for pick in edge.decide("home", "ann").picks)


def broken(enrich):
    return type("Town", (Town,), {"enrich": enrich})


def test_a_rule_reads_what_was_worked_out():
    assert shown(edge_of()) == ["fair", "olives"]
    assert shown(edge_of(postcode="20095")) == ["olives"]


def test_of_a_persona_too_it_is_worked_out():
    folder = {
        "policy.yaml": NAMED.encode(),
        "personas/people.yaml": b"ann: {profile: {postcode: '10115'}, consents: {offers: explicit}}\n"
        b"bea: {profile: {postcode: '20095'}, consents: {offers: explicit}}\n"
        b"cem: {profile: {postcode: '10115', town: Bonn}, consents: {offers: explicit}}\n",
        "tests/all.yaml": b"near: {persona: ann, place: home, expect: {offers: [fair, olives]}}\n"
        b"far: {persona: bea, place: home, expect: {offers: [olives]}}\n"
        b"on record: {persona: cem, place: home, expect: {offers: [olives]}}\n",
    }
    suite = read_suite(folder, registry=registry(Town))
    assert [outcome.failures for outcome in suite.run()] == [(), (), ()]
    failing = read_suite(folder, registry=registry(broken(lambda *_: 1 / 0)))
    assert [outcome.passed for outcome in failing.run()] == [False, True, True]


def test_without_consent_it_is_no_more_visible_than_what_it_was_worked_out_of():
    edge = edge_of()
    edge.warm("ann")
    assert edge.decide("home", "ann").content["title"] == "The fair"
    edge.opt_out("ann")
    assert "fair" not in shown(edge)


def test_what_the_customer_said_is_never_replaced():
    edge = edge_of(more={"town": Observation("Bonn", Source.STATED, NOW_US)})
    assert shown(edge) == ["olives"]


def test_what_has_grown_old_is_not_shown_to_it():
    old = {"postcode": Observation("10115", Source.OBSERVED, NOW_US - 91 * 86_400_000_000)}
    asked = []
    edge = edge_of(broken(lambda _, known: asked.append(known) or {}), more=old)
    assert shown(edge) == ["olives"]
    assert asked == []


FAILURES = {
    "raises": lambda _, _known: 1 / 0,
    "exits": lambda _, _known: exit(1),  # noqa: PLR1722 - what a careless one does
    "answers nothing": lambda _, _known: None,
    "gives more": lambda _, _known: {"town": "Berlin", "postcode": "1"},
    "gives another type": lambda _, _known: {"town": 7},
    "is too sure": lambda _, _known: {"town": Derived("Berlin", 1.5)},
    "is surely not": lambda _, _known: {"town": Derived("Berlin", float("nan"))},
    "brings an observation": lambda _, _known: {"town": Observation("Berlin", Source.STATED, NOW_US)},
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_one_that_fails_leaves_it_unknown_and_the_decision_as_it_is(failure):
    edge = edge_of(broken(failure))
    assert shown(edge) == ["olives"]
    assert edge.status()["enrichers"] == {"town": 1}
    assert edge.decide("home", "ann").careful == ()


def test_what_is_unknown_is_not_taken_for_absent():
    absent = policy(NAMED.replace("town: {type: text,", "town: {type: text, absent: Berlin,"))
    assert shown(edge_of(Town, postcode="2", compiled=absent)) == ["fair", "olives"]
    assert shown(edge_of(broken(FAILURES["raises"]), postcode="2", compiled=absent)) == ["olives"]


def test_after_another_policy_has_come_what_was_not_asked_for_is_unknown_until_the_next_fetch():
    absent = policy(NAMED.replace("town: {type: text,", "town: {type: text, absent: Berlin,"))
    edge = edge_of(postcode="2", compiled=attrs.evolve(absent, enrichers=()))
    assert shown(edge) == ["fair", "olives"]
    edge.update(absent)
    assert sorted(pick.offer for pick in edge.decide("home", "ann").picks) == ["olives"]
    edge.forget("ann")
    assert shown(edge) == ["fair", "olives"]


def test_one_that_hangs_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(stage, "PATIENCE_S", 0.05)
    let_go, asked = threading.Event(), []
    edge = edge_of(broken(lambda _, _known: asked.append(1) or let_go.wait(30) or {}))
    try:
        for _ in range(3):
            edge.forget("ann")
            assert shown(edge) == ["olives"]
        assert len(asked) == 1
        assert edge.status()["enrichers"] == {"town": 3}
    finally:
        let_go.set()


def test_one_that_runs_while_the_process_is_forked_is_asked_in_the_child(monkeypatch):
    monkeypatch.setattr(stage, "PATIENCE_S", 5)
    begun, go_on, asked = threading.Event(), threading.Event(), []

    def enrich(_, _known):
        asked.append(1)
        if len(asked) == 1:
            begun.set()
            go_on.wait(30)
        return {"town": "Berlin"}

    edge = edge_of(broken(enrich), postcode="2")
    fetching = threading.Thread(target=edge.warm, args=("ann",))
    fetching.start()
    assert begun.wait(30)
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        code = 2
        try:
            code = int(shown(edge) != ["fair", "olives"])
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    go_on.set()
    fetching.join(30)
    assert os.waitstatus_to_exitcode(status) == 0


def test_where_it_is_not_installed_what_it_gives_is_unknown_and_that_is_said():
    edge = edge_of(registry=tactful.Registry({}))
    assert shown(edge) == ["olives"]
    assert edge.status()["careful"] == ["enricher town: enricher 'town' is not installed"]


def test_one_that_reads_more_than_when_the_policy_was_compiled_is_broken():
    curious = type("Town", (Town,), {"reads": lambda _: ("postcode", "tags")})
    edge = edge_of(registry=registry(curious))
    assert shown(edge) == ["olives"]
    (careful,) = edge.status()["careful"]
    assert "shop-towns 1.0" in careful


def test_two_that_give_the_same_or_build_on_one_another_are_refused():
    other = type("Other", (Town,), {"name": "other"})
    both = NAMED.replace("{town: {}}", "{other: {}, town: {}}")
    with pytest.raises(PolicyError, match="another enricher gives what it reads or gives"):
        compile_files({"policy.yaml": both.encode()}, registry=registry(Town, other))


def test_a_mistake_is_told_at_its_place_with_plugin_distribution_and_method():
    with pytest.raises(PolicyError) as refused:
        policy(enricher=type("Town", (Town,), {"reads": lambda _: 1 / 0}))
    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.column) == (NAMED.count("\n"), 13)
    assert mistake.message == "enricher 'town' of shop-towns 1.0, reads() and gives(): it raised ZeroDivisionError"


def test_a_setting_is_checked_at_its_place():
    with pytest.raises(PolicyError) as refused:
        policy(NAMED.replace("{town: {}}", "{town: {twon: Bonn}}"))
    (mistake,) = refused.value.mistakes
    assert (mistake.column, mistake.code, mistake.hint) == (20, "setting", "did you mean 'town'?")


def test_it_is_no_cost_where_none_is_named():
    plain = policy(SHOP)
    assert plain.enrichers == ()
    edge = edge_of(compiled=plain)
    assert edge.plan.enrichers is stage.NO_ENRICHERS
    assert shown(edge) == ["olives"]


def test_the_document_and_the_difference_tell_of_it():
    assert "The town Berlin is told by the postcode." in as_markdown(document(policy(), registry(Town)))
    changes = diff(policy(SHOP), policy(), registry=registry(Town)).changes
    assert any("enricher town" in str(change) for change in changes)


def test_nothing_tells_a_value():
    assert "Berlin" not in repr(Derived("Berlin", 0.9))
    assert "10115" not in repr(attrs.evolve(policy()).enrichers)
