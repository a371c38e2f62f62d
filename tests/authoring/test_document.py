"""The policy as a document: every part of it is named, in the tier of governance to which it belongs."""

import re

import attrs
import pytest

from tactful.authoring import compile_folder, document
from tactful.authoring.init import init
from tactful.policy import PluginUse

TIERS = ("Values", "Strategy", "Execution", "Infrastructure")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("document") / "shop"
    init(folder)
    return compile_folder(folder)


def tiers(text):
    """The document's parts by tier."""
    return {part.partition(":")[0]: part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}


def test_it_has_the_four_tiers_in_order(shop):
    assert tuple(tiers(document(shop))) == TIERS


def test_every_guardrail_is_named_in_each_tier_that_it_belongs_to(shop, registry):
    parts = tiers(document(shop, registry))
    for use in shop.guardrails:
        line = f"**{use.name.replace('_', ' ')}**: {registry.sentence(use, shop.values.dial)}"
        declared = registry.guardrails[use.name].cls.tiers
        assert declared
        assert {tier for tier, part in parts.items() if line in part} == {tier.capitalize() for tier in declared}


def test_everything_is_told(shop):
    parts = tiers(document(shop))
    for channel in shop.channels:
        assert f"**{channel.name}**" in parts["Strategy"]
    for placement in shop.placements:
        assert placement.name in parts["Strategy"]
    for purpose in shop.purposes:
        assert f"**{purpose.name}**: to {purpose.say}" in parts["Strategy"]
    for attribute in shop.attributes:
        assert attribute.say in parts["Infrastructure"]
        assert attribute.owner in parts["Infrastructure"]
    for segment in shop.segments:
        assert f"**{segment.name}**: {segment.say} ({segment.size} customers)" in parts["Infrastructure"]
    assert sum(int(number) for number in re.findall(r": (\d+) offer", parts["Execution"])) == len(shop.offers)


def test_markets_and_partners_are_told(compiled, registry):
    more = "purposes: {ours: {markets: {us: opt-out, de: opt-in}}, theirs: {partner: citybank}}\n"
    text = document(compiled(more), registry)
    assert "**ours**: to ours, on the ground of consent. In us, silence means yes." in text
    assert "**theirs**: to theirs, on the ground of consent. Data goes to citybank." in text
    assert text.count("silence means yes") == 1


def test_a_setting_changes_its_sentence(shop, registry):
    weaker = attrs.evolve(shop, guardrails=(PluginUse("accuracy", "", {"confidence": 0.1}),))
    assert "less than 10% sure" in document(weaker, registry)
    assert "less than 10% sure" not in document(shop, registry)


def test_a_guardrail_that_is_not_there_is_told_as_broken(shop, registry):
    text = document(attrs.evolve(shop, guardrails=(PluginUse("gone"),)), registry)
    assert "**gone**: It is broken" in text
