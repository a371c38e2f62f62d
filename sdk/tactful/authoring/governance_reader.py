"""Reads the holdouts, how many customers all of them may take, and what is expected of offers by segment."""

from ..holdouts import KEY_BYTES, Holdout
from ..policy import Expectation, Values
from .governance_tables import HOLDOUT, MATRIX
from .merged import Sections

_ROUNDING = 1e-9


def read_holdouts(sections: Sections, values: Values) -> tuple[Holdout, ...]:
    """Return the holdouts, after noting that they lack their key, or that they take more customers than they may."""
    found = tuple(Holdout(name.text, **keys) for name, keys in sections.records("holdouts", HOLDOUT))
    place = sections.place("holdouts")
    if found and not values.holdout_key and sections.keys("values").get("holdout_key") is None:
        hint = f"add `values: {{holdout_key: …}}`; `openssl rand -hex {KEY_BYTES}` makes one"
        sections.log.add(place, "holdout", "holdouts need the key that draws their customers", hint)
    taken = sum(holdout.share for holdout in found)
    if taken > values.holdouts_max + _ROUNDING:
        message = f"the holdouts take {taken:.4g} of the customers, and all together may take {values.holdouts_max:.4g}"
        sections.log.add(place, "holdout", message, "make them smaller, or raise `holdouts_max` in `values:`")
    return found


def read_expectations(sections: Sections) -> tuple[Expectation, ...]:
    """Return what is expected of offers, by segment and offer."""
    found = MATRIX.read(sections.keys("matrix"), sections.log) or {}
    return tuple(
        Expectation(segment, offer, cell.get("satisfaction"), cell.get("retention"))
        for segment, offers in found.items()
        for offer, cell in offers.items()
    )
