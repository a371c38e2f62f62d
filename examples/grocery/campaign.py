"""The grocer's letter to all households, decided on a Spark cluster of two executors on this machine.

    python -m grocery.campaign           # in examples/; --households 200 for fewer

It writes customers, a signed bundle, decisions and contacts into a folder, reads the decisions back, and compares them
with those that `edge.decide_many` makes in one process.
"""

import argparse
import datetime as dt
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

import tactful
from tactful.authoring import compile_files, read_files
from tactful.bundle import make_keys, write
from tactful_adapters.spark import Campaign, Progress
from tactful_adapters.spark_contacts import contacts_by_customer

from .affinity import Affinities
from .cluster import cluster, lacking
from .coupons import DEMO_DAY
from .customers import table_of
from .households import Household, Households, spread
from .journey import load, moment_of
from .variants import FOLDER

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports] - large, and not needed to check types

PLACEMENT = "email.letter"
TENANT = "riverside"
#: So many must sign what the grocer's edges decide by.
SIGNATURES = 2
CONTEXT = {"daypart": "noon"}
NOW_US = moment_of(DEMO_DAY)
NOW = dt.datetime.fromtimestamp(NOW_US // 1_000_000, dt.UTC)
_DAY_US = 86_400_000_000
#: What no worker can count, and what contacts do not record: see docs/spark.md. No letter needs either.
_CAPS, _LEFT_OUT = "contact.yaml", ("  pans:", "  bank:")
_PARTNERS = "offers/partners.yaml"


@attrs.frozen
class Ended:
    """
    What came of a campaign.

    Attributes:
        households: How many households it decided for.
        done: How many Spark counted.
        slots: How many slots are filled.
        tones: How often each tone was taken.
        contacts: How many contacts are to be recorded.
        opened: How often workers opened the bundle.
        same: Whether the rows are those of one process.
    """

    households: int
    done: int
    slots: int
    tones: Counter[str]
    contacts: int
    opened: int
    same: bool


def policy() -> tactful.Policy:
    """Return the grocer's policy without the caps of pans and of the bank, and without offers of partners."""
    files = {name: raw for name, raw in read_files(FOLDER).items() if name != _PARTNERS}
    lines = files[_CAPS].decode().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(_LEFT_OUT)]
    if len(kept) != len(lines) - len(_LEFT_OUT):
        raise LookupError(f"{_CAPS} of the grocer's policy has other caps than this campaign leaves out")
    return compile_files({**files, _CAPS: "".join(kept).encode()})


def households(count: int | None = None) -> Iterator[Household]:
    """Yield so many households as of the day of the demo; None means all."""
    journey = load()
    known = Households(journey, Affinities(journey))
    return (known.as_of(number, DEMO_DAY) for number in spread(known.numbers, count))


def prepare(folder: Path, known: Iterable[Household]) -> list[str]:
    """Write customers, and a bundle that two have signed, into a folder; return the public keys."""
    made = policy()
    pq.write_table(table_of(made, known), folder / "customers.parquet")
    keys = [make_keys() for _ in range(SIGNATURES)]
    raw = write(
        made,
        private_key=[private for private, _ in keys],
        tenant=TENANT,
        epoch=NOW_US // 1_000_000,
        issued_us=NOW_US,
        expires_us=NOW_US + 7 * _DAY_US,
    )
    (folder / "letter.bundle").write_bytes(raw)
    return [public for _, public in keys]


def campaign_of(folder: Path, keys: Sequence[str]) -> Campaign:
    """Return the letter's campaign at noon of the day of the demo."""
    bundle = folder / "letter.bundle"
    return Campaign(PLACEMENT, bundle, CONTEXT, key=keys, signatures=SIGNATURES, tenant=TENANT, at=NOW)


def run(session: "SparkSession", folder: Path, keys: Sequence[str]) -> Ended:
    """Decide for the customers of a folder, and write decisions and contacts beside them."""
    campaign = campaign_of(folder, keys)
    customers = session.read.parquet(str(folder / "customers.parquet"))
    progress = Progress(session)
    decisions = campaign.decide(customers, contacts="contacts", partitions=4, progress=progress)
    decisions.write.mode("overwrite").parquet(str(folder / "decisions"))
    # Only what was written is sent, and only what was sent is recorded.
    written = session.read.parquet(str(folder / "decisions"))
    campaign.contacts(written).write.mode("overwrite").parquet(str(folder / "contacts"))
    found = pq.read_table(folder / "decisions")
    return Ended(
        pq.read_metadata(folder / "customers.parquet").num_rows,
        progress.done,
        found.num_rows,
        Counter(found.column("tone").to_pylist()),
        pq.read_table(folder / "contacts").num_rows,
        progress.opened,
        _plain(found) == _plain(alone(folder, keys)),
    )


def alone(folder: Path, keys: Sequence[str]) -> pa.Table:
    """Return what one process decides for the same customers at the same moment."""
    table = pq.read_table(folder / "customers.parquet")
    bundle = folder / "letter.bundle"
    with tactful.open(bundle, key=keys, signatures=SIGNATURES, tenant=TENANT, clock=lambda: NOW_US) as edge:
        given = table.drop_columns(["contacts"])
        theirs = contacts_by_customer(table["customer"], table["contacts"], "contacts")
        return edge.decide_many(PLACEMENT, given, CONTEXT, contacts=theirs).table


def _plain(table: pa.Table) -> list[tuple[object, ...]]:
    names = ("customer", "placement", "slot", "offer", "treatment", "tone", "basis", "worth")
    return sorted(zip(*(table.column(name).to_pylist() for name in names), strict=True))


def main(given: Sequence[str] | None = None) -> int:
    """Run the campaign, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m grocery.campaign", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--households", type=int, help="so many households; all 2,469 if left out")
    parser.add_argument("--out", type=Path, help="the folder to write into; a temporary one if left out")
    asked = parser.parse_args(given)
    if reason := lacking():
        sys.stderr.write(f"{reason}\n")
        return 2
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) if asked.out is None else asked.out
        folder.mkdir(parents=True, exist_ok=True)
        keys = prepare(folder, households(asked.households))
        with cluster(2) as session:
            ended = run(session, folder, keys)
    sys.stdout.write(
        f"{ended.done:,} of {ended.households:,} households decided, {ended.slots:,} slots filled: "
        f"{', '.join(f'{count:,} {tone}' for tone, count in sorted(ended.tones.items()))}\n"
        f"the bundle was opened by {ended.opened} processes; {ended.contacts:,} contacts to record\n"
        f"the same rows as edge.decide_many in one process: {'yes' if ended.same else 'NO'}\n"
    )
    return 0 if ended.same else 1


if __name__ == "__main__":
    raise SystemExit(main())
