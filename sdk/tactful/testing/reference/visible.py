"""What one purpose may see of one attribute: a value, nothing on record, or not even whether there is one."""

import enum
from collections.abc import Sequence
from typing import Any, Final

from ...clock import SECOND_US, SKEW_US
from ...errors import ValueRefused
from ...limits import Hide, Require
from ...policy import Policy
from ...profile import Observation, Snapshot
from ...schema import Attribute, Source, check_value
from ..interpreter import UNKNOWN


class Nothing(enum.Enum):
    """That a purpose may see an attribute, and there is nothing on record."""

    ON_RECORD = "nothing on record"


NOTHING: Final = Nothing.ON_RECORD


def seen(
    policy: Policy, snapshot: Snapshot | None, name: str, purpose: str, limits: Sequence[Hide | Require], now_us: int
) -> Any:
    """
    Return what a purpose sees of an attribute: its value, NOTHING or UNKNOWN.

    Args:
        policy: The policy.
        snapshot: The profile; None if it is not known.
        name: The attribute.
        purpose: The purpose under which it is read.
        limits: The limits on attributes that apply.
        now_us: The moment [us since 1970].
    """
    attribute = next((one for one in policy.attributes if one.name == name), None)
    if attribute is None or snapshot is None:
        return UNKNOWN
    if attribute.purposes and purpose not in attribute.purposes:
        return UNKNOWN
    concerning = [
        limit for limit in limits if name in limit.attributes and (not limit.purposes or purpose in limit.purposes)
    ]
    if any(isinstance(limit, Hide) for limit in concerning):
        return UNKNOWN
    observation = snapshot.attributes.get(name)
    if observation is None:
        return NOTHING if attribute.absent is None else attribute.absent
    is_young = attribute.max_age_s is None or _is_young(observation, attribute.max_age_s, now_us)
    requirements = [limit for limit in concerning if isinstance(limit, Require)]
    exists = is_young and all(meets(observation, one, now_us) for one in requirements)
    return read(attribute, observation) if exists else UNKNOWN


def protected(policy: Policy, snapshot: Snapshot | None, name: str) -> Any:
    """Return what guardrails and `unless:` see of an attribute that is marked for protection: its value or UNKNOWN."""
    attribute = next((one for one in policy.attributes if one.name == name and one.protect), None)
    if attribute is None or snapshot is None:
        return UNKNOWN
    observation = snapshot.attributes.get(name)
    if observation is None:
        return UNKNOWN if attribute.absent is None else attribute.absent
    return read(attribute, observation)


def direct(policy: Policy, snapshot: Snapshot | None, variable: str) -> Any:
    """Return a protected attribute's value, or when it was seen, if the customer's own word or deed tells it."""
    name = variable.removesuffix(".at")
    observation = None if snapshot is None else snapshot.attributes.get(name)
    if observation is None or observation.source not in (Source.STATED, Source.OBSERVED):
        return UNKNOWN
    value = protected(policy, snapshot, name)
    if value is UNKNOWN or observation.confidence < 1 or not observation.first_party:
        return UNKNOWN
    return observation.at_us if variable.endswith(".at") else value


def read(attribute: Attribute, observation: Observation) -> Any:
    """Return an observation's value as the attribute's type has it; UNKNOWN if it does not fit."""
    try:
        return check_value(attribute.type, observation.value)
    except ValueRefused:
        return UNKNOWN


def meets(observation: Observation, requirement: Require, now_us: int) -> bool:
    """Return whether an observation is sure and young enough, and comes from where it may."""
    return (
        observation.confidence >= requirement.confidence
        and (requirement.sources is None or observation.source in requirement.sources)
        and (requirement.max_age_s is None or _is_young(observation, requirement.max_age_s, now_us))
        and (requirement.min_age_s is None or now_us - observation.at_us >= requirement.min_age_s * SECOND_US)
        and (observation.first_party or not requirement.first_party)
        and (requirement.lease_s is None or _is_paid_for(observation, requirement.lease_s, now_us))
    )


def _is_paid_for(observation: Observation, lease_s: int, now_us: int) -> bool:
    """Return whether a value was observed, or value given for it, within a lease; who knows when of times ahead?"""
    if now_us < observation.at_us - SKEW_US:
        return False
    moments_us = [observation.at_us]
    if observation.gave_us is not None and observation.gave_us <= now_us + SKEW_US:
        moments_us.append(observation.gave_us)
    return now_us < max(moments_us) + lease_s * SECOND_US


def _is_young(observation: Observation, age_s: int, now_us: int) -> bool:
    """Return whether an observation is at most so old; a time that is ahead of our clock does not tell."""
    return -SKEW_US <= now_us - observation.at_us <= age_s * SECOND_US
