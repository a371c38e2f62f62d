"""Does comfort beat a fixed setting? Simulated customers, each with a hidden line per topic, answer what they see.

    python examples/comfort_simulation.py

A setting is chosen on one half of the customers, and told of the other half. Reach is what is clicked; an offence is
what was more familiar than the customer's line and was waved away. A fixed setting is a bound on familiarity for all.
"""

import sys
from collections.abc import Iterable, Mapping
from random import Random

import attrs

import tactful
from tactful.authoring import compile_files
from tactful.familiarity import Familiarity

TOPICS = tuple(f"t{number}" for number in range(5))
DAYS = 60
DAY_US = 86_400_000_000
START_US = 20_000 * DAY_US
#: How probably something is clicked, by how familiar it is, where that is welcome; and how probably it offends if not.
CLICKED = {Familiarity.GENERIC: 0.08, Familiarity.CONTEXT: 0.08, Familiarity.SEGMENT: 0.14, Familiarity.PERSONAL: 0.22}
OFFENDED = 0.5
TOO_PERSONAL = 0.3
FIXED = ("context", "segment", "personal")
#: From how much discomfort on we go down to SEGMENT, and to CONTEXT.
STEPS = ((1, 2), (1, 3), (2, 4), (3, 6))


@attrs.frozen
class Measured:
    """What came of each setting for the held-out half, and which steps of comfort were chosen on the other half."""

    chosen: tuple[int, int]
    fixed: Mapping[str, "Outcome"]
    comfort: "Outcome"
    mixed_up: "Outcome"


@attrs.define
class Outcome:
    """What came of a setting: clicks, and offences."""

    clicks: int = 0
    offences: int = 0


def policy(basis: str, comfort: str) -> tactful.Policy:
    """Return a shop that speaks of each topic in three ways, up to a basis, with these settings of `comfort`."""
    offers = [
        f"  {topic}_{way}: {{intent: inform, topic: {topic}, purpose: offers, value: {value}, when: '{when}', "
        f"treatments: About {topic}}}"
        for topic in TOPICS
        for way, value, when in (
            ("all", 1, f'context.topic == "{topic}"'),
            ("group", 2, f'context.topic == "{topic}" && segment.regulars'),
            ("own", 3, f'context.topic == "{topic}" && profile.visits >= 1'),
        )
    ]
    text = "\n".join(
        [
            "name: simulated",
            f"channels: {{web: {{privacy: private, basis: {basis}}}}}",
            "placements: {page: {channel: web}}",
            f"topics: {{{', '.join(f'{topic}: {{}}' for topic in TOPICS)}}}",
            "purposes: {offers: {basis: contract}}",
            "context: {topic: text}",
            "profile: {known: {all: {source: stated, max_age: 900d}, visits: {type: int, say: your visits}}}",
            "segments: {regulars: {when: profile.visits >= 6, size: 900, say: you come often}}",
            f"guardrails: {{comfort: {comfort}, staleness: {{max_age: 900d}}}}",
            "offers:",
            *offers,
        ]
    )
    return compile_files({"policy.yaml": text.encode()})


def lives(settings: tactful.Policy, customers: Iterable[int], *, mixed_up: bool = False) -> Outcome:
    """
    Return what comes of a policy for some customers, one page a day; the same customers act by the same chances.

    Args:
        settings: The policy.
        customers: The seeds of their chances.
        mixed_up: Whether what they say is heard of the wrong topic: then there is nothing to learn.
    """
    outcome, now_us = Outcome(), START_US
    store = tactful.MemoryStore(clock=lambda: now_us)
    with tactful.open(settings, store=store, clock=lambda: now_us) as edge:
        for number in customers:
            chance = Random(number)  # noqa: S311 - nothing secret
            who, now_us = f"customer {number}", START_US
            store.put_profile(
                tactful.Snapshot(who, now_us, {"visits": tactful.Observation(9, tactful.Source.STATED, now_us)})
            )
            lines = {topic: chance.choice(list(Familiarity)[1:]) for topic in TOPICS}
            for _ in range(DAYS):
                now_us += DAY_US
                topic, luck = chance.choice(TOPICS), (chance.random(), chance.random())
                decision = edge.decide("page", who, {"topic": topic})
                edge.record(decision)
                wrong = chance.choice([other for other in TOPICS if other != topic])
                _answer(edge, decision, lines[topic], luck, outcome, (who, wrong if mixed_up else ""))
    return outcome


def _answer(
    edge: tactful.Edge,
    decision: tactful.Decision,
    line: Familiarity,
    luck: tuple[float, float],
    outcome: Outcome,
    heard: tuple[str, str],
) -> None:
    for pick in decision.picks:
        if pick.basis <= line and luck[0] < CLICKED[pick.basis]:
            outcome.clicks += 1
            edge.record(decision, "click")
        elif pick.basis > line and luck[0] < OFFENDED:
            outcome.offences += 1
            event = "too_personal" if luck[1] < TOO_PERSONAL else "dismissed"
            who, wrong = heard
            if wrong:
                edge.observe(who, event, topic=wrong, channel="web")
            else:
                edge.record(decision, event)


def fixed_offences(fixed: Iterable[Outcome], clicks: int) -> float:
    """Return the least offences with which fixed settings, mixed over customers, are clicked so often, or infinity."""
    points = sorted((one.clicks, one.offences) for one in fixed)
    best = float("inf")
    for low in points:
        for high in points:
            if low[0] <= clicks <= high[0]:
                part = (clicks - low[0]) / (high[0] - low[0]) if high[0] > low[0] else 0.0
                best = min(best, low[1] + part * (high[1] - low[1]))
    return best


def _adapting(steps: tuple[int, int]) -> tactful.Policy:
    return policy("personal", f"{{segment_at: {steps[0]}, context_at: {steps[1]}, silent_at: 99}}")


def measure(customers: int) -> Measured:
    """Return what comes of fixed settings and of comfort for the held-out half, and which setting was chosen."""
    tuning, held_out = range(0, customers, 2), range(1, customers, 2)

    def fixed(some: Iterable[int]) -> list[Outcome]:
        return [lives(policy(basis, "off"), some) for basis in FIXED]

    known = fixed(tuning)
    found = {steps: lives(_adapting(steps), tuning) for steps in STEPS}
    chosen = min(STEPS, key=lambda steps: found[steps].offences / fixed_offences(known, found[steps].clicks))
    other, told = fixed(held_out), lives(_adapting(chosen), held_out)
    return Measured(
        chosen, dict(zip(FIXED, other, strict=True)), told, lives(_adapting(chosen), held_out, mixed_up=True)
    )


def main() -> None:
    """Print the figures for 400 customers, or as many as are asked for."""
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
    rows = {f"fixed, up to {name}": one for name, one in found.fixed.items()}
    rows |= {f"comfort {found.chosen}": found.comfort, "comfort, mixed up": found.mixed_up}
    for name, one in rows.items():
        print(f"{name:24}{one.clicks:6} clicks {one.offences:6} offences")  # noqa: T201 - what it is run for


if __name__ == "__main__":
    main()
