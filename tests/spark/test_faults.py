"""Processes die in the middle of a job: no customer is lost, none comes twice, and what was decided stays decided."""

import json
import uuid

import pyarrow as pa
import pytest
from tests.spark import faults
from tests.spark.conftest import NOW, NOW_US, bundle, frame

import tactful
from tactful_adapters.spark import Campaign, Progress

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
COUNT = 1200


@pytest.fixture(autouse=True)
def small_batches(spark):
    """Batches so small that a task is in its midst when the first ones come out."""
    name = "spark.sql.execution.arrow.maxRecordsPerBatch"
    usual = spark.conf.get(name)
    spark.conf.set(name, "5")
    yield
    spark.conf.set(name, usual)


@pytest.fixture(scope="module")
def campaign(spark, keys):
    return Campaign("letter", bundle(keys), key=keys[1], at=NOW)


@pytest.fixture(scope="module")
def undisturbed(spark, campaign):
    return plain(campaign.decide(frame(spark, COUNT), contacts="contacts", partitions=4).collect())


def plain(found):
    return sorted(tuple(row[name] for name in sorted(row)) for row in map(_mapping, found))


def _mapping(row):
    return row if isinstance(row, dict) else row.asDict()


def disturbed(made, folder, whom):
    """Run a job whose first task to have two batches kills; return its rows, and what that task had decided."""
    at = str(folder)
    rows = made.mapInArrow(lambda batches: faults.after(batches, at, whom), faults.SCHEMA).collect()
    victims = json.loads((folder / "killed").read_text(encoding="utf-8"))
    assert victims  # somebody was killed,
    assert (folder / "again").exists()  # and Spark ran the task again
    return plain(rows), plain(json.loads((folder / "seen").read_text(encoding="utf-8")))


@pytest.mark.parametrize("whom", [faults.executor, faults.deciding])
def test_a_killed_process_changes_no_row_and_no_id(spark, campaign, undisturbed, tmp_path, whom):
    progress = Progress(spark)
    made = campaign.decide(frame(spark, COUNT), contacts="contacts", partitions=4, progress=progress)
    found, before = disturbed(made, tmp_path, whom)
    assert found == undisturbed
    assert before
    assert set(before) <= set(found)  # whoever acted on the first attempt acted on the same decisions
    assert progress.done == COUNT  # an attempt that failed counts nothing


def test_where_nobody_is_killed_no_task_runs_again(spark, campaign, tmp_path):
    """The control: that a task ran again is seen because somebody was killed."""
    at = str(tmp_path)
    made = campaign.decide(frame(spark, 100), contacts="contacts", partitions=4)
    assert made.mapInArrow(lambda batches: faults.after(batches, at, list), faults.SCHEMA).count()
    assert (tmp_path / "killed").exists()  # it went through the place where somebody would be
    assert not (tmp_path / "again").exists()


def test_what_is_written_under_a_killed_executor_is_whole(spark, campaign, undisturbed, tmp_path):
    made = campaign.decide(frame(spark, COUNT), contacts="contacts", partitions=4)
    at = str(tmp_path)
    disturbed_ = made.mapInArrow(lambda batches: faults.after(batches, at, faults.executor), faults.SCHEMA)
    disturbed_.write.parquet(f"{at}/letters")
    assert (tmp_path / "again").exists()
    assert plain(spark.read.parquet(f"{at}/letters").collect()) == undisturbed


def test_a_job_that_fixes_nothing_fails_what_is_tested_above(spark, keys, tmp_path):
    """The control: ids as they come, which look alike in the end, differ from those of the attempt that failed."""
    made = frame(spark, COUNT, partitions=4).select("customer").mapInArrow(naive(bundle(keys), keys[1]), faults.SCHEMA)
    found, before = disturbed(made, tmp_path, faults.deciding)
    assert before
    assert not set(before) & set(found)


def naive(raw, key):
    """Decide as somebody might who fixes no moment, and lets the ids of decisions come as they come."""

    def decide(batches):
        with tactful.open(raw, key=key, clock=lambda: NOW_US) as edge:
            for batch in batches:
                ids = batch.column(0).to_pylist()
                found = edge.decide_many("letter", pa.table({"customer": ids}), contacts={}).table
                rows = [{**row, "decision": uuid.uuid4().hex} for row in found.drop_columns(["row"]).to_pylist()]
                yield pa.RecordBatch.from_pylist([{name: row[name] for name in NAMES} for row in rows])

    return decide


NAMES = [part.split()[0] for part in faults.SCHEMA.split(", ")]
