"""Runs a policy's own tests, and says what was decided instead and why."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

import tactful

from ..consent import Consents
from ..familiarity import Familiarity
from ..registry import Registry
from .compile import compile_draft
from .folder import read_files
from .personas import Persona, read_personas
from .source import Log
from .tests_reader import PolicyTest, read_tests


@attrs.frozen
class Outcome:
    """How one test ended: what failed, in words; nothing if it passed."""

    title: str
    file: str
    line: int
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


@attrs.frozen(repr=False)
class Suite:
    """A compiled policy with its personas and tests."""

    policy: tactful.Policy
    personas: Mapping[str, Persona]
    tests: tuple[PolicyTest, ...]
    registry: Registry

    def run(self) -> Iterator[Outcome]:
        """Run the tests one by one, each on an edge of its own."""
        for test in self.tests:
            yield Outcome(test.title, test.place.file, test.place.line, tuple(self._failures(test)))

    def decide(self, test: PolicyTest) -> tactful.Decision:
        """Return what is decided in a test."""
        now_us = tactful.wall_clock() if test.at_us is None else test.at_us
        with tactful.open(self.policy, registry=self.registry, clock=lambda: now_us) as edge:
            return decide_for(edge, test.placements, test.persona, test.context, now_us)

    def _failures(self, test: PolicyTest) -> Iterator[str]:
        decision, expect = self.decide(test), test.expect
        shown = [pick.offer for pick in decision.picks]
        if "offers" in expect and shown != list(expect["offers"]):
            yield f"expected {_listed(expect['offers'])}, decided {_listed(shown)}"
        for offer in expect.get("includes", ()):
            if offer not in shown:
                reasons = _listed(_reasons(decision, offer))
                yield f"expected {offer} among others, decided {_listed(shown)}; {offer} is kept away by {reasons}"
        yield from (f"{offer} is shown" for offer in expect.get("not", ()) if offer in shown)
        tone = expect.get("tone", Familiarity.PERSONAL)
        yield from (f"{p.offer} is {p.tone.name}, more than {tone.name}" for p in decision.picks if p.tone > tone)
        if "title" in expect and decision.content.get("title") != expect["title"]:
            yield f"expected the title {expect['title']!r}, found {decision.content.get('title')!r}"
        if "fallback" in expect and expect["fallback"] is bool(shown):
            yield f"expected {'the fallback' if expect['fallback'] else 'something chosen'}, decided {_listed(shown)}"
        for offer, reason in expect.get("because", {}).items():
            ids = _reasons(decision, offer)
            if not any(id_.startswith(reason) for id_ in ids):
                yield f"expected {reason} to keep {offer} away, found {_listed(ids)}"


def decide_for(
    edge: tactful.Edge,
    placements: tuple[str, ...],
    persona: Persona | None,
    context: Mapping[str, object],
    now_us: int,
) -> tactful.Decision:
    """
    Return what an edge decides for a persona, or for a visitor, at a moment. It leaves no trace.

    What the policy's enrichers work out of the persona's profile is known, as of a customer who was fetched.
    """
    if persona is None:
        return edge.decide(placements, None, context, preview=True)
    return edge.decide(
        placements,
        persona.who,
        context,
        profile=edge.plan.enrichers(persona.snapshot_at(now_us), now_us),
        consents=Consents(persona.consents_at(now_us), now_us),
        contacts=persona.contacts_at(now_us),
        preview=True,
    )


def load_suite(folder: Path | str, *, registry: Registry | None = None) -> Suite:
    """
    Return a folder's policy with its personas and tests.

    Args:
        folder: The folder.
        registry: The guardrails that the policy can name; None takes all that are installed.

    Raises:
        PolicyError: If there is any mistake in policy, personas or tests; it holds all of them.
        ExtraMissing: If the extra `author` is not installed.
    """
    return read_suite(read_files(Path(folder)), registry=registry)


def read_suite(files: Mapping[str, bytes], *, registry: Registry | None = None) -> Suite:
    """
    Return the policy of files by name, with its personas and tests; otherwise like `load_suite`.

    Raises:
        PolicyError: If there is any mistake in policy, personas or tests; it holds all of them.
    """
    guardrails = registry or Registry.installed()
    log = Log()
    draft = compile_draft(files, guardrails, log)
    personas = read_personas(files, draft.policy, draft.names["attribute"], log)
    tests = read_tests(files, draft.policy, personas, log)
    log.resolve({**draft.names, "persona": personas})
    log.refuse()
    return Suite(draft.policy, personas, tests, guardrails)


def _reasons(decision: tactful.Decision, offer: str) -> list[str]:
    """Return all that keeps an offer away."""
    return [reason.id for loss in decision.explain().of(offer) for reason in loss.reasons]


def _listed(names: object) -> str:
    return ", ".join(names) or "nothing" if isinstance(names, list | tuple) else str(names)
