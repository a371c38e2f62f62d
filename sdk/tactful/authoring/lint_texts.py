"""What the linter thinks about texts: what is said where others see it, and words that tell what picks customers."""

import difflib
import re
from collections.abc import Iterator
from typing import Final

from ..catalog import Catalog, Entry
from ..expr import reads
from ..familiarity import Familiarity
from ..offers import Intent, Privacy
from ..policy import Policy
from .findings import Finding
from .sections import TREATMENT

#: Shorter words, and those that names are made of, tell nothing.
_WORD_MIN_CHARS: Final = 4
_COMMON: Final = frozenset(
    {"bought", "buys", "count", "days", "ever", "from", "have", "last", "like", "likes", "lover", "lovers"}
    | {"month", "more", "most", "number", "open", "share", "since", "that", "this", "time", "times", "total"}
    | {"topic", "topics", "value", "visit", "visits", "week", "with", "year", "your"}
)
_ENDING: Final = re.compile(r"(?:ies|ys|es|s|y)$")


def texts_found(catalog: Catalog) -> Iterator[Finding]:
    """Yield what is odd about the texts of treatments."""
    yield from _public(catalog)
    yield from _betraying(catalog)
    yield from _fields(catalog.policy)


def _public(catalog: Catalog) -> Iterator[Finding]:
    for channel in catalog.policy.channels:
        if channel.privacy > Privacy.EXPOSED or channel.tone < Familiarity.PERSONAL:
            continue
        loud = [
            e
            for e in catalog.entries
            if e.labels.tone is Familiarity.PERSONAL
            and channel.name in (e.treatment.channels or e.offer.channels or (channel.name,))
        ]
        if loud:
            about = f"channel {channel.name}"
            reason = f"others see it, and {len(loud)} treatments speak personally there"
            yield Finding("personal-in-public", about, reason, f"set `tone: segment` for {channel.name}")


def _betraying(catalog: Catalog) -> Iterator[Finding]:
    """Yield plain texts that name what picks the customer, where nobody signed that they give nothing away."""
    for entry in catalog.entries:
        labels, treatment = entry.labels, entry.treatment
        answers = entry.offer.intent is Intent.HELP  # what the customer asked for, she may be told outright
        if answers or labels.basis < Familiarity.PERSONAL or treatment.signed_by:
            continue
        if labels.shows or treatment.raise_to is Familiarity.PERSONAL:
            continue
        told = sorted({word for name in _picked_by(entry) for word in _told(_words(name), entry)})
        if told:
            about = f"treatment {entry.offer.id}/{treatment.id}"
            reason = f"its text says {', '.join(map(repr, told))}, and that is what picks the customer"
            way_out = "say it in other words, set `tone: personal`, or have a reviewer sign it"
            yield Finding("text-betrays", about, reason, way_out)


def _picked_by(entry: Entry) -> Iterator[str]:
    """Yield the names of what picks the customers of an offer: what its rules read, and what that is about."""
    rules = (entry.offer.when, *entry.offer.unless)
    for name in {name for rule in rules for name in reads(rule)} | {f"profile.{n}" for n in entry.labels.evidence}:
        scope, _, last = name.partition(".")
        if scope in {"profile", "protective", "segment"}:
            yield last
    yield from entry.labels.topics


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[\W_\d]+", name.casefold()) if len(word) >= _WORD_MIN_CHARS} - _COMMON


def _told(words: set[str], entry: Entry) -> Iterator[str]:
    """Yield those of the words that the text says outright; `baby` is in `babies` too."""
    stems = {word: _ENDING.sub("", word) for word in words}
    for _, fields in entry.treatment.content:
        for part in (part for field in fields for part in field.parts if isinstance(part, str)):
            said = {_ENDING.sub("", one) for one in _words(part)}
            yield from (word for word, stem in stems.items() if stem in said)


def _fields(policy: Policy) -> Iterator[Finding]:
    """Yield fields that look like a misspelt key of a treatment: any other name is content."""
    fields = {field.name for o in policy.offers for t in o.treatments for _, fields in t.content for field in fields}
    for name in fields:
        close = difflib.get_close_matches(name, TREATMENT.keys, 1, 0.75)
        if close:
            about, way_out = f"field {name}", f"write {close[0]!r}, or give the field another name"
            yield Finding("field-like-key", about, f"it is shown, and looks like the key {close[0]!r}", way_out)
