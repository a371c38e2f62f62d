# ruff: noqa: T201 - it prints what a page would show
"""A policy, an edge and a few decisions, in one file. It needs `pip install 'tactful[author]'`.

The shop's policy would be a folder in a repository of its own; here it is written to a temporary one.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import tactful

POLICY = """
channels: {web: semi-private}
placements: {home.hero: {channel: web, fallback: {title: Welcome}}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
profile:
  loyalty:
    all: {owner: crm, purpose: offers, max_age: 90d}
    first_name: {type: text, source: stated, say: your name}
    visits: {type: int, say: how often you visit}
segments:
  regulars: {when: profile.visits >= 6, say: you shop here often, size: 640}
offers:
  olives:
    intent: sell
    topic: food
    when: segment.regulars
    value: 2
    treatments:
      - Olives, half price
      - {title: "{profile.first_name}, your olives", lift: 1.5}
  bread: {intent: sell, topic: food, treatments: Warm bread at four}
"""
ANN = {"first_name": "Ann", "visits": 9}


def show(who: str, decision: tactful.Decision) -> None:
    """Print what a page would render, and why."""
    print(f"{who} sees: {decision.content['title']}")
    print(f"  {decision.why()}")


def main() -> None:
    """Decide for somebody known who agreed, for the same one without consent, and for a visitor."""
    with TemporaryDirectory() as folder:
        Path(folder, "policy.yaml").write_text(POLICY, encoding="utf-8")
        edge = tactful.open(folder)

    with edge:
        card = {"card": "4711"}
        known = edge.decide("home.hero", card, profile=ANN, consents={"offers": "explicit"})
        show("Ann, who agreed,", known)
        edge.record(known)  # it was shown: caps count it

        without = edge.decide("home.hero", card, profile=ANN, consents={"offers": "refused"})
        show("Ann, who did not,", without)
        show("A visitor", edge.decide("home.hero"))

        print("What kept the olives from Ann, who did not agree:")
        for loss in without.explain().of("olives"):
            print(f"  {loss.treatment}: {', '.join(reason.id for reason in loss.reasons)}")


if __name__ == "__main__":
    main()
