"""The dossier of one decision: what was shown, why, under which policy, and what of it is gone. It decides nothing new.

It is as personal as what it is about.
"""

from collections.abc import Iterator, Sequence

import attrs

from ..authoring.told import Section
from ..clock import in_words
from ..decision_log import LoggedDecision
from ..disclosures import Disclosure
from ..engine.decision import Decision
from ..evidence import Access, Evidence
from ..familiarity import Familiarity
from ..plan.plan import Plan
from ..registry import Registry


@attrs.frozen
class Known:
    """
    What there is of a decision.

    Attributes:
        record: The decision as it was logged.
        plan: The plan of the policy that was given.
        same_policy: Whether policy and guardrails are those of then.
        evidence: What it was made of; None if that is gone.
        again: The decision, made again; None if it cannot be.
        accesses: Who looked at its evidence, and why.
        damaged: Whether the evidence is there, and cannot be read.
        passed: What it passed on to partners, as far as that is on record.
    """

    record: LoggedDecision
    plan: Plan
    same_policy: bool
    evidence: Evidence | None
    again: Decision | None
    accesses: Sequence[Access]
    damaged: bool = False
    passed: Sequence[Disclosure] = ()


@attrs.frozen
class Dossier:
    """
    The dossier.

    Attributes:
        title: What it is about.
        gone: What of the decision is gone, or cannot be told.
        sections: What there is, in order.
    """

    title: str
    gone: tuple[str, ...]
    sections: tuple[Section, ...]


def dossier(known: Known, registry: Registry) -> Dossier:
    """Return the dossier of a decision."""
    sections = (
        _decision(known),
        _shown(known),
        _passed(known),
        *_why(known),
        _limits(known),
        _guardrails(known, registry),
        _approvals(known),
        *_consents(known),
        *_losers(known),
        _accesses(known),
    )
    return Dossier(f"Decision {known.record.id}", tuple(_gone(known)), sections)


def _gone(known: Known) -> Iterator[str]:
    record = known.record
    if record.unlinked:
        yield (
            "The customer was erased. Whose decision it was, the profile, the consents, the context and what was "
            "counted are gone for good; what was shown and passed on to partners stays, and leads to nobody."
        )
    elif known.damaged:
        yield "The evidence of this decision was altered or is damaged: nothing of it can be trusted, or told."
    elif known.evidence is None:
        yield (
            "There is no evidence of this decision: none was kept, or its time is over. The profile, the consents, the "
            "context and what was counted cannot be told."
        )
    if not known.same_policy:
        yield (
            f"The policy that was given is not the one of then, or its guardrails ask something else: the policy of "
            f"then has the SHA-256 {record.bundle.hex()}. Why, and what lost, cannot be told by another policy."
        )
    elif known.again is not None and _slate(known.again) != [(p.offer, p.treatment) for p in record.picks]:
        yield "Made again, the decision comes out differently: read what follows with care, and tell us."


def _slate(decision: Decision) -> list[tuple[str, str]]:
    return [(pick.offer, pick.treatment) for pick in decision.picks]


def _decision(known: Known) -> Section:
    record = known.record
    epoch = "a folder, in development" if record.epoch is None else f"epoch {record.epoch}"
    rows = (
        ("when", in_words(record.at_us)),
        ("where", f"{record.channel}: {', '.join(record.placements)}"),
        ("for whom", _for_whom(known)),
        ("policy", f"{record.policy}, {epoch}, SHA-256 {record.bundle.hex()}"),
        ("guardrails", f"digest {record.plugins.hex()}"),
        ("careful", "; ".join(record.careful) or "nothing held the whole decision back"),
    )
    return Section("The decision", ("what", "it was"), rows)


def _for_whom(known: Known) -> str:
    record, evidence = known.record, known.evidence
    if record.unlinked:
        return "a customer who was erased since"
    if not record.who:
        return "a visitor of whom nothing was known"
    name = "" if evidence is None else f"customer {evidence.customer}, "
    return f"{name}known by an identifier of a {record.kind}; pseudonym {record.who.hex()}"


def _shown(known: Known) -> Section:
    record = known.record
    contents = {} if known.again is None else {(p.placement, p.offer): p.content for p in known.again.picks}
    rows = tuple(
        (
            pick.offer,
            pick.treatment,
            pick.placement,
            Familiarity(pick.tone).name,
            Familiarity(pick.basis).name,
            "; ".join(contents.get((pick.placement, pick.offer), {}).values()) or "gone",
        )
        for pick in record.picks
    )
    about = "" if rows else "Nothing was chosen: the fallback of the place was shown."
    return Section("What was shown", ("offer", "treatment", "place", "tone", "chosen by", "words"), rows, about)


def _passed(known: Known) -> Section:
    rows = tuple(
        (
            one.passed.partner,
            one.offer,
            one.passed.purpose,
            one.passed.legal_basis,
            ", ".join(one.passed.attributes) or "nothing of the profile",
            in_words(one.at_us),
            in_words(one.until_us),
        )
        for one in known.passed
    )
    columns = ("to", "offer", "for", "ground", "by", "when", "kept until")
    return Section("What was passed on to partners", columns, rows, "" if rows else _no_record(known))


def _no_record(known: Known) -> str:
    """Return why nothing is on record: there was no partner, or it may have been shown and is not here."""
    purposes = {one.name: one.partner for one in known.plan.policy.purposes}
    partners = {offer.id: purposes.get(offer.purpose) for offer in known.plan.policy.offers}
    theirs = [pick.offer for pick in known.record.picks if partners.get(pick.offer)]
    if theirs:
        return (
            f"Nothing is on record, though {', '.join(theirs)} is a partner's: it was not reported as shown, or the "
            f"record's time is over."
        )
    if known.same_policy:
        return "Nothing: no offer that was shown is a partner's."
    return "Nothing is on record; by the policy that was given no offer that was shown is a partner's."


def _why(known: Known) -> Iterator[Section]:
    if known.again is not None:
        rows = tuple((str(number), line) for number, line in enumerate(known.again.why().splitlines(), 1))
        yield Section("Why, in the customer's words", ("line", "words"), rows)


def _limits(known: Known) -> Section:
    rows = tuple((name, f"kept {count} treatments away") for name, count in known.record.limits)
    return Section("Limits that acted", ("limit", "what it did"), rows, "" if rows else "None kept anything away.")


def _guardrails(known: Known, registry: Registry) -> Section:
    policy = known.plan.policy
    rows = tuple((use.name, registry.sentence(use, policy.values.dial)) for use in policy.guardrails)
    about = "As the policy of then has them." if known.same_policy else "As the policy that was given has them."
    return Section("The policy's guardrails", ("guardrail", "what it does"), rows, about)


def _approvals(known: Known) -> Section:
    shown = {pick.offer for pick in known.record.picks}
    rows = tuple(
        (offer.id, one.tactic, one.role, one.by, in_words(one.until_us))
        for offer in known.plan.policy.offers
        if offer.id in shown
        for one in offer.approvals
    )
    about = "" if rows else "No offer that was shown has or needs a sign-off, as the given policy has it."
    return Section("Approvals", ("offer", "tactic", "role", "by", "until"), rows, about)


def _consents(known: Known) -> Iterator[Section]:
    if known.evidence is None:
        return
    consents = known.evidence.consents
    rows = tuple(
        (one.purpose, one.state.value, one.how.value, in_words(one.at_us), one.channel or "all channels")
        for one in (() if consents is None else consents.records)
    )
    about = "" if rows else "None was known."
    yield Section("Consents, as they were known", ("purpose", "state", "how", "since", "for"), rows, about)


def _losers(known: Known) -> Iterator[Section]:
    if known.again is None:
        return
    rows = tuple(
        (loss.offer, loss.treatment, "; ".join(f"{r.id}: {r.text}" if r.text else r.id for r in loss.reasons))
        for loss in known.again.explain().losses
    )
    yield Section("What was not shown", ("offer", "treatment", "because"), rows)


def _accesses(known: Known) -> Section:
    rows = tuple((in_words(one.at_us), one.reader, one.reason) for one in known.accesses)
    return Section("Who looked at the evidence", ("when", "who", "why"), rows, "" if rows else "Nobody.")
