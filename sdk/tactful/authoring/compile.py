"""From a folder of files to a compiled policy, or to all its mistakes at once."""

from collections.abc import Collection, Mapping
from pathlib import Path

import attrs

from ..expr import Expr
from ..identity import USUAL_KINDS
from ..limits import Always
from ..policy import Policy
from ..registry import Registry
from ..schema import ContextAttribute
from .approvals_reader import known_tactics
from .asks import with_asks
from .checks import check_meaning, check_offers, check_sections
from .events_reader import read_events
from .folder import BESIDE, read_files
from .governance_reader import read_expectations, read_holdouts
from .guardrails_reader import GuardrailsReader
from .merged import Sections
from .offers_reader import OffersReader
from .places_reader import read_channels, read_placements, read_topics
from .plugins_asked import PluginsAsked
from .ranking_reader import read_ranking
from .rulebook import Rulebook
from .rules import RuleError
from .schema_reader import Profile, read_context, read_profile, read_purposes, read_segments, read_values
from .sections import IDENTIFIERS
from .source import Log, Place
from .triggers_reader import read_triggers


def compile_folder(folder: Path | str, *, registry: Registry | None = None) -> Policy:
    """
    Return the policy of a folder.

    Args:
        folder: A folder of YAML files, and CSV files beside them.
        registry: The guardrails that it can name; None takes all that are installed.

    Raises:
        PolicyError: If there is any mistake; it holds all of them.
        ExtraMissing: If the extra `author` is not installed.
    """
    return compile_files(read_files(Path(folder)), registry=registry)


def compile_files(files: Mapping[str, bytes], *, registry: Registry | None = None) -> Policy:
    """
    Return the policy of files by name; otherwise like `compile_folder`.

    Raises:
        PolicyError: If there is any mistake; it holds all of them.
    """
    log = Log()
    draft = compile_draft(files, registry or Registry.installed(), log)
    log.refuse()
    return draft.policy


@attrs.frozen
class Draft:
    """
    What could be read of a policy, however much is wrong with it.

    Attributes:
        policy: What is right.
        names: All names that are declared, right or wrong, by what they are the names of.
    """

    policy: Policy
    names: Mapping[str, Collection[str]]


def compile_draft(files: Mapping[str, bytes], registry: Registry, log: Log) -> Draft:
    """Return a draft after noting all mistakes, but for names that do not exist: they are looked up at the end."""
    policy_files = {name: raw for name, raw in files.items() if name.partition("/")[0] not in BESIDE}
    sections = Sections(policy_files, log)
    check_sections(sections)
    values, zone = read_values(sections)
    profile, context = read_profile(sections), tuple(read_context(sections))
    rules = _rulebook(sections, profile, context)
    offers_reader = OffersReader(sections, rules, values, zone, policy_files)
    offers = tuple(with_asks(offers_reader.read(), profile.attributes, purposes := tuple(read_purposes(sections)), log))
    guardrails = GuardrailsReader(sections, registry, values.dial)
    kinds = {**USUAL_KINDS, **(IDENTIFIERS.read(sections.keys("identifiers"), log) or {})}
    channels, placements = tuple(read_channels(sections)), tuple(read_placements(sections))
    policy = Policy(
        name=sections.name(),
        values=values,
        channels=channels,
        placements=placements,
        topics=tuple(read_topics(sections)),
        purposes=purposes,
        attributes=profile.attributes,
        offers=tuple(placed.offer for placed in offers),
        context=context,
        segments=tuple(read_segments(sections, rules)),
        ranking=read_ranking(sections, rules, profile.attributes),
        guardrails=guardrails.read(),
        identifiers=tuple(kinds.items()),
        holdouts=read_holdouts(sections, values),
        expectations=read_expectations(sections),
        events=read_events(sections, kinds),
        triggers=read_triggers(sections, rules, channels, placements),
    )
    plugins = PluginsAsked(sections, registry, policy)
    check_offers(policy, sections, profile.places, offers)
    names: dict[str, Collection[str]] = {kind: sections.names(section) for kind, section in _SECTION_OF.items()}
    names |= {"attribute": profile.places, "offer": offers_reader.ids, "identifier": dict(policy.identifiers)}
    names["tactic"] = known_tactics(registry)
    log.resolve(names)
    if not log:
        policy = plugins.with_answers(policy, rules)
    if not log:
        policy = _with_conditions(policy, rules, registry, sections, guardrails.places)
    if not log:
        check_meaning(policy, sections, offers)
    return Draft(policy, names)


_SECTION_OF = {
    "topic": "topics",
    "channel": "channels",
    "purpose": "purposes",
    "placement": "placements",
    "segment": "segments",
}


def _rulebook(sections: Sections, profile: Profile, context: tuple[ContextAttribute, ...]) -> Rulebook:
    right = {f"profile.{a.name}" for a in profile.attributes} | {f"context.{a.name}" for a in context}
    declared = {f"profile.{name}" for name in profile.places}
    declared |= {f"context.{name}" for name in sections.names("context")}
    segments, purposes = sections.names("segments"), sections.names("purposes")
    return Rulebook(profile.attributes, context, segments, purposes, declared - right, sections.log)


def _with_conditions(
    policy: Policy, rules: Rulebook, registry: Registry, sections: Sections, places: Mapping[str, Place]
) -> Policy:
    """Return the policy with its guardrails' conditions compiled. They are asked about a policy without mistakes."""
    conditions: dict[str, Expr] = {}
    policy, answers = registry.asked(policy)
    for answer in answers:
        place = places.get(answer.name, sections.place("guardrails"))
        if answer.broken is not None:
            sections.log.add(place, "guardrail", f"guardrail {answer.name!r} is broken: {answer.told}")
        for rule_id, rule in answer.rules:
            if isinstance(rule, Always) or rule.condition in conditions:
                continue
            try:
                conditions[rule.condition] = rules.condition(rule.condition)
            except RuleError as error:
                sections.log.add(place, "guardrail", f"the condition of {rule_id}: {error}")
    return attrs.evolve(policy, conditions=tuple(sorted(conditions.items())))
