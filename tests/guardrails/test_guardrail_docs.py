"""Every setting, sentence and sample in docs/guardrails.md is true."""

import re
import types
from pathlib import Path
from typing import get_args

import attrs
import pytest

import tactful
from tactful.authoring import compile_files
from tactful.catalog import Catalog
from tactful.limits import Limit
from tactful.policy import PluginUse, Policy
from tactful.registry import Registry
from tactful_plugins import moral_hazards

from .houses import NOON_US, SHOP, demo, installed, shop, shop_with, shown

PAGE = (Path(__file__).parents[2] / "docs" / "guardrails.md").read_text(encoding="utf-8")
SECTIONS = {
    heading.lower().replace(" topics", "").replace(" ", "_"): text
    for heading, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
}
BLOCKS = [(kind, block) for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]
DIALS = ("conservative", "balanced", "bold")


def rows(section):
    """Return the rows of a section's table of settings."""
    table = section[section.index("| setting |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def compiled(more, registry=None) -> Policy:
    """Return the shop with more sections."""
    text = SHOP.read_text(encoding="utf-8")
    if "caps:" in more:
        text = re.sub(r"^caps:\n(  .*\n)+", "", text, flags=re.MULTILINE)
    return compile_files({"shop.yaml": text.encode(), "more.yaml": more.encode()}, registry=registry or installed())


#: Settings that sections of their own give.
SECTIONED = {"caps", "quiet", "measured"}
SETTINGS = [(name, *row) for name in installed().guardrails for row in rows(SECTIONS[name])]


@pytest.mark.parametrize(("name", "setting", "what", "conservative", "balanced", "bold"), SETTINGS)
def test_the_dial_s_defaults_are_as_the_table_says(name, setting, what, conservative, balanced, bold):
    assert what
    for dial, value in zip(DIALS, (conservative, balanced, bold), strict=True):
        written = f"values: {{dial: {dial}}}\nguardrails: {{{name}: {{{setting.strip('`')}: {value}}}}}\n"
        use = next(use for use in compiled(written).guardrails if use.name == name)
        settings = {key: setting for key, setting in use.settings.items() if key != "caps"}
        assert settings
        position = tactful.Dial(dial)
        made = installed().guardrail(PluginUse(name, "", settings), position)
        assert made == installed().guardrail(PluginUse(name), position)


@pytest.mark.parametrize("name", installed().guardrails)
def test_every_setting_is_in_its_table(name):
    fields = {field.name.removesuffix("_s") for field in attrs.fields(installed().guardrails[name].cls)} - SECTIONED
    assert {row[0].strip("`") for row in rows(SECTIONS[name])} == fields


@pytest.mark.parametrize("name", installed().guardrails)
def test_every_position_of_the_dial_sets_what_there_is(name):
    cls = installed().guardrails[name].cls
    fields = {field.name for field in attrs.fields(cls)}
    assert set(cls.dial) <= set(DIALS) - {"balanced"}  # the fields' own defaults are the balanced ones
    assert all(set(settings) <= fields for settings in cls.dial.values())


def measured() -> Policy:
    """Return the shop with the model that the page measures."""
    return compiled("\n".join(block for kind, block in BLOCKS if kind == "yaml" and "kids_guess" in block))


def test_sources_are_measured_as_shown():
    policy = measured()
    (use,) = [use for use in policy.guardrails if use.name == "accuracy"]
    rules = dict(installed().rules(use, Catalog(policy)).rules)
    assert rules["accuracy.worse.kids_guess.modelled"].reason == "this source is wrong more often than a guess"
    right = {**use.settings, "measured": {"kids_guess": {"modelled": {"right": 179, "of": 300, "guess": 170}}}}
    assert "accuracy.unsure.kids_guess.modelled" in dict(
        installed().rules(attrs.evolve(use, settings=right), Catalog(policy)).rules
    )


@pytest.mark.parametrize("name", installed().guardrails)
def test_what_the_customer_hears_is_said(name):
    heard = SECTIONS[name].split("**What the customer hears.**")[1].split("\n\n")[0]
    quoted = [" ".join(words.split()) for words in re.findall(r"“(.*?)”", heard, re.DOTALL)]
    said = {
        rule.say
        for policy in (demo().policy, shop(), measured())
        for use in policy.guardrails
        if use.name == name
        for _, rule in installed().rules(use, Catalog(policy)).rules
    }
    assert set(quoted) <= said
    assert bool(quoted) is bool(said - {""})


@pytest.mark.parametrize("name", installed().guardrails)
def test_the_rules_that_are_named_are_there(name):
    policies = (shop(), shop_with("elsewhere"), shop_with("places"), demo().policy)
    asked = [rules for policy in policies for rules in installed().rules(PluginUse(name), Catalog(policy)).rules]
    ids = {id_.removeprefix(f"{name}.") for id_, _ in asked}
    ids |= {id_.replace(purpose.name, "<purpose>") for id_ in ids for purpose in shop().purposes}
    ids |= {re.sub(r"^(blend|unlinked|forbidden)\.\w+(\.silent)?$", r"\1.<topic>", id_) for id_ in ids}
    ids |= {re.sub(r"^lapsed\.\d+$", "lapsed.<moment>", id_) for id_ in ids}
    named = {"not_private", "not_ranked", "never_named", "blend.<topic>", "<purpose>.sold", "<purpose>.derived"}
    named |= {"unlinked.<topic>", "forbidden.<topic>", "refused", "vulnerable", "unsigned", "lapsed.<moment>"}
    named |= {"precise", "precise.here", "coarse", "untagged", "on_the_spot", f"{name}.tone", f"{name}.own"}
    here = {word for word in named | {f"{name}.derived"} if f"`{word}`" in SECTIONS[name]}
    assert {word.removeprefix(f"{name}.") for word in here} <= ids


def test_the_boundaries_are_set_as_shown():
    first, second, third = [block for kind, block in BLOCKS if kind == "yaml"][:3]
    uses = {use.name: use.settings for use in compiled(first + second).guardrails}
    assert uses["boudoir"] == {"blend": 0.1}
    assert uses["staleness"] == {"max_age_s": 14 * 86_400}
    assert set(uses["overcrowding"]["caps"]) == {"one_offer", "all_in_all"}
    assert "staleness" not in {use.name for use in compiled(third).guardrails}


def test_what_was_bought_is_declared_as_shown():
    policy = compiled(next(block for kind, block in BLOCKS if kind == "yaml" and "bought:" in block))
    use = next(use for use in policy.guardrails if use.name == "breaking_bonds")
    assert use.settings["bought"] == "purchases"
    assert installed().rules(use, Catalog(policy)).broken is None


def test_what_is_collected_elsewhere_and_where_somebody_is_are_declared_as_shown():
    elsewhere, whereabouts = [block for kind, block in BLOCKS if kind == "yaml" and "profile:" in block][2:4]
    found = {a.name: a for a in compiled(elsewhere).attributes}
    assert (found["cars"].collected, found["driver"].derived_from) == ("sister_shop", ("cars", "visits"))
    policy = compiled(whereabouts)
    assert {a.name: a.location for a in policy.context if a.location} == {"beacon": tactful.Precision.PRECISE}
    for more in (elsewhere, whereabouts):
        uses = compiled(more).guardrails
        assert all(installed().rules(use, Catalog(compiled(more))).broken is None for use in uses)


def test_the_sample_is_a_guardrail_of_fifteen_lines():
    sample, *_ = [block for kind, block in BLOCKS if kind == "python"]
    assert len([line for line in sample.splitlines() if line.strip()]) == 15
    (written,) = [block for kind, block in BLOCKS if kind == "yaml" and "pause:" in block]
    module = types.ModuleType("shop_pause")
    exec(sample, module.__dict__)  # noqa: S102 - the page's own
    registry = Registry({**installed().guardrails, **Registry.of(module).guardrails})
    policy = compiled(written, registry)

    with tactful.open(policy, registry=registry, clock=lambda: NOON_US) as edge:
        offered = {wish: edge.decide("web.page", "ann", profile={"paused": wish}) for wish in (True, False)}
    assert "bread" in shown(offered[False])
    assert "bread" not in shown(offered[True])
    assert "You asked for a pause." in offered[True].why()
    assert registry.sentence(PluginUse("pause", "", {"topic": "bread"}), tactful.Dial.BALANCED) == (
        "About bread we are silent to those who asked for a pause."
    )


def test_the_samples_of_its_tests_are_tests(tactful_edge, tactful_shows, tactful_clock):
    sample, laws, story = [block for kind, block in BLOCKS if kind == "python"]
    shop = (
        "channels: {web: private}\nplacements: {home: {channel: web, slots: 3}}\npurposes: {offers: consent}\n"
        "topics: {wine: {}, bread: {}, food: {}}\n"
        "profile: {wishes: {paused: {type: bool, purpose: offers, absent: false, protect: true, say: a pause}}}\n"
        "offers:\n  all: {intent: sell, purpose: offers}\n  red: {topic: wine, treatments: Red}\n"
        "  rye: {topic: bread, treatments: Rye, channels: [web], when: profile.paused && !profile.paused}\n"
        "  olives: {topic: food, treatments: Olives}\n"
    )
    module = types.ModuleType("shop_pause")
    module.SHOP = shop
    exec(f"{sample}\n{laws}\n{story}", module.__dict__)  # noqa: S102 - the page's own

    kit = type("Laws", (module.TestPause,), {"examples": 5})()
    for law in [name for name in dir(kit) if name.startswith("test_")]:
        getattr(kit, law)()
    before_us = tactful_clock.now_us
    module.test_who_asked_for_a_pause_is_offered_no_wine(tactful_edge, tactful_shows, tactful_clock)
    assert tactful_clock.now_us - before_us == 3_600_000_000


def yaml_of(section):
    (block,) = re.findall(r"^```yaml\n(.*?)^```", SECTIONS[section], re.DOTALL | re.MULTILINE)
    return block


def test_topics_are_linked_as_the_sample_says():
    sample = yaml_of("category_jumping").replace("topics:\n", "topics:\n  food: {}\n")
    text = SHOP.read_text(encoding="utf-8")
    topics = re.search(r"^topics:\n(  .*\n)+", text, flags=re.MULTILINE)[0]
    more = topics.replace("  food: {}\n", "") + sample.partition("  food: {}\n")[2] + "  food: {}\n"
    graph = Catalog(compile_files({"shop.yaml": text.replace(topics, more).encode()}, registry=installed())).topics
    assert [graph.distance("pasta", other, 3) for other in ("food", "sauces", "soda", "diet")] == [1, 1, 2, 2]
    assert graph.forbidden("soda", "diet")
    assert not graph.forbidden("soda", "pasta")


def test_an_offer_declares_its_tactics_as_shown():
    (offer,) = [offer for offer in compiled(yaml_of("moral_hazards")).offers if offer.id == "holiday"]
    (approval,) = offer.approvals
    assert offer.tactics == (approval.tactic,) == ("countdown",)
    assert (approval.by, approval.role) == ("A. Reyes", "ethics")


def test_every_tactic_is_in_its_table():
    rows_ = re.findall(r"^\| `(\w+)` \| [^|]+ \| (shameful|hazardous) \|$", SECTIONS["moral_hazards"], re.MULTILINE)
    assert [tactic for tactic, kind in rows_ if kind == "shameful"] == list(moral_hazards.SHAMEFUL)
    assert [tactic for tactic, kind in rows_ if kind == "hazardous"] == list(moral_hazards.HAZARDOUS)


def test_every_limit_is_in_its_table():
    own = PAGE[PAGE.index("| a limit |") :].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)\(", own, re.MULTILINE)) == {limit.__name__ for limit in get_args(Limit)}
