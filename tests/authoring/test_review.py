"""The review queue: what waits for a reviewer, what waits soon, and nothing else."""

from datetime import UTC, datetime

import attrs
import pytest

from tactful import Registry, hookimpl
from tactful.authoring import compile_files, review
from tactful.authoring.treatments_reader import audience, content_digest
from tactful.clock import DAY_US, to_us
from tactful.policy import PluginUse
from tactful.registry import Brought

NOW_US = to_us(datetime(2026, 6, 1, 12, tzinfo=UTC))
SHOP = """
name: a shop
channels: {web: private, wall: {privacy: public, tone: context}}
placements: {page: {channel: web, slots: 9}, wall: {channel: wall}}
topics: {food: {}, baby: {sensitivity: sensitive}}
purposes: {service: {basis: legitimate-interest}}
profile: {known: {visits: int, test: {type: bool, topic: baby}}}
offers:
  all: {intent: sell, topic: food}
  bread: {treatments: Bread}
"""
SIGNED = "[{tactic: countdown, by: Ada, role: legal, until: %s}]"
UNSIGNED = "nobody signed its tactic as ethics or legal"


def policy(offer, more=""):
    text = f"{SHOP}  new: {{{offer}, treatments: New}}\n{more}"
    return compile_files({"shop.yaml": text.encode()})


def queue(offer, more="", now_us=NOW_US):
    return [(one.code, one.about, one.reason) for one in review(policy(offer, more), now_us)]


def test_where_nothing_presses_nothing_waits():
    assert queue("value: 2") == []


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        ("tactics: [countdown]", UNSIGNED),
        ("tactics: [countdown, gamble], approvals: " + SIGNED % "2027-01-01", UNSIGNED),
        ("tactics: [countdown], approvals: [{tactic: countdown, by: Bo, role: sales, until: 2027-01-01}]", UNSIGNED),
        ("tactics: [guilt]", "its tactic is refused, whoever signs it"),
        (
            "when: profile.test, tactics: [countdown], approvals: " + SIGNED % "2027-01-01",
            "it presses those whom protected knowledge picks",
        ),
        (
            "tactics: [countdown], approvals: " + SIGNED % "2026-05-31",
            "the sign-off of its tactic ended at 2026-06-01T00:00 UTC",
        ),
    ],
)
def test_what_is_withheld_waits(offer, reason):
    (one,) = (found for found in queue(offer) if found[0] == "withheld")
    assert one[1].startswith("offer new (")
    assert one[2] == reason


def test_what_ends_within_thirty_days_is_told():
    def ends(day):
        return queue("tactics: [countdown], approvals: " + SIGNED % day)

    assert ends("2026-06-30") == [("lapses-soon", "offer new (countdown)", "its sign-off ends on 2026-07-01 00:00 UTC")]
    assert ends("2026-07-01") == []
    assert ends("2027-01-01") == []


def test_a_sign_off_that_outlives_its_offer_is_enough():
    run = "run: 2026-01-01 to 2026-06-10, tactics: [countdown], approvals: "
    assert queue(run + SIGNED % "2026-06-10") == []
    assert [code for code, *_ in queue(run + SIGNED % "2026-06-09")] == ["lapses-soon"]
    assert queue(run + SIGNED % "2026-06-09", now_us=NOW_US + 30 * DAY_US) == []  # it runs no more


def test_it_follows_the_settings_of_the_guardrail():
    offer = "tactics: [countdown]"
    assert queue(offer, "guardrails: {moral_hazards: {unsigned: [countdown]}}") == []
    assert queue(offer, "guardrails: {moral_hazards: off}") == []


def test_a_plain_text_that_a_channel_waits_for_is_told_with_its_digest():
    made = policy("when: profile.visits > 5")
    (one,) = review(made, NOW_US)
    new = next(offer for offer in made.offers if offer.id == "new")
    (treatment,) = new.treatments
    digest = content_digest(treatment.content, audience(new.id, new.when, new.unless))
    assert (one.code, one.about, one.way_out) == ("text-unsigned", "treatment new/t1", f"sign digest {digest}")
    assert "so wall cannot carry it" in one.reason

    signed = f"[{{title: New, signed: {{by: Ada, digest: {digest}}}}}]"
    text = f"{SHOP}  new: {{when: profile.visits > 5, treatments: {signed}}}\n"
    assert review(compile_files({"shop.yaml": text.encode()}), NOW_US) == ()
    assert queue("when: profile.visits > 5, channels: [web]") == []


def test_a_guardrail_that_is_broken_is_told():
    class Broken(Registry.installed().guardrails["moral_hazards"].cls):
        def limits(self, catalog):
            raise RuntimeError

    made = policy("tactics: [countdown]")
    known = Registry.installed().guardrails
    registry = Registry({**known, "moral_hazards": Brought(Broken, "tactful", "0")})
    (one,) = review(made, NOW_US, registry=registry)
    assert one.reason.startswith("guardrail moral_hazards is broken: ")


def test_a_house_brings_tactics_of_its_own():
    @attrs.frozen
    class Hypnosis:
        name = "hypnosis"
        tactics = ("hypnosis",)

        def scope(self, catalog):
            return catalog.where(lambda entry: "hypnosis" in entry.offer.tactics)

        def limits(self, catalog):
            return ()

        def sentence(self):
            return "Nobody is put under a spell."

    class Plugin:
        @hookimpl
        def tactful_guardrails(self):
            return [Hypnosis]

    registry = Registry({**Registry.installed().guardrails, **Registry.of(Plugin()).guardrails})
    text = (
        f"{SHOP}  new: {{tactics: [hypnosis], treatments: New}}\nguardrails: {{moral_hazards: off, hypnosis: {{}}}}\n"
    )
    made = compile_files({"shop.yaml": text.encode()}, registry=registry)
    assert PluginUse("hypnosis") in made.guardrails
    assert review(made, NOW_US, registry=registry) == ()
