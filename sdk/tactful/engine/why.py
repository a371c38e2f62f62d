"""Why: the customer's own explanation, true and in plain words. It names what was used, never a value."""

from collections.abc import Iterator

from ..expr import Var, walk
from ..familiarity import Familiarity
from ..limits import Hide
from ..schema import Attribute
from .explain import acting, hiding, opening
from .limited import WISHED
from .moment import Chosen, Moment
from .render import fields_of, value_of


def why(moment: Moment) -> str:
    """Return, a line for each thing shown, why the customer sees it."""
    lines = [why_this(moment, one) for one in moment.chosen]
    lines += _held_back(moment)
    return "\n".join(lines) if lines else "Nothing was chosen for you: everyone sees this."


def why_this(moment: Moment, one: Chosen) -> str:
    """Return why the customer sees one thing; nothing of what was held back."""
    return f"{_title(moment, one)}: {_because(moment, one)}"


def _title(moment: Moment, one: Chosen) -> str:
    """Return the offer's own words for it, without values."""
    for field in fields_of(moment, one.index):
        words = "".join(part if isinstance(part, str) else "…" for part in field.parts).strip(" …,")
        if words:
            return words
    return one.ranked.offer.id


def _because(moment: Moment, one: Chosen) -> str:
    entry = moment.plan.catalog.entries[one.index]
    known = sorted(set(_used(moment, one)))
    if moment.affinities.personal(one.ranked):
        known.append(_liked(moment))
    if known:
        return f"you see this because {_listed(known)}.{_purpose(moment, one)}"
    if entry.labels.basis is Familiarity.CONTEXT:
        return "you see this because of the page, the place or the time; nothing about you was used."
    if entry.labels.basis > Familiarity.CONTEXT:
        return f"you see this because of what we know of you.{_purpose(moment, one)}"
    return "everyone may see this; nothing about you was used."


def _used(moment: Moment, one: Chosen) -> Iterator[str]:
    """Yield the words for each segment and attribute that it is shown for: its offer reads them, or a limit does."""
    policy = moment.plan.policy
    segments = {f"segment.{segment.name}": segment for segment in policy.segments}
    attributes = {f"profile.{attribute.name}": attribute for attribute in policy.attributes}
    parts = [part for field in fields_of(moment, one.index) for part in field.parts if not isinstance(part, str)]
    read = (node for part in (one.ranked.offer.when, *parts) for node in walk(part) if isinstance(node, Var))
    for variable in read:
        value = value_of(moment, variable, one.ranked.purpose)
        if variable.name in segments and value is True:
            segment = segments[variable.name]
            yield segment.say or f"you are in the group “{segment.name}”"
        elif variable.name in attributes and value is not None:
            attribute = attributes[variable.name]
            yield _of(attribute)
    by_name = {attribute.name: attribute for attribute in policy.attributes}
    yield from (_of(by_name[name]) for name, bits in opening(moment) if bits >> one.index & 1)


def _of(attribute: Attribute) -> str:
    return f"of {attribute.say or attribute.name.replace('_', ' ')}"


def _liked(moment: Moment) -> str:
    policy = moment.plan.policy
    say = next((a.say for a in policy.attributes if a.name == policy.ranking.affinity), "")
    return f"of {say or 'what you chose before'}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _purpose(moment: Moment, one: Chosen) -> str:
    purposes = {purpose.name: purpose.say for purpose in moment.plan.policy.purposes}
    say = purposes.get(one.ranked.offer.purpose, "")
    return f" We may use that to {say}." if say else ""


def _held_back(moment: Moment) -> Iterator[str]:
    """Yield what guardrails tell a customer of having held something back."""
    words = {bound.id: bound.say for bound in moment.channel.bounds} | {cap.id: cap.say for cap in moment.plan.caps}
    words |= {f"{cap.id}.wish": WISHED for cap in moment.plan.caps}
    limits = [(words.get(reason.id, ""), bits) for reason, bits in acting(moment)]  # a stand-in waits in silence
    # What a limit without words keeps away is kept away in silence, whoever else would have words for it.
    silent = 0
    for say, bits in limits:
        silent |= 0 if say else bits
    said = {say for say, bits in limits if bits & ~silent}
    # What hides whatever there is says so whatever there is, so that its words tell nothing of what there is.
    said |= {bound.say for bound, names in hiding(moment) if names or isinstance(bound.limit, Hide)}
    yield from sorted(said - {""})
