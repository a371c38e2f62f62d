"""Breaking bonds: no data is used, and nobody is written to, beyond what the customer knowingly agreed to.

It tells from legal ground, market and consents whether a purpose may be served; it knows no offer but by its purpose.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import attrs

from tactful import (
    Always,
    Catalog,
    Hide,
    How,
    Intent,
    LegalBasis,
    LimitRule,
    Purpose,
    Regime,
    Scope,
    Unless,
    Withhold,
    hookimpl,
)

from .settings import DAY_S, length, listed, some_of, texts, whole, word
from .similar import Bought, by_topic, links, topics_like

#: Ways of giving consent that a policy may count. A ticked box, a condition of service, nobody knows how: are none.
_WAYS = (How.EXPLICIT.value, How.DOUBLE_OPT_IN.value, How.IMPLIED.value)
#: To pass data on, only a yes of the customer's own will do.
_OWN = (How.EXPLICIT.value, How.DOUBLE_OPT_IN.value)
_SIMILAR = "After a purchase we write to you only about things like it, unless you agree to more."


@attrs.frozen
class BreakingBonds:
    """
    Consent and its like, purpose by purpose.

    Attributes:
        accept: The ways of giving consent that count: `explicit`, `double_opt_in`, `implied`.
        dormant_after_s: A consent, or a sale behind a soft opt-in, that is as old as this counts no more [s].
        fresh_for_s: Consents that were last known to be true so long ago count as not given [s].
        similar_within: A message on a soft opt-in is about a topic that is reached over at most so many links from one
            that the customer bought.
        bought: The attribute that lists the topics which a customer bought from us; empty means that nothing tells it.
    """

    name: ClassVar[str] = "breaking_bonds"
    tiers: ClassVar[tuple[str, ...]] = ("values", "infrastructure")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"dormant_after_s": 365 * DAY_S, "fresh_for_s": DAY_S, "similar_within": 0},
        "bold": {"dormant_after_s": 3 * 365 * DAY_S, "fresh_for_s": 30 * DAY_S, "similar_within": 2},
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "accept": "more",
        "dormant_after_s": "more",
        "fresh_for_s": "more",
        "similar_within": "more",
        "bought": "more",
    }

    accept: tuple[str, ...] = attrs.field(default=_OWN, converter=texts, validator=some_of(_WAYS))
    dormant_after_s: int = attrs.field(default=2 * 365 * DAY_S, validator=whole(1))
    fresh_for_s: int = attrs.field(default=7 * DAY_S, validator=whole(1))
    similar_within: int = attrs.field(default=1, validator=whole(0))
    bought: str = attrs.field(default="", validator=word(optional=True))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: whatever is chosen is chosen for a purpose."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield, for each purpose, what happens without its ground, and what it does not cover at all."""
        attributes = tuple(attribute.name for attribute in catalog.policy.attributes)
        outbound = [channel.name for channel in catalog.policy.channels if channel.outbound]
        bought = Bought.of(catalog, self.bought)
        for purpose in catalog.policy.purposes:
            yield from _never(catalog, purpose)
            usable = self.usable(purpose)
            if usable is None:
                continue
            ground, say = _ground(purpose), _say(purpose)
            if attributes:
                hide = Hide(attributes, (purpose.name,))
                yield Unless(usable, hide, f"{ground}: no use of data", f"{purpose.name}.data", say)
            withhold = Withhold(catalog.purpose(purpose.name))
            if purpose.partner is not None:
                reason = f"{ground}: nothing of the partner {purpose.partner}"
                yield Unless(usable, withhold, reason, f"{purpose.name}.partner", say)
            elif outbound:
                asked = f"!(channel.name in {_texts(outbound)}) || ({usable})"
                yield Unless(asked, withhold, f"{ground}: no message", f"{purpose.name}.message", say)
                if purpose.legal_basis is LegalBasis.SOFT_OPT_IN:
                    yield from self._similar(catalog, purpose, bought, outbound)

    def usable(self, purpose: Purpose) -> str | None:
        """Return the condition under which a purpose may be served; None if always."""
        said = f"consent.{purpose.name}"
        known = f'now - consents.at < duration("{self.fresh_for_s}s")'
        if purpose.partner is not None:
            return f"{self._yes(said, self._own)} && {known} && !context.gpc"
        silence = f"!{said}.refused && !context.gpc && {known}"
        match purpose.legal_basis:
            case LegalBasis.CONTRACT:
                return None
            case LegalBasis.LEGITIMATE_INTEREST:
                return silence
            case LegalBasis.SOFT_OPT_IN:  # a sale is the ground: its record is a consent that was implied
                return f"{self._yes(said, [*self.accept, How.IMPLIED.value])} && {known}"
        given = f"{self._yes(said, self.accept)} && {known}"
        silent = [market for market, regime in purpose.regimes if regime is Regime.OPT_OUT]
        return f"({given}) || (context.market in {_texts(silent)} && {silence})" if silent else given

    def sentence(self) -> str:
        """Return its line in the policy document."""
        ways = listed([way.replace("_", " ") for way in self.accept], "or")
        return (
            f"Personal data is used, and customers are written to, only on a legal ground: consent counts if it is "
            f"{ways}, younger than {length(self.dormant_after_s)}, and known to be true within the last "
            f"{length(self.fresh_for_s)}. A partner needs a consent of its own, and a contract is no ground to sell. "
            f"After a sale alone, {self._alike}."
        )

    @property
    def _alike(self) -> str:
        if not self.bought:
            return "nobody is written to, as nothing tells what was bought"
        if not self.similar_within:
            return "messages are about what was bought, and nothing else"
        within = links(self.similar_within)
        return f"messages are about topics within {within} of what was bought, and nothing else"

    @property
    def _own(self) -> Sequence[str]:
        return [way for way in self.accept if way in _OWN]

    def _similar(
        self, catalog: Catalog, purpose: Purpose, bought: Bought | None, outbound: Sequence[str]
    ) -> Iterable[LimitRule]:
        """
        Yield for each topic that nobody is written to about it who bought nothing like it, and only ever bought.

        A yes of the customer's own to the purpose is a ground of its own, and lifts this.
        """
        agreed = self._yes(f"consent.{purpose.name}", self._own)
        for topic, scope in by_topic(catalog, purpose):
            sale, reason = "false", f"nothing tells what was bought, so nothing is similar to {topic}"
            if bought is not None:
                like = topics_like(catalog, topic, self.similar_within)
                sale = bought.one_of(like, purpose, self.dormant_after_s)
                near = f"within {links(self.similar_within)} of {topic}" if self.similar_within else f"of {topic}"
                reason = f"nothing {near} was bought from us"
            covered = f"!(channel.name in {_texts(outbound)}) || ({agreed}) || ({sale})"
            yield Unless(covered, Withhold(scope), reason, f"{purpose.name}.similar.{topic}", _SIMILAR)

    def _yes(self, said: str, ways: Iterable[str]) -> str:
        ways = tuple(dict.fromkeys(ways))
        young = f'now - {said}.at < duration("{self.dormant_after_s}s")'
        return f"{said}.given && {said}.how in {_texts(ways)} && {young}" if ways else "false"


def _never(catalog: Catalog, purpose: Purpose) -> Iterable[LimitRule]:
    """Yield what no consent changes: a contract covers no selling, and what is derived goes as far as its origin."""
    if purpose.legal_basis is LegalBasis.CONTRACT and purpose.partner is None:
        sold = catalog.purpose(purpose.name) & catalog.intent(Intent.SELL)
        yield Always(
            Withhold(sold), f"{purpose.name} stands on a contract, which covers no selling", f"{purpose.name}.sold"
        )
    derived = tuple(a.name for a in catalog.policy.attributes if not _may_read(catalog, a.name, purpose.name))
    if derived:
        reason = f"it is computed from what {purpose.name} may not read"
        yield Always(Hide(derived, (purpose.name,)), reason, f"{purpose.name}.derived")


def _may_read(catalog: Catalog, name: str, purpose: str) -> bool:
    """Return whether a purpose may read all that an attribute is computed from, however far round."""
    specs = {attribute.name: attribute for attribute in catalog.policy.attributes}
    seen: set[str] = set()
    waiting = list(specs[name].derived_from)
    while waiting:
        origin = specs.get(waiting.pop())
        if origin is None or (origin.purposes and purpose not in origin.purposes):
            return False
        if origin.name not in seen:
            seen.add(origin.name)
            waiting += origin.derived_from
    return True


def _ground(purpose: Purpose) -> str:
    basis = LegalBasis.CONSENT if purpose.partner is not None else purpose.legal_basis
    return f"no {basis.value.replace('-', ' ')} for {purpose.name}"


def _say(purpose: Purpose) -> str:
    does = " ".join(purpose.say.split()) or "use what we know of you for this"
    if purpose.partner is None and purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST:
        return f"We {does} only while you do not object."
    return f"Without your agreement we do not {does}."


def _texts(values: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [BreakingBonds]
