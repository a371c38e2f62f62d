"""What makes a policy mature: one table, of what a policy has and what its logs show. It makes no level of it.

Each criterion looks for a boundary that is there, never for the absence of something: so to tighten a boundary, or to
add one, can never make a criterion fail that was met.
"""

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from ..familiarity import Familiarity
from ..limits import Cap, Quiet
from ..policy import Dial, Policy
from ..registry import GuardrailRules
from ..schema import Sensitivity
from .figures import OFFENCES, SHOWN, Figures
from .wilson import wilson

FREQUENCY: Final = "contact frequency"
KNOWLEDGE: Final = "use of personal data"
POSITIONING: Final = "offer positioning"
MESSAGING: Final = "offer messaging"
COLUMNS: Final = (FREQUENCY, KNOWLEDGE, POSITIONING, MESSAGING)
#: So much has to be logged before it shows anything.
ENOUGH: Final = 100
_OFFENDED_MAX: Final = 0.02
_PRACTICING: Final = False
_LEADING: Final = True


@attrs.frozen
class Subject:
    """What is assessed: a policy, what its guardrails ask, and what was counted."""

    policy: Policy
    asked: tuple[GuardrailRules, ...]
    figures: Figures

    def keeps(self, guardrail: str) -> bool:
        """Return whether a guardrail is on, and works."""
        return any(one.name == guardrail and one.broken is None for one in self.asked)

    def caps(self) -> Iterable[Cap]:
        """Yield all caps, of whichever guardrail."""
        return (rule.limit for one in self.asked for _, rule in one.rules if isinstance(rule.limit, Cap))


@attrs.frozen
class Found:
    """Whether a criterion is met (None: what would show it is not there), and by what."""

    met: bool | None
    evidence: str


@attrs.frozen
class Criterion:
    """
    One thing that a mature organization does.

    Attributes:
        column: In which respect.
        leading: Whether it makes leading, rather than practicing.
        what: What it is.
        look: Says whether it is met.
        step: What to do if it is not.
    """

    column: str
    leading: bool
    what: str
    look: Callable[[Subject], Found]
    step: str


def _guardrail(name: str) -> Callable[[Subject], Found]:
    return lambda it: Found(it.keeps(name), f"guardrail {name}: {'on' if it.keeps(name) else 'off or broken'}")


def _capped(it: Subject) -> Found:
    count = sum(1 for cap in it.caps() if cap.per == "customer" and cap.counted.event == SHOWN)
    return Found(count > 0, f"caps on what one customer is shown: {count}")


def _quiet(it: Subject) -> Found:
    count = sum(1 for one in it.asked for _, rule in one.rules if isinstance(rule.limit, Quiet))
    return Found(count > 0, f"quiet hours: {count}")


def _capped_everywhere(it: Subject) -> Found:
    count = sum(1 for c in it.caps() if c.per == "customer" and c.counted.event == SHOWN and not c.channels)
    return Found(count > 0, f"caps that count all channels together: {count}")


def _rests(it: Subject) -> Found:
    events = sorted({cap.counted.event for cap in it.caps()} & set(OFFENCES))
    return Found(bool(events), f"offences after which we are quiet: {', '.join(events) or 'none'}")


def _owned(it: Subject) -> Found:
    owned = sum(1 for attribute in it.policy.attributes if attribute.owner)
    return Found(owned == len(it.policy.attributes), f"{owned} of {len(it.policy.attributes)} attributes have an owner")


def _readers(it: Subject) -> Found:
    count = sum(1 for attribute in it.policy.attributes if attribute.readers)
    return Found(count > 0, f"attributes that only some departments may read: {count}")


def _second_signature(it: Subject) -> Found:
    count = it.policy.values.signatures
    return Found(count > 1, f"signatures that a bundle needs: {count}")


def _sensitive(it: Subject) -> Found:
    count = sum(1 for topic in it.policy.topics if topic.sensitivity > Sensitivity.ORDINARY)
    return Found(count > 0, f"topics that are marked as sensitive or intimate: {count}")


def _forbidden(it: Subject) -> Found:
    count = sum(len(topic.forbidden) for topic in it.policy.topics)
    return Found(count > 0, f"links between topics that are forbidden: {count}")


def _holdouts(it: Subject) -> Found:
    count = sum(1 for holdout in it.policy.holdouts if holdout.share > 0)
    return Found(count > 0, f"holdouts that show what offers do: {count}")


def _margin(it: Subject) -> Found:
    margin = it.policy.values.exposure_margin
    return Found(margin > 0, f"worth that is given up to show less: up to {margin:.0%}")


def _public(it: Subject) -> Found:
    loud = sum(1 for channel in it.policy.channels if channel.tone is Familiarity.PERSONAL)
    on = it.keeps("boudoir")
    return Found(on or not loud, f"guardrail boudoir: {'on' if on else 'off'}; channels that may be personal: {loud}")


def _careful_dial(it: Subject) -> Found:
    return Found(it.policy.values.dial is not Dial.BOLD, f"the dial stands at {it.policy.values.dial.value}")


def _logged(it: Subject) -> Found:
    count = it.figures.decisions
    if count is None or count < ENOUGH:
        return Found(None, f"decisions in the log: {count or 0}; {ENOUGH} would show something")
    limited = f"a limit kept something away in {it.figures.limited:,}"
    return Found(met=True, evidence=f"{count:,} decisions logged; {limited}")


def _inoffensive(*events: str) -> Callable[[Subject], Found]:
    def look(it: Subject) -> Found:
        shown, offended = it.figures.total(SHOWN), it.figures.total(*events)
        if shown < ENOUGH:
            return Found(None, f"exposures in the ledger: {shown}; {ENOUGH} would show something")
        rate = wilson(min(offended, shown), shown)
        return Found(rate.high <= _OFFENDED_MAX, f"{', '.join(events)}: {rate} of {shown:,} exposures")

    return look


#: The whole assessment. docs/governance.md has the same table, and a test holds them together.
CRITERIA: Final = (
    Criterion(FREQUENCY, _PRACTICING, "one customer is not shown too much", _capped, "add a cap in `caps:`"),
    Criterion(FREQUENCY, _PRACTICING, "nobody is written to at night", _quiet, "add `quiet_hours:`"),
    Criterion(FREQUENCY, _LEADING, "channels count together", _capped_everywhere, "leave `channels` out of a cap"),
    Criterion(FREQUENCY, _LEADING, "we are quiet after an offence", _rests, "turn overcrowding's `after_complaint` on"),
    Criterion(
        FREQUENCY,
        _LEADING,
        "few leave or complain",
        _inoffensive("complaint", "unsubscribe"),
        "record what customers do, and lower the caps until at most 2 % leave or complain",
    ),
    Criterion(KNOWLEDGE, _PRACTICING, "what is known has an owner", _owned, "give each attribute an `owner`"),
    Criterion(KNOWLEDGE, _PRACTICING, "consent is kept", _guardrail("breaking_bonds"), "turn breaking_bonds on"),
    Criterion(KNOWLEDGE, _PRACTICING, "old knowledge is let go", _guardrail("staleness"), "turn staleness on"),
    Criterion(KNOWLEDGE, _LEADING, "sources are weighed", _guardrail("digging_too_deep"), "turn digging_too_deep on"),
    Criterion(KNOWLEDGE, _LEADING, "not everybody reads all", _readers, "name `readers` of what is delicate"),
    Criterion(KNOWLEDGE, _LEADING, "decisions can be accounted for", _logged, "keep a decision log in the store"),
    Criterion(POSITIONING, _PRACTICING, "what is delicate is marked", _sensitive, "give topics a `sensitivity`"),
    Criterion(POSITIONING, _PRACTICING, "it stays in its room", _guardrail("boudoir"), "turn boudoir on"),
    Criterion(
        POSITIONING, _PRACTICING, "no leaps between topics", _guardrail("category_jumping"), "turn category_jumping on"
    ),
    Criterion(POSITIONING, _LEADING, "some links are forbidden", _forbidden, "name `forbidden` links of topics"),
    Criterion(POSITIONING, _LEADING, "hazards are signed", _guardrail("moral_hazards"), "turn moral_hazards on"),
    Criterion(POSITIONING, _LEADING, "what offers do is measured", _holdouts, "add a holdout in `holdouts:`"),
    Criterion(POSITIONING, _LEADING, "what was kept away is known", _logged, "keep a decision log in the store"),
    Criterion(MESSAGING, _PRACTICING, "no more is shown than needed", _margin, "let `exposure_margin` be more than 0"),
    Criterion(
        MESSAGING, _PRACTICING, "others do not read along", _public, "turn boudoir on, or bound the `tone` of channels"
    ),
    Criterion(MESSAGING, _LEADING, "the appetite for risk is bounded", _careful_dial, "set the dial to balanced"),
    Criterion(MESSAGING, _LEADING, "a second person signs", _second_signature, "let `values: {signatures: 2}`"),
    Criterion(
        MESSAGING,
        _LEADING,
        "few find it too personal",
        _inoffensive("too_personal", "dismissed"),
        "record what customers do, and soften what the report on offences names first",
    ),
)
