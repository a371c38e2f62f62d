"""What a replay came to, in words and as plain values; for the terminal, for programs and for the report."""

import attrs

from ..authoring.told import counted
from ..replay_figures import BINS, Figures, bin_name


def sentences(figures: Figures) -> list[str]:
    """Return the heads of what a replay came to, in words."""
    lines = []
    if figures.repeated:
        lines.append(
            f"{counted(figures.repeated, 'decision')} by this very policy, made again: "
            + ("all the same" if not figures.different else f"{figures.different:,} come out differently")
        )
    lines += [f"decision {id_} differs in {', '.join(names)}" for id_, names in figures.differing]
    if figures.again.decisions:
        turn = figures.again
        lines.append(
            f"{counted(turn.decisions, 'decision')} by another policy, decided by this one: "
            f"{turn.changed:,} show something else ({turn.changed / turn.decisions:.1%})"
        )
    for count, words in (
        (figures.without, "whose evidence was never kept, or is gone"),
        (figures.unlinked, "of customers who were erased"),
        (figures.damaged, "with evidence that cannot be read"),
    ):
        if count:
            lines.append(f"{counted(count, 'decision')} {words}: nothing can be decided again there")
    return lines


def as_plain(figures: Figures, least: int) -> dict[str, object]:
    """Return the figures of a replay as JSON knows them; of segments with fewer customers than `least`, none."""
    return {
        "repeated": figures.repeated,
        "different": figures.different,
        "differing": [{"id": id_, "differs": list(names)} for id_, names in figures.differing],
        "decided_again": figures.again.decisions,
        "changed": figures.again.changed,
        "erased": figures.unlinked,
        "without_evidence": figures.without,
        "damaged": figures.damaged,
        "boundaries": dict(figures.boundaries.most_common()),
        "channels": {name: attrs.asdict(turn) for name, turn in figures.channels.items()},
        "segments": {name: attrs.asdict(turn) for name, turn in figures.large_segments(least).items()},
        "offers": {name: {"before": pair[0], "after": pair[1]} for name, pair in figures.offers.items()},
        "reached": {name: _frequencies(figures, name) for name in figures.reached},
    }


def _frequencies(figures: Figures, channel: str) -> dict[str, object]:
    before, after = figures.frequencies(channel)
    return {
        "times": [
            {"times": bin_name(*ends), "customers_before": one, "customers_after": other}
            for ends, one, other in zip(BINS, before, after, strict=True)
        ],
        "mean_before": figures.mean(channel, 0),
        "mean_after": figures.mean(channel, 1),
    }
