"""A customer's data as the customer gets it: every row that is held, and what the policy does with it.

It is as personal as what it is about. It looks nothing up: what is held is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from .clock import DAY_US, NEVER_US, SECOND_US, to_datetime
from .consent import Consent
from .contacts import Contact
from .decision_log import LoggedDecision
from .disclosures import Disclosure
from .held import Held
from .policy import Policy
from .profile import Observation
from .schema import Attribute, Source, Value, ValueType

FORMAT: Final = 1
#: Sources of values that nobody stated and nobody saw: they were inferred.
INFERRED: Final = frozenset({Source.DERIVED, Source.MODELLED})


@attrs.frozen(repr=False)
class SubjectExport:
    """
    All that is held of one customer, with what it is used for.

    Attributes:
        held: What the store holds, row by row.
        policy: The policy that tells purposes, words and times.
        segments: The names of the segments that the customer surely is in, as far as any purpose can see it.
        longest_window_us: No cap looks back further [us].
        at_us: When it was put together [us since 1970].
    """

    held: Held
    policy: Policy
    segments: tuple[str, ...]
    longest_window_us: int
    at_us: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held: the customer is unknown here."""
        return not (any(self.held.counts.values()) or self.held.waiting)

    def as_dict(self) -> Mapping[str, Any]:
        """Return it as plain values for JSON; moments in ISO 8601, in UTC."""
        held, attributes = self.held, {one.name: one for one in self.policy.attributes}
        return {
            "format": FORMAT,
            "made_at": _moment(self.at_us),
            "policy": self.policy.name,
            "ids": list(held.ids),
            "profile": [
                _value(id_, name, observation, attributes.get(name), self.policy)
                for id_, snapshot in held.profiles.items()
                for name, observation in sorted(snapshot.attributes.items())
            ],
            "segments": list(_segments(self.policy, self.segments)),
            "consents": [_consent(id_, one) for id_, known in held.consents.items() for one in known.records],
            "identifiers": [_plain(one) for one in held.links],
            "merges": [_plain(one) for one in held.merges],
            "contacts": [_contact(one) for one in held.contacts],
            "decisions": list(_decisions(held)),
            "recipients": [_disclosure(one) for one in held.disclosures],
            "waiting": [_waiting(one) for one in held.waiting],
            "strict_units": held.strict,
            "retention": [{"of": what, "kept": kept} for what, kept in self.retention()],
        }

    def retention(self) -> Iterator[tuple[str, str]]:
        """Yield what is held, by kind, and how long it is kept and used, in words."""
        yield "profile", "kept until it is replaced or erased; each value says how long it is used"
        yield (
            "consents",
            "kept until they are erased: they are the proof of what was agreed to, and of what was refused",
        )
        yield "identifiers and merges", "kept until they are undone or erased"
        days = -(-self.longest_window_us // DAY_US)
        yield "contacts", f"counted for at most {days} days; kept until they are forgotten or erased"
        yield "decisions", "kept under a pseudonym, as many as the log holds; an erasure takes off whom they concern"
        evidence_days = self.policy.values.evidence_s * SECOND_US // DAY_US
        yield "evidence", f"sealed, each kept for {evidence_days} days" if evidence_days else "the policy keeps none"
        yield "recipients", "each says until when; an erasure takes off whom it concerns"
        yield "waiting", "kept until whom it is for has acknowledged it"

    def __repr__(self) -> str:  # what it holds is personal
        return f"<SubjectExport {self.held!r}>"


def _value(
    id_: str, name: str, observation: Observation, attribute: Attribute | None, policy: Policy
) -> Mapping[str, object]:
    """Return one value of the profile, with where it comes from, what it is for, and how long it is used."""
    purposes: Sequence[str] = ()
    if attribute is not None:
        purposes = attribute.purposes or tuple(one.name for one in policy.purposes)
    return {
        "id": id_,
        "attribute": name,
        "value": _plain_value(observation.value, attribute),
        "source": observation.source.value,
        "is_inferred": observation.source in INFERRED,
        "confidence": observation.confidence,
        "observed_at": _moment(observation.at_us),
        "is_first_party": observation.first_party,
        "value_given_at": None if observation.gave_us is None else _moment(observation.gave_us),
        "ranks_offers": name == policy.ranking.affinity,
        "is_in_the_policy": attribute is not None,
        "about": None if attribute is None else attribute.topic,
        "derived_from": [] if attribute is None else list(attribute.derived_from),
        "collected": "" if attribute is None else attribute.collected,
        "purposes": list(purposes),
        "used_for_s": None if attribute is None else attribute.max_age_s,
        "lease_s": None if attribute is None else attribute.lease_s,
        "say": "" if attribute is None else attribute.say,
    }


def _plain_value(value: Value, attribute: Attribute | None) -> object:
    if attribute is not None and attribute.type is ValueType.TIME and isinstance(value, int):
        return _moment(value)
    if attribute is not None and attribute.type is ValueType.DURATION and isinstance(value, int):
        return f"{value / SECOND_US:g} s"
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _segments(policy: Policy, names: Sequence[str]) -> Iterator[Mapping[str, object]]:
    said = {one.name: one.say for one in policy.segments}
    for name in names:
        yield {"segment": name, "say": said.get(name, ""), "is_inferred": True}


def _consent(id_: str, one: Consent) -> Mapping[str, object]:
    return {"id": id_, **_plain(one)}


def _contact(one: Contact) -> Mapping[str, object]:
    return {name: value for name, value in _plain(one).items() if value not in ("", [], None)}


def _disclosure(one: Disclosure) -> Mapping[str, object]:
    passed = one.passed
    return {
        "partner": passed.partner,
        "purpose": passed.purpose,
        "ground": passed.legal_basis,
        "attributes": list(passed.attributes),
        "offer": one.offer,
        "channel": one.channel,
        "decision": one.decision,
        "at": _moment(one.at_us),
        "kept_until": _moment(one.until_us),
    }


def _waiting(one: Contact | Disclosure) -> Mapping[str, object]:
    return _disclosure(one) if isinstance(one, Disclosure) else _contact(one)


def _decisions(held: Held) -> Iterator[Mapping[str, object]]:
    evidence = {(one.id, one.at_us): one.until_us for one in held.evidence}
    for one in held.decisions:
        until_us = evidence.get((one.id, one.at_us))
        yield {**_decision(one), "evidence_kept_until": None if until_us is None else _moment(until_us)}


def _decision(one: LoggedDecision) -> Mapping[str, object]:
    return {
        "decision": one.id,
        "at": _moment(one.at_us),
        "channel": one.channel,
        "placements": list(one.placements),
        "shown": [{"offer": pick.offer, "treatment": pick.treatment} for pick in one.picks],
        "limits": [name for name, _ in one.limits],
        "careful": list(one.careful),
        "known_by": one.kind,
        "policy": one.policy,
    }


def _plain(row: attrs.AttrsInstance) -> dict[str, Any]:
    """Return a row's fields by name, in plain values; moments lose the unit that stands in their name."""
    found: dict[str, Any] = {}
    for name, value in attrs.asdict(row, recurse=False).items():
        if name.endswith("_us"):
            found["at" if name == "at_us" else name.removesuffix("_us")] = None if value is None else _moment(value)
        else:
            found[name] = list(value) if isinstance(value, tuple) else getattr(value, "value", value)
    return found


def _moment(at_us: int) -> str | None:
    """Return a moment in ISO 8601; None for one that never comes, or that no calendar has."""
    try:
        return None if at_us == NEVER_US else to_datetime(at_us).isoformat()
    except OverflowError:
        return None
