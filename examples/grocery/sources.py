"""How often rules of thumb are right of families, beside what families told: counted over all households.

`python -m grocery.sources` (in examples/) writes policy/sources.yaml as of the day of the demo, as `tactful sources`
does from a store. It tells of nobody.
"""

from collections.abc import Iterable, Iterator, Mapping

from tactful import MeasuredSource, Policy, Source
from tactful.against_stated import pairs_of
from tactful.measured_sources import JUDGING, measured

from .affinity import Affinities
from .coupons import DEMO_DAY
from .households import Household, Households
from .journey import date_of, load, moment_of
from .variants import FOLDER, grocer

FILE = FOLDER / "sources.yaml"
Found = Mapping[tuple[str, Source], MeasuredSource]


def found(households: Iterable[Household], now_us: int) -> Found:
    """Return what is measured of each attribute that the policy says is checked by another, by attribute and source."""
    attributes = grocer().attributes
    return measured(pair for one in households for pair in pairs_of(attributes, one.snapshot, now_us))


def written(sources: Found) -> str:
    """Return it as the policy's section `sources`."""
    lines = [f"# As of {date_of(DEMO_DAY)}; `python -m grocery.sources` counts.", "sources:"]
    for (name, source), one in sources.items():
        lines.append(f"  {name}: {{{source.value}: {{right: {one.right}, of: {one.of}, guess: {one.guess}}}}}")
    return "\n".join(lines) + "\n"


def known(policy: Policy) -> Iterator[dict[str, object]]:
    """Yield what the policy says was measured of each source, and what follows from it."""
    uses = {use.name: use for use in policy.guardrails}
    for name, by_source in uses[JUDGING].settings["measured"].items():
        for source, counts in by_source.items():
            one = MeasuredSource(**counts)
            yield {"attribute": name, "source": source, **counts, "verdict": one.verdict().value}


def main() -> None:
    """Count, and write the file."""
    journey = load()
    households = Households(journey, Affinities(journey))
    everyone = (households.as_of(number, DEMO_DAY) for number in households.numbers)
    FILE.write_text(written(found(everyone, moment_of(DEMO_DAY))), encoding="utf-8")


if __name__ == "__main__":
    main()
