"""The grocer's policy, and variants of it to measure with: all coupons of the year, no guardrail, groups as offers."""

from collections.abc import Iterable
from pathlib import Path

import attrs

from tactful import Policy
from tactful.authoring import compile_files, compile_folder, read_files

FOLDER = Path(__file__).with_name("policy")
COUNTING = "count.groups"
#: Parts of the policy: its coupons; its caps; and the offers that come in where a cap says `instead`.
COUPONS, CONTACT, STAND_INS = "offers/coupons.yaml", "contact.yaml", "offers/instead.yaml"
#: A cap that is tighter than the policy's own: nothing is shown twice within four weeks.
TIGHTER = "  once_in_four_weeks: {of: offer, count: 1, within: 28d}"


def grocer() -> Policy:
    """Return the policy as it stands in the folder."""
    return compile_folder(FOLDER)


def with_coupons(coupons: bytes, caps: str = "") -> Policy:
    """
    Return the policy with these coupons in place of its own.

    Args:
        coupons: The rows of a CSV file.
        caps: More caps than it has, as YAML.
    """
    more = {"more_caps.yaml": f"caps:\n{caps}\n".encode()} if caps else {}
    return compile_files({**read_files(FOLDER), "coupons.csv": coupons, **more})


def coupons_alone(coupons: bytes) -> Policy:
    """Return the policy with these coupons, rows of a CSV file, as its only offers but for what caps name."""
    files = {name: raw for name, raw in read_files(FOLDER).items() if not is_offers(name)}
    kept = {name: (FOLDER / name).read_bytes() for name in (COUPONS, CONTACT, STAND_INS)}
    return compile_files({**files, **kept, "coupons.csv": coupons})


def without(policy: Policy, *guardrails: str) -> Policy:
    """Return a policy without some guardrails, or without any if none is named: to measure what they do."""
    kept = tuple(use for use in policy.guardrails if guardrails and use.name not in guardrails)
    return attrs.evolve(policy, guardrails=kept)


def counting(groups: Iterable[str]) -> Policy:
    """Return a policy whose offers are its segments: who is offered one is in it. No guardrail, so that all count."""
    offers = "\n".join(
        f"  {group}: {{intent: inform, topic: store, purpose: offers, when: segment.{group}, treatments: counted}}"
        for group in groups
    )
    files = {name: raw for name, raw in read_files(FOLDER).items() if not is_offers(name)}
    files["offers.yaml"] = f"offers:\n{offers}\n".encode()
    files["placements.yaml"] = f"placements: {{{COUNTING}: {{channel: email, slots: 1000}}}}\n".encode()
    return without(compile_files(files))


def is_offers(name: str) -> bool:
    """Return whether a file has offers, or names them."""
    return name.startswith("offers/") or name in {"governance.yaml", CONTACT}
