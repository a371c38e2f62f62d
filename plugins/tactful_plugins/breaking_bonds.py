"""Breaking bonds: no data is used, and nobody is written to, beyond what the customer knowingly agreed to.

It tells from legal ground, market and consents whether a purpose may be served; it knows no offer but by its purpose.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Catalog,
    Hide,
    How,
    LegalBasis,
    LimitRule,
    Purpose,
    Regime,
    Scope,
    Unless,
    Withhold,
    hookimpl,
)

DAY_S = 86_400
_WAYS = tuple(how.value for how in How)


@attrs.frozen
class BreakingBonds:
    """
    Consent and its like, purpose by purpose.

    Attributes:
        accept: The ways of giving consent that count; a pre-ticked box or a condition of service does not.
        dormant_after_s: A consent that is older than this counts no more [s].
        fresh_for_s: Consents that were last known to be true longer ago than this count as not given [s].
    """

    name: ClassVar[str] = "breaking_bonds"
    tiers: ClassVar[tuple[str, ...]] = ("values", "infrastructure")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"dormant_after_s": 365 * DAY_S, "fresh_for_s": DAY_S},
        "bold": {"dormant_after_s": 3 * 365 * DAY_S, "fresh_for_s": 30 * DAY_S},
    }

    accept: tuple[str, ...] = attrs.field(
        default=("explicit", "double_opt_in"),
        converter=tuple,
        validator=attrs.validators.deep_iterable(attrs.validators.in_(_WAYS)),
    )
    dormant_after_s: int = attrs.field(default=2 * 365 * DAY_S, validator=attrs.validators.gt(0))
    fresh_for_s: int = attrs.field(default=7 * DAY_S, validator=attrs.validators.gt(0))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: whatever is chosen is chosen for a purpose."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield, for each purpose that needs a ground, that without it nothing is used and nobody is written to."""
        attributes = tuple(attribute.name for attribute in catalog.policy.attributes)
        outbound = [channel.name for channel in catalog.policy.channels if channel.outbound]
        for purpose in catalog.policy.purposes:
            usable = self.usable(purpose)
            if usable is None:
                continue
            ground = f"no {purpose.legal_basis.value} for {purpose.name}"
            if attributes:
                yield Unless(
                    usable, Hide(attributes, (purpose.name,)), f"{ground}: no use of data", f"{purpose.name}.data"
                )
            offers = catalog.purpose(purpose.name)
            if purpose.partner is not None:
                reason = f"{ground}: nothing of the partner {purpose.partner}"
                yield Unless(usable, Withhold(offers), reason, f"{purpose.name}.partner", _say(purpose))
            elif outbound:
                inbound_or = f"!(channel.name in {_texts(outbound)}) || ({usable})"
                reason = f"{ground}: no message"
                yield Unless(inbound_or, Withhold(offers), reason, f"{purpose.name}.message", _say(purpose))

    def usable(self, purpose: Purpose) -> str | None:
        """Return the condition under which a purpose may be served; None if always."""
        said = f"consent.{purpose.name}"
        if purpose.legal_basis is LegalBasis.CONTRACT and purpose.partner is None:
            return None
        if purpose.legal_basis is not LegalBasis.CONSENT and purpose.partner is None:
            return f"!{said}.refused"
        given = (
            f"{said}.given && {said}.how in {_texts(self.accept)}"
            f' && now - {said}.at < duration("{self.dormant_after_s}s")'
            f' && now - consents.at < duration("{self.fresh_for_s}s")'
        )
        if purpose.partner is not None:
            return f"{given} && !context.gpc"
        silent = [market for market, regime in purpose.regimes if regime is Regime.OPT_OUT]
        return f"({given}) || (context.market in {_texts(silent)} && !{said}.refused)" if silent else given

    def sentence(self) -> str:
        """Return its line in the policy document."""
        ways = " or ".join(way.replace("_", " ") for way in self.accept)
        return (
            f"Personal data is used, and customers are written to, only on a legal ground: consent counts if it is "
            f"{ways}, at most {self.dormant_after_s // DAY_S} days old, and confirmed within the last "
            f"{self.fresh_for_s // DAY_S} days. A partner needs a consent of its own."
        )


def _say(purpose: Purpose) -> str:
    return f"We keep back what would need your consent to {purpose.say}." if purpose.say else ""


def _texts(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [BreakingBonds]
