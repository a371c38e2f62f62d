"""How large each segment is: counted over all households by tactful itself, as of the day of the demo.

`python -m grocery.counts` (in examples/) writes policy/counts.yaml. A segment that was never counted is PERSONAL.
"""

from collections import Counter
from collections.abc import Iterable

import tactful

from .affinity import Affinities
from .coupons import DEMO_DAY
from .households import Household, Households
from .journey import date_of, load, moment_of
from .variants import COUNTING, FOLDER, counting, grocer

FILE = FOLDER / "counts.yaml"


def sizes(households: Iterable[Household], now_us: int) -> dict[str, int]:
    """Return the size of each of the policy's segments."""
    groups = [segment.name for segment in grocer().segments]
    found = Counter[str]()
    with tactful.open(counting(groups), clock=lambda: now_us) as edge:
        for one in households:
            decision = edge.decide(COUNTING, one.id, profile=one.snapshot, consents=one.consents, contacts=())
            found.update(pick.offer for pick in decision.picks)
    return {group: found[group] for group in groups}


def main() -> None:
    """Count, and write the file."""
    journey = load()
    households = Households(journey, Affinities(journey))
    everyone = [households.as_of(number, DEMO_DAY) for number in households.numbers]
    lines = [f"  {group}: {size}" for group, size in sizes(everyone, moment_of(DEMO_DAY)).items()]
    head = f"# Of {len(everyone):,} households, as of {date_of(DEMO_DAY)}; `python -m grocery.counts` counts them.\n"
    FILE.write_text(f"{head}counts:\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
