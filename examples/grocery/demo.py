"""The demo: tactful decides for 2,469 households of a grocer, on three channels, and measures itself.

Read `run_demo` from the top; each step names the file that does it. Nobody in this data agreed to anything, so consents
come from a seeded rule (`consents.py`), and the result says so.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import tactful
from tactful import Policy, Registry
from tactful.authoring import load_suite

from . import boundaries, consents, leases, relevance, rounds, settings, signing, sources, stories, year
from .affinity import Affinities
from .coupons import DEMO_DAY
from .households import Household, Households, spread
from .journey import Journey, date_of, load, moment_of
from .report import render_report
from .terminal import show
from .variants import FOLDER

__all__ = ["NOTE", "render_report", "run_demo", "run_year", "show"]

NOTE = (
    "Receipts, coupons and campaigns are The Complete Journey by 84.51°: simulated from real patterns, says the "
    "package that brings it, and for education only. It holds no consents: those here come from a seeded rule, and "
    "are nobody's."
)
#: Tells of a step, by its name, how much of it is done.
Progress = Callable[[str, int, int], None]
Figures = dict[str, object]
_MINUTE_US = 60_000_000
_DAY_S = 86_400


def run_demo(households: int | None = None, progress: Progress = lambda *_: None, seed: int = consents.SEED) -> Figures:
    """
    Decide for a grocer's households, and return all figures as plain values.

    Args:
        households: Only so many, spread over all; None means every one.
        progress: Is told of each step how much is done.
        seed: Of the rule that assigns consents.
    """
    start_s = time.perf_counter()

    def step(name: str) -> rounds.Progress:
        return lambda done, total: progress(name, done, total)

    # A year of receipts (journey.py) becomes profiles, consents and contacts as of a day (households.py, consents.py).
    journey, affinities = _read(step("reading a year of receipts"))
    everyone = Households(journey, affinities, seed)
    known = list(_as_of(everyone, spread(everyone.numbers, households), step("making profiles")))

    # The policy (policy/), signed by two (signing.py), decides for each of them on every channel (rounds.py).
    suite, now_us = load_suite(FOLDER), moment_of(DEMO_DAY)
    policy = suite.policy
    first, again = _decide(policy, known, now_us, step)
    acted = first.acted() + again.acted()

    # What the boundaries change (boundaries.py) and what they cost (relevance.py), what else the policy sets
    # (settings.py, sources.py), which leases end (leases.py), and what all of it means (stories.py).
    changed = dict(boundaries.changes(policy, known, now_us, step("switching boundaries off, one by one")))
    redeemed = relevance.cases(journey, (one.number for one in known))
    found = relevance.measure(journey, affinities, everyone, redeemed, step("looking for redeemed coupons"))
    numbers = [one.number for one in known]
    months = leases.months(policy, everyone, numbers, step("letting leases end over the year"))
    return {
        "note": NOTE,
        "as_of": date_of(DEMO_DAY),
        "seed": seed,
        **_setting(journey, policy, known, seed),
        **_decided(policy, first, again),
        "guardrails": _guardrails(policy, changed),
        "pregnancy_test": boundaries.pregnancy_test(policy, everyone, known, DEMO_DAY),
        "relevance": found,
        "settings": list(settings.effects(suite, acted, step("taking settings out, one by one"))),
        "tests": len(suite.tests),
        "sources": list(sources.known(policy)),
        "signatures": signing.figures(policy, now_us),
        "leases": [month.figures() for month in months],
        "stories": list(stories.tell(policy, everyone, step("telling stories"))),
        "seconds": round(time.perf_counter() - start_s, 1),
        "memory_mb": _memory_mb(),
    }


def run_year(folder: Path, households: int | None = None, progress: Progress = lambda *_: None) -> Figures:
    """
    Log a year of decisions with evidence, for `tactful replay`, and return what was logged as plain values.

    Args:
        folder: Where log, key and bundles go; there is no year in it yet.
        households: Only so many, spread over all; None means every one.
        progress: Is told of each step how much is done.
    """
    journey, affinities = _read(partial(progress, "reading a year of receipts"))
    return year.live(folder, journey, affinities, households, partial(progress, "living through the year"))


def _read(progress: rounds.Progress) -> tuple[Journey, Affinities]:
    progress(0, 1)
    journey = load()
    affinities = Affinities(journey)
    progress(1, 1)
    return journey, affinities


def _as_of(households: Households, numbers: Sequence[int], progress: rounds.Progress) -> Iterator[Household]:
    for done, number in enumerate(numbers, 1):
        yield households.as_of(number, DEMO_DAY)
        progress(done, len(numbers))


def _decide(
    policy: Policy, known: Sequence[Household], now_us: int, step: Callable[[str], rounds.Progress]
) -> tuple[rounds.Round, rounds.Round]:
    """Return two rounds: all of them come, and a minute later come again, when the room that they took still counts."""
    moment_us, signers = now_us, signing.Signers.made()
    raw = signers.bundle(policy, now_us, _DAY_S)
    store = rounds.store_of(known)
    with tactful.open(raw, key=signers.pinned, signatures=2, store=store, clock=lambda: moment_us) as edge:
        for one in known:
            edge.warm(rounds.who(one))
        first = rounds.decide_for_all(edge, known, step("deciding for every household"))
        moment_us += _MINUTE_US
        return first, rounds.decide_for_all(edge, known, step("and once more"))


def _setting(journey: Journey, policy: Policy, known: Sequence[Household], seed: int) -> Figures:
    """Return what the figures are about."""
    numbers = [one.number for one in known]
    return {
        "households": len(known),
        "data": {"lines": len(journey.lines), "redemptions": len(journey.redemptions), **journey.dropped},
        "policy": {
            "name": policy.name,
            "offers": len(policy.offers),
            "coupons": sum(offer.id.startswith("coupons.") for offer in policy.offers),
            "segments": len(policy.segments),
            "guardrails": len(policy.guardrails),
        },
        "consents": {purpose: consents.mix(numbers, purpose, seed) for purpose in consents.SHARES},
    }


def _decided(policy: Policy, first: rounds.Round, again: rounds.Round) -> Figures:
    """Return what was shown on each channel, which limits acted, and how long a decision took [us]."""
    channels, limits = first.counted()
    privacy = {channel.name: channel.privacy.name.lower().replace("_", "-") for channel in policy.channels}
    return {
        "decisions": sum(channel.decisions for channel in channels.values()),
        "careful": first.careful(),
        "decide_us": {"again": again.latency(), "first": first.latency()},
        "channels": {name: {"privacy": privacy[name], **found.figures()} for name, found in channels.items()},
        "limits": {
            name: {"decisions": on.total(), "on": dict(on)}
            for name, on in sorted(limits.items(), key=lambda item: (-item[1].total(), item[0]))
        },
    }


def _guardrails(policy: Policy, changed: Mapping[str, Mapping[str, int]]) -> Figures:
    """Return each guardrail's sentence, and on how many decisions it changed what was shown."""
    registry = Registry.installed()
    return {
        use.name: {
            "sentence": registry.guardrail(use, policy.values.dial).sentence(),
            "changed": sum(changed[use.name].values()),
            "on": changed[use.name],
        }
        for use in policy.guardrails
    }


def _memory_mb() -> int | None:
    """Return the most memory that this process had [MB]; None where the system does not tell."""
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1_000_000 if sys.platform == "darwin" else peak * 1024 // 1_000_000
