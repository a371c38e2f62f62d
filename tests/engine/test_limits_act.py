"""Limits act as they say: withholding, softening, hiding, quotas, caps; and a broken guardrail withholds its scope."""

import itertools

import attrs
import pytest

import tactful
from tactful import Always, AtMost, Cap, Counted, Familiarity, Hide, RankBlind, Require, Rolling, Source, UpTo, Withhold

from .conftest import ANN, NOON_US, offer
from .test_decide import shown


def reasons(decision: tactful.Decision, offer_id: str) -> list[str]:
    return [reason.id for loss in decision.explain().of(offer_id) for reason in loss.reasons]


def test_withhold(open_edge):
    edge = open_edge(lambda c: Always(Withhold(c.topic("wine")), "no wine", id="dry"))
    decision = edge.decide("rows", "ann", profile=ANN)

    assert shown(decision) == ["thanks", "olives"]
    assert reasons(decision, "wine") == ["house.dry"]
    assert decision.limits() == {"house.dry": 1}


def test_up_to_softens_a_tone(open_edge):
    edge = open_edge(lambda c: Always(UpTo(c.all, tone=Familiarity.SEGMENT), "soft", id="soft"))

    assert edge.decide("rows", "ann", profile={"first_name": "Ann"}).content == {"title": "Olives"}


def test_up_to_a_basis_also_blinds_the_ranking(open_edge):
    profile = {"scores": {"food": 9.0}}
    free, bound = open_edge(), open_edge(lambda c: Always(UpTo(c.all, basis=Familiarity.SEGMENT), "", id="b"))

    assert free.decide("hero", "ann", {"page": "garden"}, profile=profile).picks[0].offer == "olives"
    assert bound.decide("hero", "ann", {"page": "garden"}, profile=profile).picks[0].offer == "spade"


def test_rank_blind(open_edge):
    edge = open_edge(lambda c: Always(RankBlind(c.topic("food")), "", id="b"))
    decision = edge.decide("hero", "ann", {"page": "garden"}, profile={"scores": {"food": 9.0}})

    assert shown(decision) == ["spade"]


def test_hide_and_require_make_values_not_exist(open_edge, clock):
    hidden = open_edge(Always(Hide(("tier",)), "hidden", id="h"))
    assert "wine" not in shown(hidden.decide("rows", "ann", profile=ANN))

    sure = open_edge(Always(Require(("tier",), confidence=0.8, sources=frozenset({Source.STATED})), "sure", id="r"))
    for source, confidence, expected in [
        (Source.STATED, 0.8, True),
        (Source.STATED, 0.79, False),
        (Source.MODELLED, 1.0, False),
    ]:
        seen = tactful.Observation("gold", source, clock.now_us, confidence)
        assert ("wine" in shown(sure.decide("rows", "ann", profile={"tier": seen}))) is expected


def test_quotas_by_count_and_by_share_of_filled_slots(open_edge, policy):
    more = tuple(offer(f"food{number}", value=7.0) for number in range(2))
    changed = attrs.evolve(policy, offers=policy.offers + more)
    one = open_edge(lambda c: Always(AtMost(c.topic("food"), count=1), "", id="one"), changed=changed)
    decision = one.decide("rows", None, {"page": "garden"})
    assert shown(decision) == ["food0", "spade"]
    assert reasons(decision, "food1") == ["quota:house.one"]

    half = open_edge(lambda c: Always(AtMost(c.topic("food"), share=0.5), "", id="half"), changed=changed)
    assert shown(half.decide("rows", None, {"page": "garden"})) == ["food0", "spade"]
    alone = half.decide("rows", None)
    assert shown(alone) == []
    assert reasons(alone, "food0") == ["quota:house.half"]


def test_a_cap_counts_reservations_and_exposures(open_edge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 2, Rolling(3600)), "often enough", id="cap"))

    first, second = edge.decide("hero", "ann"), edge.decide("hero", "ann")
    assert shown(first) == shown(second) == ["olives"]
    third = edge.decide("hero", "ann")
    assert shown(third) == []
    assert reasons(third, "olives") == ["content:profile.first_name", "core.missing", "house.cap", "house.cap"]

    assert edge.record(first) is True
    clock.pass_s(1801)  # the second reservation lapses, the exposure stays
    assert shown(edge.decide("hero", "ann")) == ["olives"]
    clock.pass_s(100)
    assert shown(edge.decide("hero", "ann")) == []


def test_preview_takes_no_room(open_edge):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600)), "", id="cap"))

    for _ in range(3):
        assert shown(edge.decide("hero", "ann", preview=True)) == ["olives"]
    edge.decide("hero", "ann")
    assert shown(edge.decide("hero", "ann", preview=True)) == []


def test_the_same_page_view_decides_the_same_and_takes_room_once(open_edge):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600)), "", id="cap"))
    first = edge.decide("hero", "ann", view="v1")

    again = edge.decide("hero", "ann", view="v1")
    assert (again.id, shown(again)) == (first.id, shown(first))
    assert shown(first) == ["olives"]
    assert shown(edge.decide("hero", "ann", view="v2")) == []
    assert edge.record(first) is True
    assert edge.record(again) is False


def test_a_purchase_suppresses_its_topic(open_edge, clock):
    edge = open_edge(
        lambda c: Always(Cap(c.all, 1, Rolling(30 * 86_400), Counted("purchase"), of="topic"), "bought", id="bought")
    )
    assert shown(edge.decide("hero", "ann", {"page": "garden"})) == ["spade"]

    edge.observe("ann", "purchase", topic="garden")
    assert shown(edge.decide("hero", "ann", {"page": "garden"})) == ["olives"]
    clock.pass_s(30 * 86_400 - 1)
    assert "spade" not in shown(edge.decide("rows", "ann", {"page": "garden"}))
    clock.pass_s(1)
    assert "spade" in shown(edge.decide("rows", "ann", {"page": "garden"}))


def test_unknown_contacts_are_reached_caps(open_edge):
    edge = open_edge(lambda c: Always(Cap(c.topic("food"), 5, Rolling(3600)), "", id="cap"), profiles=lambda _: None)
    decision = edge.decide("hero", "ann", {"page": "garden"}, profile=ANN)

    assert shown(decision) == ["spade"]
    assert decision.careful == ("contacts not here: warm",)


def test_contacts_that_are_fetched_a_moment_after_the_clock_was_read_are_known(open_edge, clock, monkeypatch):
    moments = itertools.count(NOON_US)
    monkeypatch.setattr(type(clock), "__call__", lambda _: next(moments))
    edge = open_edge(lambda c: Always(Cap(c.all, 5, Rolling(3600)), "", id="cap"))
    assert edge.decide("hero", "ann").careful == ("no profile is on record",)


class Breaks:
    """Ways in which a guardrail's `limits` can break."""

    @staticmethod
    def raises(_):
        raise RuntimeError("boom")

    @staticmethod
    def talks_nonsense(_):
        return "withhold it all"

    @staticmethod
    def asks_what_was_not_compiled(catalog):
        return tactful.When("now > now", Withhold(catalog.all), "never compiled")


@pytest.mark.parametrize("way", ["raises", "talks_nonsense", "asks_what_was_not_compiled"])
def test_a_broken_guardrail_withholds_its_scope(open_edge, way):
    edge = open_edge(getattr(Breaks, way))
    decision = edge.decide("hero")

    assert decision.content == {"title": "Welcome"}
    assert set(reasons(decision, "olives")) == {"content:profile.first_name", "core.broken.house", "core.missing"}
    assert "guardrail house" in decision.careful[0]


def test_an_absent_guardrail_withholds_everything(open_edge, policy):
    changed = attrs.evolve(policy, guardrails=(tactful.policy.PluginUse("not_there"),))
    edge = open_edge(changed=changed)

    assert shown(edge.decide("hero")) == []
    assert "not installed" in edge.decide("hero").careful[0]


@pytest.mark.parametrize(("exact", "withheld"), [(False, {"olives", "wine"}), (True, {"wine"})])
def test_an_exact_cap_leaves_the_wider_topic_alone(open_edge, clock, exact, withheld):
    edge = open_edge(
        lambda c: Always(Cap(c.all, 1, Rolling(3600), Counted("purchase"), "topic", exact=exact), "", id="rest")
    )
    everything = {"olives", "wine", "thanks"}

    def offered(topic):
        contacts = [tactful.Contact("1", "ann", "purchase", clock.now_us, topic)]
        return set(shown(edge.decide("rows", "ann", profile=ANN, contacts=contacts)))

    assert everything - offered("wine") == withheld | ({"thanks"} if not exact else set())
    assert everything - offered("food") == everything
    assert everything - offered("garden") == set()
