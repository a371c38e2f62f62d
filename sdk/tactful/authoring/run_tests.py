"""Runs a policy's own tests, and says what was decided instead and why."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

import tactful

from ..consent import Consents
from ..errors import PolicyError
from ..familiarity import Familiarity
from ..registry import Registry
from .compile import compile_files, read_files
from .personas import Persona, PolicyTest, read_personas, read_tests
from .source import Log


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
        clock = tactful.wall_clock if test.at_us is None else _standing(test.at_us)
        with tactful.open(self.policy, registry=self.registry, clock=clock) as edge:
            return decide_for(edge, test.placements, test.persona, test.context, clock())

    def _failures(self, test: PolicyTest) -> Iterator[str]:
        decision, expect = self.decide(test), test.expect
        shown = [pick.offer for pick in decision.picks]
        if "offers" in expect and shown != list(expect["offers"]):
            yield f"expected {_listed(expect['offers'])}, decided {_listed(shown)}"
        for offer in expect.get("includes", ()):
            if offer not in shown:
                reasons = ", ".join(r.id for loss in decision.explain().of(offer) for r in loss.reasons)
                yield f"expected {offer} among others, decided {_listed(shown)}; {offer} is kept away by {reasons}"
        yield from (f"{offer} is shown" for offer in expect.get("not", ()) if offer in shown)
        tone = expect.get("tone", Familiarity.PERSONAL)
        yield from (f"{p.offer} is {p.tone.name}, more than {tone.name}" for p in decision.picks if p.tone > tone)
        if "title" in expect and decision.content.get("title") != expect["title"]:
            yield f"expected the title {expect['title']!r}, found {decision.content.get('title')!r}"
        if "fallback" in expect and expect["fallback"] is bool(shown):
            yield f"expected {'the fallback' if expect['fallback'] else 'something chosen'}, decided {_listed(shown)}"
        for offer, reason in test.because.items():
            ids = [r.id for loss in decision.explain().of(offer) for r in loss.reasons]
            if not any(id_.startswith(reason) for id_ in ids):
                yield f"expected {reason} to keep {offer} away, found {_listed(ids)}"


def decide_for(
    edge: tactful.Edge,
    placements: tuple[str, ...],
    persona: Persona | None,
    context: Mapping[str, object],
    now_us: int,
) -> tactful.Decision:
    """Return what an edge decides for a persona, or for a visitor, at a moment."""
    if persona is None:
        return edge.decide(placements, None, context)
    return edge.decide(
        placements,
        persona.who,
        context,
        profile=persona.snapshot_at(now_us),
        consents=Consents(persona.consents_at(now_us), now_us),
        contacts=persona.contacts_at(now_us),
    )


def load_suite(folder: Path | str, *, registry: Registry | None = None) -> Suite:
    """
    Return a folder's policy with its personas and tests.

    Raises:
        PolicyError: If there is any mistake in them; it holds all of them.
    """
    files = read_files(Path(folder))
    guardrails = registry or Registry.installed()
    policy = compile_files(files, registry=guardrails).policy
    log = Log()
    personas = read_personas(files, policy, log)
    tests = read_tests(files, policy, personas, log)
    if log.mistakes:
        raise PolicyError(log.sorted())
    return Suite(policy, personas, tests, guardrails)


def _standing(at_us: int) -> tactful.Clock:
    return lambda: at_us


def _listed(names: object) -> str:
    return ", ".join(names) or "nothing" if isinstance(names, list | tuple) else str(names)
