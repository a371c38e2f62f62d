"""What has changed of a policy's guardrails: each is compared with the settings that it really has, the dial's too."""

from collections.abc import Iterator

from ..errors import PluginError
from ..hookspecs import Guardrail
from ..policy import Dial, PluginUse, Policy
from ..registry import Registry
from .comparing import Change, Part, Parts, compared, parts_of, whole


def guardrail_changes(old: Policy, new: Policy, registry: Registry) -> Iterator[Change]:
    """Yield what has changed of the guardrails; one that is gone is looser."""
    before, after = ({use.name: use for use in policy.guardrails} for policy in (old, new))
    for name in sorted({*before, *after}):
        about = f"guardrail {name}"
        if name not in before or name not in after:
            yield whole(about, "looser" if name in before else "tighter", is_new=name in after)
            continue
        uses = (before[name], old.values.dial), (after[name], new.values.dial)
        was, is_ = (_parts(use, dial, registry) for use, dial in uses)
        yield from compared(about, was, is_)


def looser_than_usual(use: PluginUse, dial: Dial, registry: Registry) -> Iterator[Change]:
    """Yield the settings of a guardrail that are looser than those which the dial gives it."""
    made, usual = _made(use, dial, registry), _made(PluginUse(use.name), dial, registry)
    if made is not None and usual is not None:
        looser = getattr(type(made), "looser", {})
        changes = compared(f"guardrail {use.name}", parts_of(usual, looser), parts_of(made, looser))
        yield from (change for change in changes if change.kind == "looser")


def _parts(use: PluginUse, dial: Dial, registry: Registry) -> Parts:
    made = _made(use, dial, registry)
    if made is None:  # what its settings mean cannot be asked
        own = {name: Part(value) for name, value in use.settings.items()}
    else:
        own = parts_of(made, getattr(type(made), "looser", {}))
    return {**own, "versions": Part(use.versions)}


def _made(use: PluginUse, dial: Dial, registry: Registry) -> Guardrail | None:
    try:
        return registry.guardrail(use, dial)
    except PluginError:
        return None
