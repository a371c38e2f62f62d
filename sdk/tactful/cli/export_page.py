"""A customer's data as a document to read: what `tactful export` shows to people. It looks nothing up.

All ids of a row are in the JSON; the page has what a person can make something of.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..authoring.as_markdown import lines_of, plain
from ..authoring.told import Section, listed
from ..subject_export import SubjectExport

#: The columns of each part of the page: a title, and the fields of its rows by their headings.
_PARTS: Final[tuple[tuple[str, str, Mapping[str, str], str], ...]] = (
    (
        "profile",
        "What we know, or think",
        {
            "what": "attribute",
            "value": "value",
            "source": "source",
            "inferred": "is_inferred",
            "how sure": "confidence",
            "since": "observed_at",
            "for": "purposes",
        },
        "What is inferred was neither said by you nor seen: it was worked out.",
    ),
    ("segments", "Groups you are in", {"group": "segment", "in words": "say"}, "All of them are inferred."),
    (
        "consents",
        "What you agreed to, and refused",
        {"purpose": "purpose", "state": "state", "how": "how", "since": "at", "on": "channel"},
        "",
    ),
    (
        "recipients",
        "Whom we told",
        {"whom": "partner", "for": "purpose", "ground": "ground", "by": "attributes", "when": "at"},
        "The names of what was read; no value of yours was passed on.",
    ),
    (
        "identifiers",
        "How we recognize you",
        {"identifier": "name", "value": "value", "how": "kind", "how sure": "confidence", "since": "at"},
        "",
    ),
    (
        "contacts",
        "What passed between us",
        {"event": "event", "when": "at", "offer": "offer", "about": "topic", "on": "channel"},
        "",
    ),
    (
        "decisions",
        "What was decided for you",
        {"decision": "decision", "when": "at", "on": "channel", "shown": "shown", "held back by": "limits"},
        "Each can be explained: tactful case.",
    ),
    ("waiting", "What is still on its way", {"event": "event", "to": "owner", "when": "at"}, ""),
    ("retention", "How long it is kept", {"of": "of", "kept": "kept"}, ""),
)


def as_markdown(found: SubjectExport) -> str:
    """Return an export as a document for the customer."""
    told_, parts = found.as_dict(), ["# What we hold about you"]
    parts.append(f"Put together {told_['made_at']}, under the ids {plain(listed(told_['ids']))}.")
    for name, title, columns, about in _PARTS:
        rows = told_[name]
        parts.append(f"## {plain(title)}")
        parts.append(plain(about) if rows and about else "" if rows else "Nothing.")
        if rows:
            texts = tuple(tuple(_cell(row, field) for field in columns.values()) for row in rows)
            parts.append("\n".join(lines_of(Section(title, tuple(columns), texts))))
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(row: Mapping[str, Any], field: str) -> str:
    """Return a field in words."""
    value = row.get(field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return listed(f"{name} {number}" for name, number in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return listed(str(one.get("offer", "")) if isinstance(one, Mapping) else str(one) for one in value)
    return "-" if value is None or value == "" else str(value)
