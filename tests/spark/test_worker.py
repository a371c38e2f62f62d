"""What a Spark worker does, without Spark: one edge for a campaign, few edges, each customer once."""

import datetime as dt

import attrs
import pyarrow as pa
import pytest
from tests.spark.conftest import CONTACT_TYPE, NOW, NOW_US, POLICY, bundle

import tactful
from tactful import UsageError
from tactful_adapters import spark_worker
from tactful_adapters.spark_contacts import contacts_by_customer, us_of
from tactful_adapters.spark_worker import EDGES_MAX, Job, Sent, decided


class Told:
    """A broadcast bundle that counts how often it is fetched."""

    def __init__(self, raw):
        self._raw, self.fetched = raw, 0

    @property
    def value(self):
        self.fetched += 1
        return self._raw


@pytest.fixture
def told(keys, monkeypatch):
    monkeypatch.setattr(spark_worker, "_edges", type(spark_worker._edges)(EDGES_MAX))
    return Told(bundle(keys, POLICY))


def sent(told, keys, at_us=NOW_US, columns=("customer",)):
    job = Job.of(told._raw, ("letter",), None, (keys[1],), 1, None, at_us, development=False)
    return Sent(job, told, columns, None, None)


def batch(*customers):
    return pa.RecordBatch.from_pydict({"c0": list(customers)})


def run(sent, *batches):
    return pa.Table.from_batches(list(decided(sent, iter(batches)))).to_pylist()


def test_tasks_of_one_campaign_share_an_edge(told, keys):
    for _ in range(5):
        assert run(sent(told, keys), batch("ann", "bob"), batch("eve"))
    assert told.fetched == 1


def test_more_campaigns_than_a_process_keeps_open_theirs_anew(told, keys):
    for _ in range(2):
        for number in range(EDGES_MAX + 1):
            run(sent(told, keys, NOW_US + number), batch("ann"))
    assert len(spark_worker._edges) == EDGES_MAX
    assert told.fetched == 2 * (EDGES_MAX + 1)


def test_other_keys_never_share_an_edge(told, keys):
    run(sent(told, keys), batch("ann"))
    other = sent(told, keys)
    with pytest.raises(tactful.BundleError):
        run(attrs.evolve(other, job=attrs.evolve(other.job, keys=("A" * 43 + "=",))), batch("ann"))
    assert told.fetched == 2


def test_a_customer_at_the_end_of_a_batch_and_at_the_start_of_the_next_is_refused(told, keys):
    empty = batch().cast(pa.schema({"c0": pa.string()}))
    with pytest.raises(UsageError, match="a customer who has one already"):
        run(sent(told, keys), batch("ann", "bob"), empty, batch("bob", "eve"))


@pytest.mark.parametrize("change", ["raw", "placements", "context", "at_us", "customer"])
def test_an_id_is_of_the_bundle_the_page_the_context_the_moment_and_the_customer(change):
    given = {"raw": b"r", "placements": ("p",), "context": {"a": 1, "b": 2}, "at_us": 1, "customer": "ann"}
    other = {"raw": b"s", "placements": ("q",), "context": {"a": 1, "b": 3}, "at_us": 2, "customer": "bob"}

    def id_of(raw, placements, context, at_us, customer):
        job = Job.of(raw, placements, context, None, 1, None, at_us, development=True)
        return job.decision(customer)

    assert id_of(**given) == id_of(**{**given, "context": {"b": 2, "a": 1}})
    assert id_of(**given) != id_of(**{**given, change: other[change]})


def test_contacts_are_read_with_all_their_fields():
    seen = [{"event": "shown", "at": NOW, "topic": "food", "tags": ["x", "y"]}, {"event": "click", "at": NOW}]
    column = pa.chunked_array([pa.array([[], seen, None, seen[:1]], CONTACT_TYPE)])
    found = contacts_by_customer(pa.chunked_array([["ann", "bob", "cat", "dan"]]), column, "contacts")
    assert found.keys() == {"bob", "dan"}
    first, second = found["bob"]
    assert first == tactful.Contact("bob/0", "bob", "shown", NOW_US, topic="food", tags=("x", "y"))
    assert second == tactful.Contact("bob/1", "bob", "click", NOW_US)


def test_a_moment_is_exact_to_the_microsecond():
    assert us_of(NOW + dt.timedelta(microseconds=1)) == NOW_US + 1
