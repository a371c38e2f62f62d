"""Random customers: what is known of one, what was agreed to, and what has happened."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

import attrs

from ...clock import NEVER_US, SECOND_US, SKEW_US
from ...consent import EVERYTHING, RESTRICTION, Consent, Consents, ConsentState, How
from ...contacts import Contact
from ...expr import Const, walk
from ...policy import Policy
from ...profile import Observation, Snapshot
from ...schema import Attribute, Source, Value, ValueType
from .chance import LENGTHS_US, NOON_US, NOWHERE, Chance
from .policies import OWNERS
from .words import MARKETS, TAGS, ZONES, Words

_SOURCES: Final = (Source.STATED, Source.OBSERVED, Source.OBSERVED, Source.DERIVED, Source.MODELLED, Source.THIRD_PARTY)
_YES: Final = (ConsentState.GIVEN,) * 5 + (ConsentState.RENEWED,)
_HOW: Final = (How.EXPLICIT,) * 3 + tuple(How)
EVENTS: Final = ("shown", "shown", "shown", "click", "purchase", "complaint", "unsubscribe")


@attrs.frozen
class Customers:
    """Makes what can be known of a policy's customers."""

    chance: Chance
    words: Words

    def snapshot(self, policy: Policy, customer: str, now_us: int) -> Snapshot | None:
        """Return a profile, or None for one that is not on record."""
        chance = self.chance
        if chance.happens(0.1):
            return None
        share = chance.of((0.5, 0.8, 1.0))
        attributes = {one.name: self._observation(one, now_us) for one in policy.attributes if chance.happens(share)}
        if chance.wild:
            attributes[NOWHERE] = Observation(1, Source.STATED, now_us)
        return Snapshot(customer, self._known_us(now_us), attributes)

    def _observation(self, attribute: Attribute, now_us: int) -> Observation:
        chance = self.chance
        ages_us = [*LENGTHS_US, 0, 0]
        if attribute.max_age_s is not None:
            oldest_us = attribute.max_age_s * SECOND_US
            ages_us += [oldest_us, oldest_us + 1, oldest_us - 1]
        age_us = chance.of(ages_us)
        type_ = chance.of(tuple(ValueType)) if chance.is_odd(0.08) else attribute.type
        return Observation(
            chance.of(ZONES) if attribute.name == "zone" and type_ is ValueType.TEXT else self._value(type_, now_us),
            chance.of(_SOURCES),
            now_us + age_us if chance.is_odd() else now_us - age_us,
            chance.of((1.0, 1.0, 0.8, 0.5, 0.0)),
            chance.happens(0.9),
            self._gave_us(now_us),
        )

    def _gave_us(self, now_us: int) -> int | None:
        """Return when value was last given for something, if it ever was."""
        apart = self.chance.apart()
        if apart.happens(0.6):
            return None
        return now_us + SKEW_US + apart.of((0, 1)) if apart.is_odd(0.1) else now_us - apart.of(LENGTHS_US)

    def _value(self, type_: ValueType, now_us: int) -> Value:
        """Return a value of a type; times are around a moment, so that they still have something to say."""
        chance = self.chance
        if type_ is ValueType.TIME and chance.happens(0.8):
            return now_us + chance.of((-1, -1, 1)) * chance.of(LENGTHS_US)
        return chance.value(type_)

    def consents(self, now_us: int) -> Consents | None:
        """Return what a customer agreed to, or None where it is not known."""
        chance = self.chance
        if chance.happens(0.1):
            return None
        records = tuple(self._consent(now_us) for _ in range(chance.number(0, 2 * len(self.words.purposes))))
        known_us = self._known_us(now_us)
        apart = Random(f"{known_us} {len(records)}")  # noqa: S311 - who opts out changes nothing else of a case
        if apart.random() < 0.15:  # noqa: PLR2004 - a share of the customers
            at_us = now_us - apart.choice(LENGTHS_US)
            state = apart.choice((ConsentState.WITHDRAWN, ConsentState.WITHDRAWN, ConsentState.GIVEN))
            channel = apart.choice((None, None, self.words.channels[0]))
            records += (Consent(EVERYTHING, state, How.EXPLICIT, at_us, channel=channel),)
        records += tuple(self._restrictions(apart, now_us))
        return Consents(records, known_us)

    def _restrictions(self, apart: Random, now_us: int) -> Iterator[Consent]:
        """Yield what few customers say of the use of all that is known: not to use it, perhaps to use it again."""
        while apart.random() < 0.05:  # noqa: PLR2004 - a share of the customers
            at_us = now_us - apart.choice(LENGTHS_US)
            yield Consent(RESTRICTION, ConsentState.WITHDRAWN, How.EXPLICIT, at_us)
            if apart.random() < 0.5:  # noqa: PLR2004 - half of them
                yield Consent(RESTRICTION, ConsentState.GIVEN, How.EXPLICIT, at_us + apart.choice((-1, 0, 1)))

    def _known_us(self, now_us: int) -> int:
        """Return when something was last known to be true; now and then the clock has been set back since."""
        chance = self.chance
        if chance.happens(0.05):
            return now_us + SKEW_US + chance.of((0, 1, *LENGTHS_US))
        return now_us - chance.of(LENGTHS_US)

    def _consent(self, now_us: int) -> Consent:
        chance = self.chance
        at_us = now_us - chance.of(LENGTHS_US)
        return Consent(
            chance.name(self.words.purposes),
            chance.of(_YES) if chance.happens(0.6) else chance.of(tuple(ConsentState)),
            chance.of(_HOW),
            self._known_us(now_us) if chance.happens(0.5) else at_us,
            max(at_us, now_us) + chance.of(LENGTHS_US) if chance.happens(0.4) else NEVER_US,
            chance.name(self.words.channels) if chance.happens(0.3) else None,
        )

    def contacts(self, customer: str, policy: Policy, now_us: int) -> tuple[Contact, ...]:
        """Return what has happened with a customer."""
        return tuple(
            self.contact(f"{customer}.{number}", customer, policy, now_us) for number in range(self.chance.number(0, 5))
        )

    def contact(self, id_: str, customer: str, policy: Policy, now_us: int) -> Contact:
        """Return one thing that has happened."""
        chance, words = self.chance, self.words
        offer = chance.of(policy.offers)
        at_us = now_us - chance.of(LENGTHS_US)
        is_known = chance.happens(0.8)
        return Contact(
            id_,
            customer,
            chance.of(EVENTS),
            now_us + chance.of(LENGTHS_US) if chance.is_odd() else at_us,
            offer.topic if is_known else chance.of((*words.topics, NOWHERE, "")),
            offer.id if is_known else chance.of((NOWHERE, "")),
            "t0",
            chance.of(words.placements),
            chance.of((*words.channels, "")),
            offer.owner if is_known else chance.of(OWNERS),
            offer.tags if is_known else chance.some(TAGS),
            at_us + chance.of(LENGTHS_US) if chance.happens(0.15) else None,
            offer.intent.value if is_known else chance.of(("", "sell")),
            offer.offer_class.value if is_known else chance.of(("", "default", "transactional")),
        )

    def context(self, now_us: int) -> Mapping[str, object]:
        """Return what a caller tells of the moment."""
        chance, words = self.chance, self.words
        types = {"gpc": ValueType.BOOL, **words.context}
        told: dict[str, object] = {
            name: self._value(type_, now_us) for name, type_ in types.items() if chance.happens(0.7)
        }
        if chance.happens(0.8):
            told["market"] = chance.of(MARKETS)
        if chance.is_odd(0.2):
            told[chance.of(tuple(types))] = chance.of((None, 1.5, "gold", object()))
        if chance.is_odd():
            told[NOWHERE] = "gold"
        return told


def turning_points(policy: Policy, snapshot: Snapshot | None, consents: Consents | None) -> list[int]:
    """Return moments at which something about a customer can change [us]."""
    constants = list(_constants(policy))
    found = [at for offer in policy.offers for at in (offer.from_us, offer.until_us)]
    found += [one.value for one in constants if one.type is ValueType.TIME and isinstance(one.value, int)]
    found += [known.at_us - SKEW_US for known in (snapshot, consents) if known is not None]
    times_us: list[int] = []
    for observation in snapshot.attributes.values() if snapshot is not None else ():
        times_us.append(observation.at_us)
        times_us += [] if observation.gave_us is None else [observation.gave_us, observation.gave_us - SKEW_US]
        if isinstance(observation.value, int) and observation.value > NOON_US // 2:
            times_us.append(observation.value)
    for record in consents.records if consents is not None else ():
        found.append(record.until_us)
        times_us.append(record.at_us)
    lengths_us = {one.value for one in constants if one.type is ValueType.DURATION and isinstance(one.value, int)}
    ages_us = {one.max_age_s * SECOND_US for one in policy.attributes if one.max_age_s is not None}
    ages_us |= {one.lease_s * SECOND_US for one in policy.attributes if one.lease_s is not None}
    found += [at_us + length_us for at_us in times_us for length_us in {0} | lengths_us | ages_us]
    return [at_us for at_us in found if 0 < at_us < NEVER_US]


def _constants(policy: Policy) -> Iterator[Const]:
    """Yield the constants in a policy's rules."""
    rules = [rule for offer in policy.offers for rule in (offer.when, *offer.unless)]
    rules += [*(segment.when for segment in policy.segments), *(condition for _, condition in policy.conditions)]
    for rule in rules:
        yield from (node for node in walk(rule) if isinstance(node, Const))
