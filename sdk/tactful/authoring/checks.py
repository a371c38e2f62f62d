"""Checks the whole of a policy: what it needs, what builds on what, and that every offer can be shown to a stranger."""

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Final

from ..against_stated import misnamed
from ..catalog import Catalog
from ..expr import reads
from ..familiarity import Familiarity
from ..labels import Labeller
from ..plan.contradictions import PARTS_MAX, contradictions, oversized
from ..plan.governed import reads_unasked
from ..policy import Policy
from .merged import Sections
from .offers_reader import Placed
from .source import Place

CHAIN_MAX: Final = 32
#: A word that may be a name, and the sections whose names what contradicts itself is told by.
_WORD: Final = re.compile(r"\w[\w.\-]*")
_SECTIONS_TOLD: Final = ("channels", "placements", "topics", "purposes", "segments", "holdouts")
NEEDED: Final = ("channels", "placements", "topics", "purposes", "offers")


def check_sections(sections: Sections) -> None:
    """Note the sections that every policy needs and this one lacks."""
    for section in NEEDED if not sections.log.unread else ():
        if not sections.names(section):
            place = sections.place(section)
            sections.log.add(place, "missing-section", f"the policy has no {section}", f"add the section `{section}:`")


def check_offers(policy: Policy, sections: Sections, places: Mapping[str, Place], offers: Sequence[Placed]) -> None:
    """
    Note ids that are there twice, wrong checks, what goes round in a circle, and offers that need to know everybody.

    Args:
        policy: The policy.
        sections: Its sections, and the log of mistakes.
        places: Where attributes are declared.
        offers: The policy's offers with their places.
    """
    ids: dict[str, Place] = {}
    for placed in offers:
        first = ids.setdefault(placed.offer.id, placed.place)
        if first is not placed.place:
            message = f"offer {placed.offer.id!r} is there twice; first in {first.file}:{first.line}"
            sections.log.add(placed.place, "duplicate", message)
    for name, why in misnamed(policy.attributes):
        hint = "name another attribute of its type, which has `source: stated` and tells the same"
        sections.log.add(places[name], "checked-by", why, hint)
    if _builds_up(policy, sections, places):
        _check_tones(policy, sections, offers)
        _check_readers(policy, sections, offers)
        _check_sizes(policy, sections, offers)


def check_meaning(policy: Policy, sections: Sections, offers: Sequence[Placed]) -> None:
    """
    Note what an edge would refuse in the policy's bundle: what cannot be meant, although it can be written.

    Args:
        policy: The policy, without any other mistake.
        sections: Its sections, and the log of mistakes.
        offers: The policy's offers with their places.
    """
    named = dict.fromkeys(("ranking", "boost", "term", "model"), sections.place("ranking"))
    named |= {placed.offer.id: placed.place for placed in offers}
    for section in _SECTIONS_TOLD:
        named |= sections.names(section)
    for why in contradictions(policy):
        _, *words = _WORD.findall(why)
        place = next((named[word] for word in words if word in named), sections.place("name"))
        sections.log.add(place, "contradiction", why, "no edge would take a bundle of it")


def _check_sizes(policy: Policy, sections: Sections, offers: Sequence[Placed]) -> None:
    places = {placed.offer.id: placed.place for placed in offers}
    places |= {f"segment.{name}": place for name, place in sections.names("segments").items()}
    for name in oversized(policy):
        message = f"{name} has more than {PARTS_MAX} parts, with the segments that it reads"
        sections.log.add(places[name], "rule-limit", message, "let fewer segments build on one another")


def _check_tones(policy: Policy, sections: Sections, offers: Sequence[Placed]) -> None:
    labeller = Labeller(policy)
    for placed in offers:
        tones = (
            max(t.raise_to, labeller.evidence(p for _, fs in t.content for f in fs for p in f.parts).familiarity)
            for t in placed.offer.treatments
        )
        if min(tones) > Familiarity.CONTEXT:
            message = f"offer {placed.offer.id!r} has no treatment that is GENERIC or CONTEXT"
            hint = "add one that reads nothing of the profile, and whose `tone:` is not raised"
            sections.log.add(placed.place, "no-plain-treatment", message, hint)


def _check_readers(policy: Policy, sections: Sections, offers: Sequence[Placed]) -> None:
    """Note the offers that read an attribute, by themselves or through others, which their department may not read."""
    guarded = [attribute for attribute in policy.attributes if attribute.readers]
    if not guarded:
        return
    places = {placed.offer.id: placed.place for placed in offers}
    catalog = Catalog(policy)
    for attribute in guarded:
        unasked = reads_unasked(catalog, attribute)
        for id_ in sorted({entry.offer.id for entry in catalog.entries if unasked(entry)}):
            owner = next(offer.owner for offer in policy.offers if offer.id == id_)
            whose = f"of {owner!r}" if owner else "without an owner"
            message = f"offer {id_!r} {whose} reads {attribute.name!r}, which its department may not read"
            who = f"let {attribute.owner!r} add" if attribute.owner else "add"
            hint = f"{who} the department to `readers:` of the attribute, or let the offer do without it"
            sections.log.add(places[id_], "reader", message, hint)


def _builds_up(policy: Policy, sections: Sections, attributes: Mapping[str, Place]) -> bool:
    """Note what builds on itself, or on too much; return whether nothing does."""
    fine = True
    for section, graph in _graphs(policy):
        places = attributes if section == "attributes" else sections.names(section)
        for cycle in _cycles(graph):
            path = " → ".join((*cycle, cycle[0]))
            message = f"{section} go round in a circle: {path}"
            sections.log.add(places[cycle[0]], "cycle", message, "let one of them build on something else")
            fine = False
        for name in _too_deep(graph) if fine else ():
            message = f"{name!r} builds on others more than {CHAIN_MAX} deep"
            sections.log.add(places[name], "chain", message, "let it build on fewer")
            fine = False
    return fine


def _graphs(policy: Policy) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield what builds on what, among the names that are there."""
    yield "topics", _among({topic.name: [topic.under] for topic in policy.topics})
    yield "purposes", _among({purpose.name: [purpose.under] for purpose in policy.purposes})
    yield "attributes", _among({attribute.name: attribute.derived_from for attribute in policy.attributes})
    read = {
        s.name: [n.removeprefix("segment.") for n in reads(s.when) if n.startswith("segment.")] for s in policy.segments
    }
    yield "segments", _among(read)


def _among(graph: Mapping[str, Sequence[str | None]]) -> dict[str, list[str]]:
    return {name: sorted(one for one in others if one in graph and one is not None) for name, others in graph.items()}


def _cycles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """Yield circles until none is left, each from its first name on; taken apart so that others are found."""
    left = {name: list(others) for name, others in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1][1:]))
            start = circle.index(min(circle))
            cycle = circle[start:] + circle[:start]
            yield cycle
            left[cycle[0]] = [other for other in left[cycle[0]] if other not in cycle]
        else:
            return


def _too_deep(graph: dict[str, list[str]]) -> Iterator[str]:
    """Yield, of each chain that is too long, the first name that is too deep."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        depth[name] = 1 + max((depth[other] for other in graph[name]), default=0)
        if depth[name] == CHAIN_MAX + 1:
            yield name
