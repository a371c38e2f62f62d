"""What a new policy makes looser comes first. Each change is told for what it is, the change back for the opposite."""

import functools

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful import Dial, Registry
from tactful.authoring import compile_files, diff
from tactful.authoring.comparing import KINDS, kind_of
from tactful.authoring.diff_sections import SECTIONS
from tactful.hookspecs import hookimpl
from tactful.policy import PluginUse

SHOP = """\
name: corner shop
values: {dial: balanced, exposure_margin: 10%, min_segment: 50, languages: [en, de], reserve: 30m, token: 1d, zone: UTC}
channels:
  web: {privacy: semi-private, tone: segment}
  email: {privacy: private, outbound: true}
  push: {outbound: true, privacy: private}
placements: {home: {channel: web, slots: 2, intents: [help, sell], fallback: {title: Hello}}, letter: {channel: email},
  note: {channel: push}}
topics:
  food: {}
  wine: {under: food, sensitivity: sensitive, blend: 20%, forbidden: [baby]}
  baby: {sensitivity: intimate}
purposes:
  offers: {basis: consent, markets: {us: opt-out, fr: opt-in}, say: choose offers}
  partners: {basis: consent, under: offers, partner: bank}
context: {rain: {type: bool, absent: false}, near: bool}
profile:
  loyalty:
    all: {owner: crm, source: observed, purpose: [offers], max_age: 90d}
    visits: int
    spend: number
    buys_wine: {type: bool, topic: wine, protect: true}
    sales: {type: list of text, protect: true}
    others: {type: list of text, protect: true}
    guess: {type: bool, source: third-party, derived_from: [buys_wine]}
    often: {type: int, source: stated, protect: true, absent: 9}
segments: {regulars: {when: profile.visits >= 6, say: you come often, size: 640}}
offers:
  olives:
    {intent: sell, topic: food, purpose: offers, value: 2, when: segment.regulars && context.rain,
     unless: profile.buys_wine, channels: [web], run: 2026-01-01 to 2026-02-01, treatments: [{id: t, title: Olives}]}
  bread:
    {intent: sell, topic: food, purpose: offers, owner: bakery,
     treatments: [{id: p, title: Loaf}, {id: t, title: Bread, tone: segment}]}
guardrails:
  accuracy: {confidence: 0.6, third_party: false}
  boudoir: {blend: 20%, private_from: private, sensitive_from: sensitive}
  breaking_bonds: {accept: [explicit], dormant_after: 365d, fresh_for: 7d, similar_within: 1, bought: sales}
  staleness: {max_age: 30d}
  overcrowding: {after_purchase: 30d, after_purchase_topics: [wine], after_complaint: 30d}
caps:
  one: {of: offer, count: 3, within: 14d, channels: [web, email], suppress: 7d}
  week: {of: all, count: 9, within: week, wish: often}
  signs: {of: all, count: 4, within: week, weights: {complaint: 2, liked: -1}, then: downgrade, down_to: context}
quiet_hours: {from: 21:30, to: 08:00}
triggers:
  rained: {event: Rain, when: context.near, properties: {it: rain}, placement: note, port: push, lasts: 2h, count: 2}
"""

# What is written instead of what; what the change does; how it is told.
CHANGES = [
    ("dial: balanced", "dial: bold", "looser", "values: dial was balanced, is bold"),
    ("exposure_margin: 10%", "exposure_margin: 20%", "tighter", "values: exposure margin was 0.1, is 0.2"),
    ("min_segment: 50", "min_segment: 20", "looser", "values: min segment was 50, is 20"),
    ("reserve: 30m", "reserve: 5m", "looser", "values: reserve was 30 minutes, is 5 minutes"),
    ("[en, de]", "[en]", "neither", "values: languages was en, de, is en"),
    ("zone: UTC", "zone: Europe/Berlin", "unknown", "values: zone was UTC, is Europe/Berlin"),
    ("web: {privacy: semi-private", "web: {privacy: private", "looser", "channel web: privacy was semi-private, is"),
    ("tone: segment}\n  e", "tone: personal}\n  e", "looser", "channel web: tone was segment, is personal"),
    ("tone: segment}\n  e", "tone: segment, basis: context}\n  e", "tighter", "channel web: basis was personal, is"),
    ("private, outbound: true", "private, outbound: false", "looser", "channel email: outbound was yes, is no"),
    ("letter: {channel: email}", "letter: {channel: email}, more: {channel: email}", "looser", "placement more: new"),
    ("slots: 2", "slots: 3", "looser", "placement home: slots was 2, is 3"),
    ("intents: [help, sell], ", "", "looser", "placement home: intents was help, sell, is all"),
    ("slots: 2", "slots: 2, per_topic: 1", "tighter", "placement home: per topic was none, is 1"),
    ("title: Hello", "title: Hi", "neither", "placement home: fallback was"),
    ("wine: {under: food, sensitivity: sensitive", "wine: {under: food", "looser", "topic wine: sensitivity was"),
    ("blend: 20%, f", "blend: 30%, f", "looser", "topic wine: blend was 0.2, is 0.3"),
    ("blend: 20%, f", "f", "looser", "topic wine: blend was 0.2, is none"),
    (", forbidden: [baby]", "", "looser", "topic wine: forbidden was baby, is none"),
    ("under: food, s", "s", "unknown", "topic wine: under was food, is none"),
    ("offers: {basis: consent", "offers: {basis: legitimate-interest", "looser", "purpose offers: legal basis was"),
    ("fr: opt-in", "fr: opt-out", "looser", "purpose offers: silence means yes in was us, is fr, us"),
    ("consent, under: offers", "consent", "looser", "purpose partners: under was offers, is none"),
    (", partner: bank", "", "tighter", "purpose partners: data goes to bank was yes, is no"),
    ("purposes:\n", "purposes:\n  more: {basis: consent}\n", "looser", "purpose more: new"),
    ("say: choose offers", "say: pick offers", "neither", "purpose offers: say was choose offers, is pick offers"),
    ("    visits: int", "    visits: int\n    age: int", "looser", "attribute age: new"),
    ("visits: int", "visits: {type: int, purpose: [offers, partners]}", "looser", "attribute visits: purposes was off"),
    ("visits: int", "visits: {type: int, max_age: 180d}", "looser", "attribute visits: max age was 90 days, is 180"),
    ("visits: int", "visits: {type: int, owner: shops}", "neither", "attribute visits: owner was crm, is shops"),
    ("spend: number", "spend: int", "unknown", "attribute spend: type was number, is int"),
    ("spend: number", "spend: {type: number, absent: 0}", "unknown", "attribute spend: absent was none, is 0"),
    ("say: you come often", "say: you are here a lot", "neither", "segment regulars: say was"),
    ("visits >= 6", "visits >= 5", "unknown", "segment regulars: when was profile.visits >= 6, is profile.visits >= 5"),
    ("size: 640", "size: 700", "neither", "segment regulars: size was 640, is 700"),
    ("&& context.rain", "", "looser", "offer olives: when was segment.regulars, context.rain, is segment.regulars"),
    ("context.rain,", "!context.rain,", "unknown", "offer olives: when was"),
    ("unless: profile.buys_wine, ", "", "looser", "offer olives: unless was protective.buys_wine, is none"),
    ("channels: [web], run", "run", "looser", "offer olives: channels was web, is all"),
    ("to 2026-02-01", "to 2026-03-01", "neither", "offer olives: until was 2026-02-0"),
    ("value: 2", "value: 3", "neither", "offer olives: value was 2, is 3"),
    ("intents: [help, sell]", "intents: [help, sell], moments: news", "tighter", "placement home: moments"),
    ("value: 2", "value: 2, moment: news", "neither", "offer olives: moment was none, is news"),
    ("value: 2", "value: 2, retention: 20%", "neither", "offer olives: retention was none, is 0.2"),
    ("context: {", "ranking: {retention: 2}\ncontext: {", "neither", "ranking: retention was 0, is 2"),
    ("owner: bakery", "owner: deli", "unknown", "offer bread: owner was bakery, is deli"),
    (
        "title: Olives",
        "title: Green olives",
        "neither",
        "text olives/t: content was en title: Olives, is en title: Green",
    ),
    ("title: Bread, tone: segment", "title: Bread", "looser", "text bread/t: raise to was segment, is generic"),
    ("confidence: 0.6", "confidence: 0.5", "looser", "guardrail accuracy: confidence was 0.6, is 0.5"),
    ("third_party: false", "third_party: true", "looser", "guardrail accuracy: third party was no, is yes"),
    (
        "private_from: private",
        "private_from: semi-private",
        "looser",
        "guardrail boudoir: private from was private, is",
    ),
    ("sensitive_from: sensitive", "sensitive_from: intimate", "looser", "guardrail boudoir: sensitive from was"),
    (
        "accept: [explicit]",
        "accept: [explicit, implied]",
        "looser",
        "guardrail breaking_bonds: accept was explicit, is",
    ),
    ("accept: [explicit]", "accept: [implied]", "unknown", "guardrail breaking_bonds: accept was explicit, is implied"),
    (
        "dormant_after: 365d",
        "dormant_after: 730d",
        "looser",
        "guardrail breaking_bonds: dormant after was 365 days, is",
    ),
    ("fresh_for: 7d", "fresh_for: 1d", "tighter", "guardrail breaking_bonds: fresh for was 7 days, is 1 day"),
    ("staleness: {max_age: 30d}", "staleness: off", "looser", "guardrail staleness: gone"),
    (
        "staleness: {max_age: 30d}",
        "staleness: {max_age: 60d}",
        "looser",
        "guardrail staleness: max age was 30 days, is",
    ),
    ("staleness: {m", "staleness: {versions: '>=0', m", "unknown", "guardrail staleness: versions was none, is >=0"),
    ("after_purchase: 30d", "after_purchase: 0", "looser", "guardrail overcrowding: after purchase was 30 days, is 0"),
    ("[wine], after", "[], after", "tighter", "guardrail overcrowding: after purchase topics was wine, is all"),
    ("count: 3", "count: 5", "looser", "guardrail overcrowding, cap one: count was 3, is 5"),
    ("within: 14d", "within: 7d", "looser", "guardrail overcrowding, cap one: within was 14 days, is 7 days"),
    ("channels: [web, email], s", "channels: [web], s", "looser", "guardrail overcrowding, cap one: channels was web,"),
    ("channels: [web, email], s", "s", "tighter", "guardrail overcrowding, cap one: channels was web, email, is all"),
    (", suppress: 7d", "", "looser", "guardrail overcrowding, cap one: suppress was 7 days, is none"),
    (", wish: often", "", "looser", "guardrail overcrowding, cap week: wish was often, is none"),
    ("complaint: 2", "complaint: 1", "looser", "guardrail overcrowding, cap signs: weight of complaint was 2, is 1"),
    ("complaint: 2", "complaint: 3", "tighter", "guardrail overcrowding, cap signs: weight of complaint was 2, is 3"),
    ("complaint: 2, ", "", "looser", "guardrail overcrowding, cap signs: weight of complaint was 2, is 0"),
    (", liked: -1", "", "tighter", "guardrail overcrowding, cap signs: weight of liked was -1, is 0"),
    ("liked: -1", "liked: -1, dull: -1", "looser", "guardrail overcrowding, cap signs: weight of dull was 0, is -1"),
    ("liked: -1", "liked: -1, dull: 1", "tighter", "guardrail overcrowding, cap signs: weight of dull was 0, is 1"),
    (
        "down_to: context",
        "down_to: segment",
        "looser",
        "guardrail overcrowding, cap signs: down to was context, is seg",
    ),
    (
        "down_to: context",
        "down_to: generic",
        "tighter",
        "guardrail overcrowding, cap signs: down to was context, is gen",
    ),
    ("similar_within: 1", "similar_within: 2", "looser", "guardrail breaking_bonds: similar within was 1, is 2"),
    (", bought: sales", "", "tighter", "guardrail breaking_bonds: bought was sales, is none"),
    ("bought: sales", "bought: others", "unknown", "guardrail breaking_bonds: bought was sales, is others"),
    ("of: offer", "of: topic", "unknown", "guardrail overcrowding, cap one: of was offer, is topic"),
    (
        "  week: {of: all, count: 9, within: week, wish: often}\n",
        "",
        "looser",
        "guardrail overcrowding, cap week: gone",
    ),
    (
        "from: 21:30",
        "from: 22:00",
        "looser",
        "guardrail overcrowding, quiet: from was 21:30 to 08:00, is 22:00 to 08:00",
    ),
    ("to: 08:00", "to: 09:00", "tighter", "guardrail overcrowding, quiet: from was 21:30 to 08:00, is 21:30 to 09:00"),
    ("from: 21:30, to: 08:00", "from: 22:00, to: 09:00", "unknown", "guardrail overcrowding, quiet: from was"),
    ("to: 08:00}", "to: 08:00, days: [monday]}", "looser", "guardrail overcrowding, quiet: days was"),
    ("to: 08:00}", "to: 08:00, dates: 2026-12-24}", "tighter", "guardrail overcrowding, quiet: dates was"),
    ("lasts: 2h", "lasts: 3h", "looser", "trigger rained: lasts was 2 hours, is 3 hours"),
    ("count: 2}", "count: 1}", "tighter", "trigger rained: count was 2, is 1"),
    ("count: 2}", "count: 2, within: 30m}", "looser", "trigger rained: within was 1 hour, is 30 minutes"),
    ("when: context.near, p", "p", "looser", "trigger rained: when was context.near, is none"),
    ("{it: rain}", "{it: rain, at: near}", "looser", "trigger rained: properties was rain from it, is"),
    ("port: push", "port: sms", "unknown", "trigger rained: port was push, is sms"),
    ("event: Rain", "event: Snow", "unknown", "trigger rained: event was Rain, is Snow"),
    (
        "  rained: {e",
        "  also: {event: Snow, placement: note, port: push}\n  rained: {e",
        "looser",
        "trigger also: new",
    ),
    ("quiet_hours: {from: 21:30, to: 08:00}\n", "", "looser", "guardrail overcrowding, quiet: gone"),
    ("name: corner shop", "name: bigger shop", "neither", "policy: name was corner shop, is bigger shop"),
]


REGISTRY = Registry.installed()


@functools.cache
def policy(*swaps):
    text = SHOP
    for old, new in swaps:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return compile_files({"policy.yaml": text.encode()}, registry=REGISTRY)


@pytest.fixture(scope="module")
def shop():
    return policy()


@pytest.mark.parametrize(("old", "new", "kind", "told"), CHANGES, ids=[told for *_, told in CHANGES])
def test_a_single_change_is_told_for_what_it_is_and_the_change_back_for_the_opposite(shop, old, new, kind, told):
    changed = policy((old, new))
    changes = [change for change in diff(shop, changed).changes if str(change).startswith(told)]
    assert [change.kind for change in changes] == [kind]
    assert mirrored(diff(shop, changed)) == sorted(map(key, diff(changed, shop).changes))


def test_weights_that_go_both_ways_are_told_one_by_one(shop):
    changes = diff(shop, policy(("complaint: 2, liked: -1", "complaint: 1, liked: 1"))).changes
    assert [(change.kind, change.what) for change in changes] == [
        ("looser", "weight of complaint"),
        ("tighter", "weight of liked"),
    ]


def key(change):
    return change.kind, change.about, change.what, change.old, change.new


def mirrored(difference):
    back = {"looser": "tighter", "tighter": "looser"}
    return sorted((back.get(c.kind, c.kind), c.about, c.what, c.new, c.old) for c in difference.changes)


def test_of_a_single_change_nothing_else_is_told(shop):
    """A control on the table: a diff that told everything as everything would pass it."""
    alone = [(old, new, kind) for old, new, kind, told in CHANGES if told.startswith(("guardrail", "channel"))]
    for old, new, kind in alone:
        assert {change.kind for change in diff(shop, policy((old, new))).changes} == {kind}, new


def test_what_is_the_same_has_no_difference(shop):
    assert diff(shop, policy()).changes == ()


@settings(max_examples=25)
@given(st.lists(st.sampled_from(CHANGES), max_size=4, unique_by=lambda c: c[0]))
def test_of_several_changes_the_looser_come_first_and_swapping_swaps(changes):
    swaps, text = [], SHOP
    for old, new, _, _ in changes:  # those that still find their place
        if text.count(old) == 1:
            text = text.replace(old, new)
            swaps.append((old, new))
    shop, changed = policy(), policy(*swaps)
    there = diff(shop, changed)
    ranks = [KINDS.index(change.kind) for change in there.changes]
    assert ranks == sorted(ranks)
    assert bool(there.changes) is bool(swaps)
    assert mirrored(there) == sorted(map(key, diff(changed, shop).changes))
    assert diff(changed, changed).changes == ()


def test_the_dial_loosens_what_it_sets(shop):
    plain = attrs.evolve(shop, guardrails=(PluginUse("staleness"),))
    bolder = attrs.evolve(plain, values=attrs.evolve(plain.values, dial=Dial.BOLD))
    told = [str(change) for change in diff(plain, bolder).of("looser")]
    assert told == [
        "guardrail staleness: max age was 30 days, is 90 days",
        "values: dial was balanced, is bold",
    ]


def test_a_guess_that_is_called_an_observation_is_believed_and_one_that_is_bought_is_bought(shop):
    honest = policy(("type: bool, source: third-party", "type: bool, source: observed"))
    (looser,) = diff(shop, honest).of("looser")
    assert str(looser) == "attribute guess: trusted was no, is yes"
    (bought,) = diff(honest, shop).of("looser")
    assert str(bought) == "attribute guess: bought was no, is yes"


def test_a_contract_uses_data_unasked_and_sells_nothing(shop):
    changed = policy(("offers: {basis: consent", "offers: {basis: contract"))
    assert [str(change) for change in diff(shop, changed).changes] == [
        "purpose offers: legal basis was consent, is contract",
        "purpose offers: selling was yes, is no",
    ]
    assert [change.kind for change in diff(shop, changed).changes] == ["looser", "tighter"]


def test_a_signature_and_an_exemption_are_looser_also_on_what_is_new(shop):
    (olives, *rest) = shop.offers
    signed = attrs.evolve(olives, treatments=(attrs.evolve(olives.treatments[0], signed_by="A. Reyes"),))
    looser = diff(shop, attrs.evolve(shop, offers=(signed, *rest))).of("looser")
    assert [str(change) for change in looser] == [f"signature of A. Reyes for {olives.id}/t: new"]
    fresh = attrs.evolve(
        signed, id="new", offer_class=next(c for c in type(olives.offer_class) if c.value == "mandatory")
    )
    told = [
        (change.kind, str(change)) for change in diff(shop, attrs.evolve(shop, offers=(*shop.offers, fresh))).changes
    ]
    assert told == [
        ("looser", "signature of A. Reyes for new/t: new"),
        ("looser", "exemption of new, as mandatory: new"),
        ("neither", "offer new: new"),
        ("neither", "text new/t: new"),
    ]


def test_a_group_that_grows_large_enough_is_looser(shop):
    small = policy(("size: 640", "size: 49"))
    assert [str(change) for change in diff(small, shop).of("looser")] == [
        "segment regulars: counts as a group was no, is yes"
    ]


def test_a_wider_topic_that_is_less_sensitive_makes_what_lies_under_it_so():
    plain, health = "topics:\n  food: {}\n", "topics:\n  health: {sensitivity: %s}\n  food: {under: health}\n"
    before, after = (policy((plain, health % level)) for level in ("intimate", "sensitive"))
    assert {change.about for change in diff(before, after).of("looser")} >= {"topic health", "topic food", "topic wine"}


@attrs.frozen
class Pause:
    """A guardrail that does not say in which direction it loosens."""

    name = "pause"
    days: int = 3

    def scope(self, catalog):
        return catalog.all

    def limits(self, catalog):
        return ()

    def sentence(self):
        return "We pause."


@attrs.frozen
class Saying(Pause):
    looser = {"days": "less"}  # noqa: RUF012 - as plugins write it


@pytest.mark.parametrize(("cls", "kind"), [(Pause, "unknown"), (Saying, "looser")])
def test_of_a_guardrail_that_does_not_say_it_cannot_be_told(shop, cls, kind):
    class Plugin:
        @hookimpl
        def tactful_guardrails(self):
            return [cls]

    registry = Registry.of(Plugin())
    old, new = (attrs.evolve(shop, guardrails=(PluginUse("pause", "", {"days": days}),)) for days in (3, 2))
    assert [change.kind for change in diff(old, new, registry).changes] == [kind]


def test_of_a_guardrail_that_is_not_there_it_cannot_be_told(shop):
    old, new = (attrs.evolve(shop, guardrails=(PluginUse("gone", "", {"x": x}),)) for x in (1, 2))
    assert [(c.kind, str(c)) for c in diff(old, new).changes] == [("unknown", "guardrail gone: x was 1, is 2")]


#: What a customer stated holds, whatever a house's appetite for risk.
WHATEVER_THE_DIAL = {"preferences"}
#: Settings that name something: a person has to read what a change of them does.
NAMES_ALONE = {"helicoptering": {"consent", "dwell_attribute", "tag", "spot"}}


def test_each_setting_of_our_own_guardrails_says_how_it_loosens(registry):
    ways = {"more", "less", "more or none", "less or none", "wider", "narrower", "later", "earlier"}
    for name, brought in registry.guardrails.items():
        fields = {field.name for field in attrs.fields(brought.cls)}
        assert set(brought.cls.looser) == fields - NAMES_ALONE.get(name, set()), name
        for way in brought.cls.looser.values():
            assert isinstance(way, tuple) or way in ways


def test_each_position_of_the_dial_is_looser_than_the_one_before(registry, shop):
    """The dial's own defaults know which way is looser; they and the declared directions must agree."""
    for name in registry.guardrails:
        for tight, loose in (("conservative", "balanced"), ("balanced", "bold"), ("conservative", "bold")):
            old, new = (
                attrs.evolve(shop, guardrails=(PluginUse(name),), values=attrs.evolve(shop.values, dial=Dial(dial)))
                for dial in (tight, loose)
            )
            changes = [change for change in diff(old, new, registry).changes if change.about == f"guardrail {name}"]
            assert (changes == []) is (name in WHATEVER_THE_DIAL) or (tight, loose) != ("conservative", "bold")
            assert {change.kind for change in changes} <= {"looser"}, changes


@pytest.mark.parametrize("name", sorted(set(REGISTRY.guardrails) - WHATEVER_THE_DIAL))
def test_a_direction_that_is_declared_the_wrong_way_round_disagrees_with_the_dial(shop, name):
    cls = REGISTRY.guardrails[name].cls
    other = {"more": "less", "less": "more"}
    turned = {field: way[::-1] if isinstance(way, tuple) else other.get(way, way) for field, way in cls.looser.items()}
    mutant = type(cls.__name__, (cls,), {"looser": turned})
    registry = Registry({name: attrs.evolve(REGISTRY.guardrails[name], cls=mutant)})
    plain = attrs.evolve(shop, guardrails=(PluginUse(name),))
    tight, bold = (
        attrs.evolve(plain, values=attrs.evolve(plain.values, dial=dial)) for dial in (Dial.CONSERVATIVE, Dial.BOLD)
    )
    kinds = {change.kind for change in diff(tight, bold, registry).changes if change.about == f"guardrail {name}"}
    assert kinds == {"tighter"}


@pytest.mark.parametrize("setting", ["muted_topics", "muted_channels", "tone", "silence"])
def test_to_read_a_wish_no_more_is_looser(registry, shop, setting):
    kept, dropped = (
        attrs.evolve(shop, guardrails=(PluginUse("preferences", "", {setting: name}),)) for name in ("wish", "")
    )
    assert {change.kind for change in diff(kept, dropped, registry).changes} == {"looser"}
    assert {change.kind for change in diff(dropped, kept, registry).changes} == {"tighter"}


def test_every_field_of_every_section_is_compared(shop):
    """Whatever field a noun gets, a change of it is told; here each is replaced by something that it is not."""
    covered = {
        "channel": shop.channels, "placement": shop.placements, "topic": shop.topics, "purpose": shop.purposes,
        "attribute": shop.attributes, "segment": shop.segments, "context": shop.context, "offer": shop.offers,
    }  # fmt: skip
    sections = {section.name: section for section in SECTIONS}
    for name, things in covered.items():
        fields = {field.name for field in attrs.fields(type(things[0]))}
        told = set().union(*(parts for parts in sections[name].of(shop).values()))
        elsewhere = {"purpose": {"name", "legal_basis", "regimes", "partner"}, "offer": {"treatments"}}.get(name, set())
        assert fields - told <= elsewhere, name


def test_a_direction_that_is_not_known_tells_nothing():
    for direction in ("mroe", "", "unknown"):
        assert kind_of(1, 2, direction) == "unknown"
