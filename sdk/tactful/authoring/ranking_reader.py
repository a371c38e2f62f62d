"""Reads how offers are ordered: the customer's affinities, and factors for the moment."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..expr import TRUE
from ..names import hint_for
from ..policy import Boost, Ranking
from ..schema import Attribute, ValueType
from ..score_model import Feature, ScoreModel, Term, faults_of
from .merged import Sections
from .ranking_sections import RANKING
from .rulebook import Rulebook
from .source import Log, Node


def read_ranking(sections: Sections, rules: Rulebook, attributes: Iterable[Attribute]) -> Ranking:
    """Return the section `ranking`."""
    section, log = sections.keys("ranking"), sections.log
    found = RANKING.read(section, log)
    boosts = tuple(_boosts(found.pop("boosts", ()), rules))
    model = _model(found.pop("model", None), section.get("model"), rules, log)
    types = {attribute.name: attribute.type for attribute in attributes}
    affinity, node = found.get("affinity"), section.get("affinity")
    if node is not None and types.get(affinity or "", ValueType.SCORES) is not ValueType.SCORES:
        scores = [name for name, type_ in types.items() if type_ is ValueType.SCORES]
        hint = hint_for(str(affinity), scores) or "declare one with `type: scores`"
        log.add(node.place, "ranking", f"attribute {affinity!r} holds no scores", hint)
    if model is not None and affinity is None and any(term.of is Feature.AFFINITY for term in model.terms):
        place = (section.get("model") or section).place
        log.add(
            place, "ranking", "a term is `of: affinity`, and the ranking has none", "name its attribute: `affinity:`"
        )
    ranking = Ranking(boosts=boosts, model=model, **found)
    if ranking.ceiling < ranking.absent:
        message = f"the ceiling {ranking.ceiling:g} is below {ranking.absent:g}, the affinity of what is absent"
        bound = section.get("ceiling") or section.get("absent") or section
        log.add(bound.place, "ranking", message, "raise `ceiling` or lower `absent`")
    return ranking


def _model(found: Mapping[str, Any] | None, node: Node | None, rules: Rulebook, log: Log) -> ScoreModel | None:
    """Return the score model; None if there is none, or after noting what is wrong with it."""
    if found is None or node is None:
        return None
    terms = tuple(_terms(found.get("terms", ()), rules))
    if len(terms) < len(found.get("terms", ())):
        return None
    model = ScoreModel(terms, **{key: value for key, value in found.items() if key != "terms"})
    for why in faults_of(model):
        log.add(node.place, "ranking", why, "fit the model anew, or leave out what is too much")
    return model


def _terms(found: Iterable[Mapping[str, Any]], rules: Rulebook) -> Iterator[Term]:
    for term in found:
        when = rules.rule(term["when"], rules.moment) if "when" in term else TRUE
        if when is not None:
            yield Term(when=when, **{key: value for key, value in term.items() if key != "when"})


def _boosts(found: Iterable[Mapping[str, Any]], rules: Rulebook) -> Iterator[Boost]:
    for boost in found:
        when = rules.rule(boost["when"], rules.moment)
        if when is not None:
            yield Boost(when, **{key: value for key, value in boost.items() if key != "when"})
