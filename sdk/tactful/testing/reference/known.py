"""What rules can know: what each variable stands for, for guardrails and for the offers of one purpose."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from ...clock import SKEW_US
from ...errors import ValueRefused
from ...limits import Hide, Require
from ...offers import Channel
from ...policy import Policy
from ...schema import ContextAttribute, ValueType, check_value
from ..interpreter import UNKNOWN, evaluate
from .answer import Situation
from .consents import consent
from .labels import is_circular
from .visible import NOTHING, direct, protected, seen

#: The context that every policy has without declaring it.
_BUILT_IN: Final = (
    ContextAttribute("market", ValueType.TEXT),
    ContextAttribute("language", ValueType.TEXT),
    ContextAttribute("gpc", ValueType.BOOL, absent=False),
)


@attrs.frozen(repr=False)
class GuardrailsKnow:
    """What the conditions of guardrails and boosts can read: the protective view, and nothing else of the profile."""

    policy: Policy
    policy_until_us: int
    channel: Channel
    situation: Situation

    def value(self, name: str) -> Any:
        """Return a variable's value or UNKNOWN."""
        space, _, rest = name.partition(".")
        situation = self.situation
        match space:
            case "now":
                return situation.now_us
            case "channel":
                privacy = self.channel.privacy.name.lower().replace("_", "-")
                return {"name": self.channel.name, "privacy": privacy}.get(rest, UNKNOWN)
            case "context":
                return self._context(rest)
            case "protective":
                return protected(self.policy, situation.snapshot, rest)
            case "direct":
                return direct(self.policy, situation.snapshot, rest)
            case "consent":
                purpose, _, part = rest.rpartition(".")
                return consent(self.policy, situation.consents, purpose, part, self.channel.name, situation.now_us)
        return self._whom(name)

    def missing(self, name: str) -> Any:
        """Return False if a variable is known, else UNKNOWN: only of the profile it can be said that it is missing."""
        return UNKNOWN if self.value(name) is UNKNOWN else False

    def _whom(self, name: str) -> Any:
        identity, snapshot, consents = self.situation.identity, self.situation.snapshot, self.situation.consents
        if name == "identity.kind":
            return "none" if identity is None else identity.kind
        if name == "snapshot.at" and snapshot is not None:
            return self._trusted(snapshot.at_us)
        if name == "consents.at" and consents is not None:
            return self._trusted(consents.at_us)
        return UNKNOWN

    def _trusted(self, at_us: int) -> Any:
        """Return a time, unless it is too far ahead of our clock to tell an age by."""
        return at_us if at_us <= self.situation.now_us + SKEW_US else UNKNOWN

    def _context(self, name: str) -> Any:
        """Return what the caller tells, if it fits; what a caller does not speak of has its absent value."""
        declared = next((one for one in (*self.policy.context, *_BUILT_IN) if one.name == name), None)
        if declared is None:
            return UNKNOWN
        given = self.situation.context.get(name) if name in self.situation.context else declared.absent
        try:
            return UNKNOWN if given is None else check_value(declared.type, given)
        except ValueRefused:
            return UNKNOWN


@attrs.frozen(repr=False)
class OffersKnow:
    """What the rules and texts of one purpose's offers can read: the profile under that purpose, and segments too."""

    guardrails: GuardrailsKnow
    purpose: str
    limits: Sequence[Hide | Require]

    def value(self, name: str) -> Any:
        """Return a variable's value or UNKNOWN."""
        space, _, rest = name.partition(".")
        if space == "profile":
            found = self._profile(rest)
            return UNKNOWN if found is NOTHING else found
        if space == "segment":
            return self._segment(rest)
        return self.guardrails.value(name)

    def missing(self, name: str) -> Any:
        """Return True if an attribute may be seen and has no value, False if there is a value, else UNKNOWN."""
        space, _, rest = name.partition(".")
        if space == "profile" and self._profile(rest) is NOTHING:
            return True
        return UNKNOWN if self.value(name) is UNKNOWN else False

    def affinities(self) -> Any:
        """Return the customer's affinities by key, or UNKNOWN."""
        policy, situation = self.guardrails.policy, self.guardrails.situation
        attribute = next((one for one in policy.attributes if one.name == policy.ranking.affinity), None)
        if attribute is None or attribute.type is not ValueType.SCORES:
            return UNKNOWN
        found = seen(policy, situation.snapshot, attribute.name, self.purpose, self.limits, situation.now_us)
        return UNKNOWN if found is NOTHING else found

    def _profile(self, name: str) -> Any:
        policy, situation = self.guardrails.policy, self.guardrails.situation
        if any(one.name == name and one.type is ValueType.SCORES for one in policy.attributes):
            return UNKNOWN  # no rule can read scores
        return seen(policy, situation.snapshot, name, self.purpose, self.limits, situation.now_us)

    def _segment(self, name: str) -> Any:
        """Return whether the customer is in a segment; nobody knows what a segment is that is made of itself."""
        policy = self.guardrails.policy
        segment = next((one for one in policy.segments if one.name == name), None)
        if segment is None or is_circular(policy, f"segment.{name}"):
            return UNKNOWN
        return evaluate(segment.when, self)
