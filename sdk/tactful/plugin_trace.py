"""The trace of plugins: which of them kept what away in a decision, and where each comes from. It decides nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from .engine.decision import Decision
from .registry import Registry

_BROKEN = "core.broken."
_QUOTA = "quota:"


@attrs.frozen
class Acted:
    """
    What one guardrail did in a decision.

    Attributes:
        guardrail: Its name; `core` stands for what tactful itself holds to.
        distribution: The distribution that brings it; None if it is not installed here.
        version: That distribution's version, likewise.
        kept_away: Otherwise eligible treatments that each of its limits kept away, by the limit's id.
        hidden: The attributes with a value on record that it kept from rules and texts.
    """

    guardrail: str
    distribution: str | None
    version: str | None
    kept_away: Mapping[str, int]
    hidden: tuple[str, ...]


def acted(decision: Decision, registry: Registry) -> tuple[Acted, ...]:
    """Return what each guardrail that acted did, in the order of names; `registry` tells where each comes from."""
    guardrails = tuple(registry.guardrails)
    kept: dict[str, Counter[str]] = {}
    hidden: dict[str, dict[str, None]] = {}
    explanation = decision.explain()
    for id_, count in _limits(decision):
        kept.setdefault(_owner(id_, guardrails), Counter())[id_] += count
    for one in explanation.hidden:
        hidden.setdefault(_owner(one.reason.id, guardrails), {})[one.attribute] = None
    found = []
    for name in sorted({*kept, *hidden}):
        brought = registry.guardrails.get(name)
        distribution, version = (None, None) if brought is None else (brought.distribution, brought.version)
        away = dict(sorted(kept.get(name, Counter()).items()))
        found.append(Acted(name, distribution, version, away, tuple(hidden.get(name, ()))))
    return tuple(found)


def _limits(decision: Decision) -> Iterator[tuple[str, int]]:
    yield from decision.limits().items()
    for loss in decision.explain().losses:
        yield from ((one.id.removeprefix(_QUOTA), 1) for one in loss.reasons if one.id.startswith(_QUOTA))


def _owner(id_: str, guardrails: tuple[str, ...]) -> str:
    """Return whose limit an id is; a guardrail's name may have dots, so the longest one that fits."""
    if id_.startswith(_BROKEN):
        return id_.removeprefix(_BROKEN)
    return max((one for one in guardrails if id_.startswith(f"{one}.")), key=len, default="core")
