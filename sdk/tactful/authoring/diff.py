"""What a new policy makes looser, what it makes tighter, and what has to be read. It judges settings, not customers."""

from collections.abc import Iterator

import attrs

from ..policy import Policy
from ..registry import Registry
from .comparing import KINDS, Change, Kind, compared, opposite, whole
from .diff_guardrails import guardrail_changes
from .diff_sections import SECTIONS, Kept


@attrs.frozen
class Difference:
    """All changes from one policy to another, in the order of the sections; the looser ones come first."""

    changes: tuple[Change, ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)


def diff(old: Policy, new: Policy, registry: Registry | None = None) -> Difference:
    """
    Return what is different in a new policy.

    A change is *looser* if it can only let more through, *tighter* if it can only let less through, *neither* if it
    moves no boundary, and *unknown* if the settings alone do not tell.

    Args:
        old: The policy that is in force.
        new: The one that is to come.
        registry: The guardrails that are there; None takes all that are installed.
    """
    found = [*guardrail_changes(old, new, registry or Registry.installed())]
    if old.name != new.name:
        found.append(Change("neither", "policy", "name", old.name, new.name))
    for section in SECTIONS:
        found += _section_changes(section, old, new)
    return Difference(tuple(sorted(found, key=lambda change: KINDS.index(change.kind))))


def _section_changes(section: Kept, old: Policy, new: Policy) -> Iterator[Change]:
    before, after = section.of(old), section.of(new)
    for name in dict.fromkeys((*before, *after)):
        about = f"{section.name} {name}".rstrip()
        if name in before and name in after:
            yield from compared(about, before[name], after[name])
        elif name in after:
            yield whole(about, section.new, is_new=True)
        else:
            yield whole(about, opposite(section.new), is_new=False)
