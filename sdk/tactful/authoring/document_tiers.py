"""What each tier of the policy document says of the policy, section by section; the guardrails' lines come after."""

from collections.abc import Iterable, Iterator
from typing import Final
from zoneinfo import ZoneInfo

from ..catalog import Catalog
from ..clock import NEVER_US, to_datetime
from ..consent import LegalBasis, Regime
from ..expr import text
from ..familiarity import Familiarity
from ..limits import Always, Cap, Quiet
from ..offers import Channel, Intent, Offer, OfferClass, Placement, Privacy
from ..policy import Dial, Policy, Ranking
from ..registry import Registry
from ..schema import Attribute, Sensitivity, Source
from ..score_model import ScoreModel, term_words
from ..topics import TopicGraph
from .document_events import events_told
from .document_triggers import triggers_told
from .told import Section, counted, length, listed, share, word

_DIALS: Final = {
    Dial.CONSERVATIVE: "conservative: rather say too little than too much",
    Dial.BALANCED: "balanced",
    Dial.BOLD: "bold: rather try than miss a chance",
}
_SEEN_BY: Final = {
    Privacy.PUBLIC: "everybody",
    Privacy.EXPOSED: "whoever stands near",
    Privacy.SEMI_PRIVATE: "the customer, and perhaps somebody beside",
    Privacy.PRIVATE: "the customer alone",
}
_KNOWS: Final = {
    Familiarity.GENERIC: "nothing about anybody",
    Familiarity.CONTEXT: "page, place and time",
    Familiarity.SEGMENT: "large groups",
    Familiarity.PERSONAL: "the person",
}
_GROUNDS: Final = {
    LegalBasis.CONSENT: "consent",
    LegalBasis.CONTRACT: "a contract (nothing is sold)",
    LegalBasis.LEGITIMATE_INTEREST: "a legitimate interest, until the customer objects",
    LegalBasis.SOFT_OPT_IN: "an earlier sale, until the customer objects",
}
_SOURCES: Final = {
    Source.STATED: "the customer says so",
    Source.OBSERVED: "we see it",
    Source.DERIVED: "computed",
    Source.MODELLED: "a model's guess",
    Source.THIRD_PARTY: "bought",
}
#: So many offers are named; of more, their number is told.
_NAMED_MAX: Final = 3


def values(policy: Policy, _: Registry) -> Iterator[Section]:
    """Yield what the organization wants to be."""
    it = policy.values
    whose = f"; a customer's own is in {it.customer_zone}" if it.customer_zone else ""
    margin = f"at most {share(it.exposure_margin)}"
    rows = (
        ("appetite for risk", f"{_DIALS[it.dial]}. It sets what each guardrail does where no setting says otherwise."),
        ("minimum exposure", f"A less familiar way to tell something is taken if that costs {margin} of its worth."),
        ("small groups", f"A group of fewer than {counted(it.min_segment, 'customer')} is treated as a person."),
        ("languages", f"{listed(it.languages)}; the first one where a customer's is not known."),
        ("time", f"Days and hours are those of {it.zone}{whose}."),
        ("keeping room", f"What was promised to a page counts against the caps for {length(it.reserve_s)}."),
        ("evidence", _evidence(it.evidence_s)),
        ("signatures", f"The policy comes into force once signed by {counted(it.signatures, 'key')}."),
        ("feedback", f"What a customer answers to a decision is taken for {length(it.token_s)}."),
    )
    yield Section("Principles", ("principle", "what it means"), rows)


def _evidence(kept_s: int) -> str:
    if not kept_s:
        return "What a decision was made of is not kept: it can be told what was shown, and not be decided again."
    return f"What a decision was made of is kept under seal for {length(kept_s)}, and every look at it is on record."


def strategy(policy: Policy, registry: Registry) -> Iterator[Section]:
    """Yield where we speak, for which purposes, of which topics, and how often."""
    yield Section(
        "Channels",
        ("channel", "who sees it", "who begins", "shows that we know", "chosen by", "places"),
        tuple(_channel(policy, channel) for channel in policy.channels),
    )
    yield Section(
        "Purposes of data",
        ("purpose", "data is used to", "on the ground of", "silence means yes", "data goes to"),
        tuple(_purposes(policy)),
    )
    graph = TopicGraph(policy.topics)
    ordinary = [t.name for t in policy.topics if graph.sensitivity(t.name) is Sensitivity.ORDINARY]
    yield Section(
        "Sensitive topics",
        ("topic", "how sensitive", "at most, of what is shown"),
        tuple(_sensitive(graph)),
        about=f"Ordinary topics: {listed(ordinary)}.",
    )
    linked = tuple((t.name, listed(t.forbidden)) for t in policy.topics if t.forbidden)
    yield Section("Never linked", ("topic", "never linked with"), linked)
    yield Section(
        "Caps and quiet hours", ("rule", "what it allows", "what the customer is told"), tuple(_caps(policy, registry))
    )


def execution(policy: Policy, _: Registry) -> Iterator[Section]:
    """Yield what we offer, where it is shown, which of it is exempt, and what was signed."""
    yield Section("Offers", ("owner", "to", "about", "offers", "when"), tuple(_offers(policy)))
    yield Section(
        "Places",
        ("place", "channel", "holds", "takes", "if nothing fits, it shows"),
        tuple(_placement(placement) for placement in policy.placements),
    )
    yield from triggers_told(policy)
    exempt = tuple((o.id, word(o.offer_class)) for o in policy.offers if o.offer_class is not OfferClass.DEFAULT)
    yield Section("Exempt from caps that spare such offers", ("offer", "because it is"), exempt)
    signed = tuple((f"{o.id}/{t.id}", t.signed_by) for o in policy.offers for t in o.treatments if t.signed_by)
    about = "" if signed else "Nobody has signed that a plain text, chosen by personal data, gives nothing away."
    rows = signed or (("none", "nobody"),)
    yield Section("Approvals", ("text", "signed by"), rows, about)
    yield Section("Order", ("what", "how"), tuple(_ranking(policy)))
    held = tuple(
        (it.name, share(it.share), listed((*it.tags, *it.topics, *it.offers), "all")) for it in policy.holdouts
    )
    about = "Some customers are not shown what the others are, so that it shows what offers do. Help is for everybody."
    yield Section("Holdouts", ("name", "of the customers", "are not shown"), held, about if held else "")


def infrastructure(policy: Policy, registry: Registry) -> Iterator[Section]:
    """Yield what we know and who answers for it, the groups, and by what we recognize a customer."""
    catalog = Catalog(policy)
    owned = sorted(policy.attributes, key=lambda attribute: attribute.owner)  # the policy's order within an owner
    yield Section(
        "Attributes",
        ("owner", "attribute", "in a customer's words", "from", "kept for", "may be read for", "by", "how sensitive"),
        tuple(_attribute(catalog, attribute) for attribute in owned),
    )
    yield Section(
        "Worked out by plugins", ("enricher", "of", "gives", "what it does"), tuple(_enrichers(policy, registry))
    )
    yield Section(
        "Groups", ("group", "in a customer's words", "customers", "treated as", "rule"), tuple(_segments(policy))
    )
    yield Section("Recognizing a customer", ("identifier", "stands for"), policy.identifiers)
    yield from events_told(policy)
    moment = tuple((it.name, it.type.value) for it in policy.context)
    yield Section("The moment", ("what is known of it", "type"), moment)


def _enrichers(policy: Policy, registry: Registry) -> Iterator[tuple[str, ...]]:
    for use in policy.enrichers:
        said = registry.sentence(use.plugin, policy.values.dial, "enricher")
        yield use.name, listed(use.reads), listed(use.gives), said


def _channel(policy: Policy, channel: Channel) -> tuple[str, ...]:
    places = listed(p.name for p in policy.placements if p.channel == channel.name)
    begins = "we do" if channel.outbound else "the customer"
    return channel.name, _SEEN_BY[channel.privacy], begins, _KNOWS[channel.tone], _KNOWS[channel.basis], places


def _purposes(policy: Policy) -> Iterator[tuple[str, ...]]:
    for purpose in policy.purposes:
        silent = listed((f"in {market}" for market, regime in purpose.regimes if regime is Regime.OPT_OUT), "nowhere")
        basis = LegalBasis.CONSENT if purpose.partner else purpose.legal_basis
        ground = _GROUNDS[basis] + (f"; a refusal of {purpose.under} refuses it too" if purpose.under else "")
        what = purpose.say or purpose.name.replace("_", " ")
        yield purpose.name, what, ground, silent, purpose.partner or "nobody else"


def _sensitive(graph: TopicGraph) -> Iterator[tuple[str, ...]]:
    for level in (Sensitivity.INTIMATE, Sensitivity.SENSITIVE):
        for topic in graph:
            if graph.sensitivity(topic.name) is level:
                blend = graph.blend(topic.name)
                yield topic.name, word(level), "as the guardrails say" if blend is None else share(blend)


def _caps(policy: Policy, registry: Registry) -> Iterator[tuple[str, ...]]:
    """Yield what any guardrail counts or silences by the clock, in its own words."""
    _, answers = registry.asked(policy)
    for answer in answers:
        for rule_id, rule in answer.rules:
            if isinstance(rule.limit, Cap | Quiet):
                condition = "" if isinstance(rule, Always) else f" ({rule.condition})"
                name = rule_id.removeprefix(f"{answer.name}.").replace("_", " ")
                yield name, f"{rule.reason}{condition}", rule.say or "nothing"


def _offers(policy: Policy) -> Iterator[tuple[str, ...]]:
    zone = ZoneInfo(policy.values.zone)
    groups: dict[tuple[str, Intent, str], list[Offer]] = {}
    for offer in policy.offers:
        groups.setdefault((offer.owner, offer.intent, offer.topic), []).append(offer)
    for owner, intent, topic in sorted(groups, key=lambda key: (key[0], list(Intent).index(key[1]), key[2])):
        mine = groups[owner, intent, topic]
        named = f": {listed(offer.id for offer in mine)}" if len(mine) <= _NAMED_MAX else ""
        count = f"{counted(len(mine), 'offer')}{named}"
        yield owner or "nobody", intent.value, topic, count, _period(mine, zone)


def _period(offers: Iterable[Offer], zone: ZoneInfo) -> str:
    """Return from the first to the last day of any of the offers; whether some of them are for a shorter time."""
    periods = {(offer.from_us, offer.until_us) for offer in offers}
    starts, ends = min(start for start, _ in periods), max(end for _, end in periods)
    first = "" if starts <= 0 else f"from {to_datetime(starts).astimezone(zone):%Y-%m-%d}"
    last = "" if ends >= NEVER_US else f"to {to_datetime(ends - 1).astimezone(zone):%Y-%m-%d}"
    whole = " ".join(filter(None, (first, last))) or "always"
    return whole if periods == {(starts, ends)} else f"{whole}; some shorter"


def _placement(placement: Placement) -> tuple[str, ...]:
    takes = [f"offers to {listed(word(intent) for intent in placement.intents)}"] if placement.intents else []
    takes += [f"moments of these kinds: {listed(map(word, placement.moments))}"] if placement.moments else []
    takes += [f"what is about {listed(placement.topics)}"] if placement.topics else []
    takes += [f"at most {placement.per_topic} of a topic"] if placement.per_topic is not None else []
    fallback = listed((value for _, value in placement.fallback), "nothing")
    return placement.name, placement.channel, counted(placement.slots, "offer"), listed(takes, "everything"), fallback


def _ranking(policy: Policy) -> Iterator[tuple[str, str]]:
    ranking = policy.ranking
    by = f" x the customer's affinity (from {ranking.affinity})" if ranking.affinity else ""
    yield "worth", f"Help comes first; then the greater base worth{by} comes before the smaller."
    yield "base worth", "The value of an offer x the chance that it is taken" + _long_term(ranking)
    for boost in ranking.boosts:
        kinds = (f"every {word(kind)}" for kind in boost.moments)
        which = listed((*boost.offers, *boost.topics, *boost.tags, *kinds), "everything")
        asked = f", for the ranker {boost.by}" if boost.by else ""
        yield "boost", f"{which}: x {boost.times:g} while {text(boost.when)}{asked}"
    if ranking.model is not None:
        yield from _model(ranking.model)


def _model(model: ScoreModel) -> Iterator[tuple[str, str]]:
    yield "model", f"The worth of the best {model.shortlist} offers of a page is multiplied with a score, 0 to 1."
    yield "log-odds", f"{model.intercept:+g} to begin with"
    for term in model.terms:
        yield "log-odds", f"{term.weight:+g} {term_words(term)}"


def _long_term(ranking: Ranking) -> str:
    weights = ((ranking.satisfaction, "is glad of it"), (ranking.retention, "stays because of it"))
    counts = [f"{weight:g} for each customer who {does}" for weight, does in weights if weight]
    return f", and besides, as is expected of it, {listed(counts)}." if counts else "; the long term does not count."


def _attribute(catalog: Catalog, attribute: Attribute) -> tuple[str, ...]:
    how = "" if attribute.source is Source.DERIVED else ", computed"
    origins = f"{how} from {listed(attribute.derived_from)}" if attribute.derived_from else ""
    kept = "no bound of its own" if attribute.max_age_s is None else length(attribute.max_age_s)
    purposes = listed(attribute.purposes, "every purpose") + (", and to protect" if attribute.protect else "")
    level = word(catalog.sensitivity(attribute.name)) + (f" ({attribute.topic})" if attribute.topic else "")
    said = attribute.say or attribute.name.replace("_", " ")
    checked = f", checked by {attribute.checked_by}" if attribute.checked_by else ""
    origin = f"{_SOURCES[attribute.source]}{origins}{checked}"
    readers = listed(dict.fromkeys(filter(None, (attribute.owner, *attribute.readers)))) if attribute.readers else "all"
    return attribute.owner or "nobody", attribute.name, said, origin, kept, purposes, readers, level


def _segments(policy: Policy) -> Iterator[tuple[str, ...]]:
    for segment in policy.segments:
        size = "not counted" if segment.size is None else f"{segment.size:,}"
        large = segment.size is not None and segment.size >= policy.values.min_segment
        treated = "a group" if large else "a person"
        yield segment.name, segment.say or segment.name.replace("_", " "), size, treated, text(segment.when)
