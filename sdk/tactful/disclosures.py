"""A disclosure: that a partner's offer was shown, by what was known of a customer. It holds names, never a value."""

import attrs

#: The events by which a partner's offer reaches a customer.
REACHED = frozenset({"shown", "rendered"})


@attrs.frozen
class Passed:
    """
    What an offer passes on to a partner when it is shown; the same for every customer.

    Attributes:
        partner: The partner.
        purpose: The purpose for which it is passed on.
        legal_basis: The ground that the purpose needs.
        attributes: The names of what its rules and text read, and of what that is made of.
    """

    partner: str
    purpose: str
    legal_basis: str
    attributes: tuple[str, ...] = ()


@attrs.frozen(repr=False)
class Disclosure:
    """
    That something was passed on to a partner: an offer in a filled slot of a decision.

    Attributes:
        decision: The decision's id.
        slot: The filled slot, from 0.
        customer: The persistent customer id; empty for a visitor; None once the customer was erased.
        at_us: When it was first reported as shown or rendered [us since 1970].
        until_us: It is kept until this moment [us since 1970].
        offer: The offer's id.
        channel: The channel.
        passed: To whom, for what, on which ground, by which attributes.
    """

    decision: str
    slot: int
    customer: str | None
    at_us: int
    until_us: int
    offer: str
    channel: str
    passed: Passed

    @property
    def id(self) -> str:
        """
        What is unique to it; a second disclosure with the same id has no effect.

        >>> Disclosure("1f", 0, "ada", 0, 9, "card", "web", Passed("citybank", "bank", "consent")).id
        '1f/0/card/disclosure'
        """
        return f"{self.decision}/{self.slot}/{self.offer}/disclosure"

    def __repr__(self) -> str:  # whom it concerns is personal
        return f"<Disclosure of {self.offer} to {self.passed.partner}>"
