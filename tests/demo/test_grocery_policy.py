"""The grocer's policy: complete, in step with the data, and its own tests tell when a boundary is gone."""

import attrs
import pytest

import tactful
from grocery import counts, coupons, leases, sources
from grocery.affinity import ABSENT
from grocery.households import KNOWN, SENSITIVE
from grocery.journey import moment_of
from grocery.settings import effects
from grocery.signing import Signers, refused_with_one
from grocery.variants import FOLDER, coupons_alone, grocer, without
from tactful import (
    BundleError,
    Calendar,
    LegalBasis,
    MemoryStore,
    Privacy,
    Rolling,
    Sensitivity,
    TopicGraph,
    check_value,
)
from tactful.authoring import lint, load_suite
from tactful.catalog import Catalog
from tactful.consent import Consents
from tactful.strict import MemoryStrictCaps

GUARDRAILS = (
    "accuracy",
    "boudoir",
    "breaking_bonds",
    "category_jumping",
    "comfort",
    "digging_too_deep",
    "helicoptering",
    "help_first",
    "moral_hazards",
    "overcrowding",
    "preferences",
    "staleness",
)


@pytest.fixture(scope="module")
def suite(folder):
    return load_suite(folder)


def test_it_has_what_a_retailer_needs(suite):
    policy = suite.policy
    bought = [offer for offer in policy.offers if offer.id.startswith("coupons.")]
    own = [offer for offer in policy.offers if not offer.id.startswith("coupons.")]
    assert len(bought) >= 200
    assert {offer.intent.value for offer in own} == {"help", "inform", "sell"}
    assert len(policy.segments) >= 20
    assert {placement.channel for placement in policy.placements} == {"web", "email", "kiosk", "phone", "window"}
    assert {use.name for use in policy.guardrails} == set(GUARDRAILS)
    assert all(persona.say for persona in suite.personas.values())


def test_it_uses_what_the_contact_policy_and_governance_have(suite):
    policy, plan = suite.policy, tactful.open(suite.policy).plan
    caps = [cap.cap for cap in plan.caps if cap.id.startswith("overcrowding.")]
    assert any(len(cap.counted.weights) > 1 for cap in caps)
    assert any(cap.wish for cap in caps)
    assert any(cap.strict for cap in caps)
    assert {cap.then for cap in caps} == {"suppress", "defer", "downgrade", "replace"}
    assert {cap.per for cap in caps} == {"customer", "household", "everyone"}
    assert {cap.of for cap in caps} >= {"offer", "topic", "tag", "owner", "all"}
    assert {type(cap.window) for cap in caps} == {Rolling, Calendar}
    assert any(cap.suppress_s for cap in caps)
    assert policy.values.signatures == 2
    assert policy.values.evidence_s
    assert policy.ranking.satisfaction * policy.ranking.retention > 0
    assert {purpose.legal_basis for purpose in policy.purposes} == set(LegalBasis)
    assert {channel.privacy for channel in policy.channels} == set(Privacy)
    assert any(use.name == "overcrowding" and use.settings["quiet"] for use in policy.guardrails)
    assert any(offer.asks for offer in policy.offers)
    assert any(attribute.lease_s for attribute in policy.attributes)
    assert any(attribute.readers for attribute in policy.attributes)
    assert policy.holdouts
    assert policy.expectations


def test_a_reviewer_asks_about_the_temptations_of_the_stories_alone(suite):
    assert {finding.code for finding in lint(suite.policy)} == {"offer-never", "source-worse"}  # which: tests/authoring


def test_every_segment_tells_the_customer_what_it_is(suite):
    assert [segment.name for segment in suite.policy.segments if not segment.say] == []


def test_its_own_tests_pass(suite):
    assert {outcome.title: outcome.failures for outcome in suite.run() if not outcome.passed} == {}


def failures_of(suite, file, policy):
    """What the tests of one file say under another policy."""
    own = tuple(test for test in suite.tests if test.place.file == f"tests/{file}.yaml")
    assert own
    return [failure for one in attrs.evolve(suite, policy=policy, tests=own).run() for failure in one.failures]


@pytest.mark.parametrize("guardrail", GUARDRAILS)
def test_its_own_tests_tell_when_a_guardrail_is_off(suite, guardrail):
    failures = failures_of(suite, guardrail, without(suite.policy, guardrail))
    assert any("is shown" in failure for failure in failures)


@pytest.mark.parametrize("guardrail", GUARDRAILS)
def test_each_boundary_has_a_story_in_which_something_must_be_shown(suite, guardrail):
    own = [test for test in suite.tests if test.place.file == f"tests/{guardrail}.yaml"]
    assert any({"includes", "offers"} & set(test.expect) and "not" not in test.expect for test in own)


def test_its_own_tests_tell_when_leases_never_end(suite):
    failures = failures_of(suite, "leases", leases.without_leases(suite.policy))
    assert any("is shown" in failure for failure in failures)


@pytest.fixture(scope="module")
def settings(suite, silent):
    return {one["name"]: one for one in effects(suite, {}, silent)}


def test_its_own_tests_tell_when_any_setting_is_gone_but_for_a_budget_of_all(settings, suite):
    unseen = {name for name, one in settings.items() if not one["tests"]}
    assert unseen == {"cap pans"}  # its test is the next one
    assert len(settings) > 15


def test_two_hosts_that_share_a_centre_show_pans_200_times_a_day_and_not_once_more(suite):
    now_us = moment_of(coupons.DEMO_DAY)
    centre = MemoryStrictCaps(lambda: now_us)
    leo = suite.personas["leo"]
    context = {"place": "elm_street", "dwell": 300}
    hosts = [tactful.open(suite.policy, store=MemoryStore(), strict=centre, clock=lambda: now_us) for _ in range(2)]
    shown = 0
    for number in range(240):  # what one host has in hand, the other cannot use
        edge = hosts[number % 2]
        profile = attrs.evolve(leo.snapshot_at(now_us), customer=f"leo{number}")
        edge.warm({"customer": f"leo{number}"})
        decision = edge.decide(
            "phone.note",
            {"customer": f"leo{number}"},
            context,
            profile=profile,
            consents=Consents(leo.consents_at(now_us), now_us),
            contacts=(),
        )
        shown += [pick.offer for pick in decision.picks] == ["pans_nearby"]
        edge.record(decision)
    for edge in hosts:
        edge.close()
    assert shown == 200


def test_one_signature_puts_no_policy_into_force(suite):
    now_us = moment_of(coupons.DEMO_DAY)
    assert refused_with_one(suite.policy, now_us) == "bundle-signatures"
    undemanding = attrs.evolve(suite.policy, values=attrs.evolve(suite.policy.values, signatures=1))
    assert refused_with_one(undemanding, now_us) == ""
    signers = Signers.made()
    raw = signers.bundle(suite.policy, now_us, 60)
    tactful.open(raw, key=signers.pinned, signatures=2, clock=lambda: now_us).close()
    with pytest.raises(BundleError) as refused:  # by the keys of somebody else
        tactful.open(raw, key=Signers.made().pinned, clock=lambda: now_us)
    assert refused.value.code == "bundle-unpinned"


def test_what_guesses_are_worth_is_what_is_counted(everyone):
    found = sources.found(everyone, moment_of(coupons.DEMO_DAY))
    assert sources.FILE.read_text(encoding="utf-8") == sources.written(found)


def test_a_variant_without_offers_of_ones_own_keeps_what_caps_name(suite):
    books = coupons_alone((FOLDER / "coupons.csv").read_bytes())
    named = {cap["instead"] for cap in caps_of(books).values() if cap.get("instead")}
    assert named == {offer.id for offer in books.offers if not offer.id.startswith("coupons.")} == {"care_of_pans"}
    assert caps_of(books) == caps_of(suite.policy)


def caps_of(policy):
    return next(use.settings["caps"] for use in policy.guardrails if use.name == "overcrowding")


def test_sensitive_topics_stand_in_attributes_of_their_own(suite):
    graph = TopicGraph(suite.policy.topics)
    sensitive = {topic.name for topic in graph if graph.sensitivity(topic.name) > Sensitivity.ORDINARY}
    assert sensitive == set(SENSITIVE)
    catalog = Catalog(suite.policy)
    assert set(KNOWN) < set(SENSITIVE)
    for topic in KNOWN:
        assert catalog.sensitivity(f"buys_{topic}") > Sensitivity.ORDINARY
    for intimate in ("bought_pregnancy_test", "expecting"):
        assert catalog.sensitivity(intimate) is Sensitivity.INTIMATE


def test_no_ordinary_attribute_of_any_household_names_a_sensitive_topic(everyone):
    for one in everyone:
        seen = one.snapshot.attributes
        topics = {*seen["topics_90d"].value, seen["favourite_topic"].value} if "favourite_topic" in seen else set()
        assert not topics & set(SENSITIVE)


def test_every_value_of_every_household_fits_the_schema(everyone, suite):
    specs = {attribute.name: attribute for attribute in suite.policy.attributes}
    for one in everyone:
        for name, seen in one.snapshot.attributes.items():
            assert check_value(specs[name].type, seen.value) == seen.value, name


def test_the_coupons_are_those_that_the_data_gives(journey, affinities, folder):
    made = coupons.written(coupons.running(journey, affinities, coupons.DEMO_DAY))
    assert (folder / "coupons.csv").read_bytes() == made


def test_the_sizes_of_segments_are_those_that_are_counted(everyone):
    sizes = {segment.name: segment.size for segment in grocer().segments}
    assert counts.sizes(everyone, moment_of(coupons.DEMO_DAY)) == sizes
    assert min(sizes.values()) >= 50


def test_the_policy_and_the_data_agree_on_what_a_stranger_likes(suite):
    assert suite.policy.ranking.absent == round(ABSENT, 2)
