"""The grocer's policy, and variants of it to measure with: all coupons of the year, no guardrail, groups as offers."""

from collections.abc import Iterable
from pathlib import Path

import attrs
from tactful import Policy
from tactful.authoring import compile_files, compile_folder, read_files

FOLDER = Path(__file__).with_name("policy")
COUNTING = "count.groups"


def grocer() -> Policy:
    """Return the policy as it stands in the folder."""
    return compile_folder(FOLDER)


def with_coupons(coupons: bytes) -> Policy:
    """Return the policy with other coupons, as rows of a CSV file."""
    return compile_files({**read_files(FOLDER), "coupons.csv": coupons}).policy


def without_guardrails(policy: Policy) -> Policy:
    """Return a policy that nothing keeps inside boundaries: to measure what they cost, and for nothing else."""
    return attrs.evolve(policy, guardrails=())


def counting(groups: Iterable[str]) -> Policy:
    """Return a policy whose offers are its segments: who is offered one is in it. No guardrail, so that all count."""
    offers = "\n".join(
        f"  {group}: {{intent: inform, topic: store, purpose: offers, when: segment.{group}, treatments: counted}}"
        for group in groups
    )
    files = {name: raw for name, raw in read_files(FOLDER).items() if not name.startswith("offers/")}
    files["offers.yaml"] = f"offers:\n{offers}\n".encode()
    files["placements.yaml"] = f"placements: {{{COUNTING}: {{channel: email, slots: 1000}}}}\n".encode()
    return without_guardrails(compile_files(files).policy)
