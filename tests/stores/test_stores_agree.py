"""All stores, handed the same random calls, give the same answers: none knows something that another does not."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tactful import (
    Consent,
    Consents,
    ConsentState,
    Contact,
    Disclosure,
    How,
    MemoryStore,
    Observation,
    OutboxLimits,
    Passed,
    Snapshot,
    Source,
    StoreError,
    UsageError,
)
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.sqlite import SQLiteStore

CUSTOMERS = st.sampled_from(("ada", "al", "bob", "b\0b"))
TIMES = st.integers(0, 40)
IDENTIFIERS = st.dictionaries(
    st.sampled_from(("card", "email", "cookie", "household", "customer")),
    st.sampled_from(("1", "2", "ada", "bob", " 1 ", "")),
    max_size=3,
)
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from((1, 2.5, "x", True, ("a",))),
    st.sampled_from(Source),
    TIMES,
    st.sampled_from((0.5, 1.0)),
)
CONSENTS = st.builds(
    Consent,
    st.sampled_from(("offers", "service")),
    st.sampled_from(ConsentState),
    st.sampled_from(How),
    TIMES,
    until_us=st.integers(20, 60),
    channel=st.sampled_from((None, "email")),
)
CONTACTS = st.builds(
    Contact,
    st.integers(0, 30).map(str),
    CUSTOMERS,
    st.sampled_from(("shown", "click", "withdrawal")),
    TIMES,
    tags=st.sampled_from(((), ("a",))),
)
DISCLOSURES = st.builds(
    Disclosure,
    st.sampled_from("123"),
    st.integers(0, 1),
    CUSTOMERS,
    TIMES,
    st.integers(20, 60),
    st.sampled_from(("card", "cover")),
    st.just("web"),
    st.builds(Passed, st.just("bank"), st.just("bank"), st.just("consent"), st.sampled_from(((), ("a", "b")))),
)


class Stores(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now_us = 0
        self.folder = Path(tempfile.mkdtemp())
        self.stores = self.opened(OutboxLimits(rows_max=5))

    def opened(self, limits):
        return (
            MemoryStore(outbox=limits, clock=self.clock),
            SQLiteStore(self.folder / "edge.db", outbox=limits, clock=self.clock, shared=False),
        )

    def clock(self):
        return self.now_us

    def teardown(self):
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    def all_of_them(self, call):
        answers = []
        for store in self.stores:
            try:
                answers.append(call(store))
            except (StoreError, UsageError) as error:
                answers.append(type(error))
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    @rule(us=st.integers(-3, 9))
    def time_goes_on_and_sometimes_back(self, us):
        self.now_us += us

    @rule(
        customer=CUSTOMERS,
        at_us=TIMES,
        epoch=st.integers(0, 2),
        attributes=st.dictionaries(st.sampled_from("abc"), OBSERVATIONS),
    )
    def put_profile(self, customer, at_us, epoch, attributes):
        self.all_of_them(lambda store: store.put_profile(Snapshot(customer, at_us, attributes, epoch)))

    @rule(customer=CUSTOMERS, records=st.lists(CONSENTS, max_size=4), at_us=TIMES)
    def put_consents(self, customer, records, at_us):
        self.all_of_them(lambda store: store.put_consents(customer, Consents(tuple(records), at_us)))

    @rule(customer=CUSTOMERS, consent=CONSENTS)
    def add_consent(self, customer, consent):
        self.all_of_them(lambda store: store.add_consent(customer, consent))

    @rule(contacts=st.lists(CONTACTS, max_size=4), disclosures=st.lists(DISCLOSURES, max_size=3))
    def record(self, contacts, disclosures):
        self.all_of_them(lambda store: store.record(contacts, disclosures))

    @rule(now_us=TIMES)
    def forget_disclosures(self, now_us):
        self.all_of_them(lambda store: store.forget_disclosures(now_us))

    @rule(contacts=st.lists(CONTACTS, max_size=4))
    def put_many(self, contacts):
        self.all_of_them(lambda store: store.put_many([], {}, contacts))

    @rule(customer=CUSTOMERS, identifiers=IDENTIFIERS, confidence=st.sampled_from((0.5, 0.95, 1.0, 1.5)))
    def link(self, customer, identifiers, confidence):
        self.all_of_them(lambda store: store.link(identifiers, customer=customer, confidence=confidence))

    @rule(identifiers=IDENTIFIERS)
    def unlink(self, identifiers):
        self.all_of_them(lambda store: store.unlink(identifiers))

    @rule(customer=CUSTOMERS, other=CUSTOMERS)
    def merge(self, customer, other):
        root = self.all_of_them(lambda store: store.merge(customer, other))
        assert customer == other or self.stores[0].identify({"customer": other}).customer == root

    @rule(customer=CUSTOMERS)
    def split(self, customer):
        self.all_of_them(lambda store: store.split(customer))

    @rule(count=st.integers(0, 6))
    def deliver(self, count):
        taken = self.all_of_them(lambda store: [contact for _, contact in store.outbox_take(count)])
        assert len(taken) <= count
        self.all_of_them(lambda store: store.outbox_ack([number for number, _ in store.outbox_take(count)]))

    @rule(count=st.integers(0, 6), code=st.sampled_from(["refused", "centre-fails"]))
    def pass_over(self, count, code):
        self.all_of_them(lambda store: store.outbox_pass_over({number: code for number, _ in store.outbox_take(count)}))
        self.all_of_them(lambda store: [one for _, one in store.outbox_passed_over(0, 99)])
        self.all_of_them(lambda store: dict(store.outbox_passed_counts()))

    @rule(customer=CUSTOMERS)
    def erase(self, customer):
        self.all_of_them(lambda store: store.erase(customer))

    @rule(before_us=TIMES)
    def forget_contacts(self, before_us):
        self.all_of_them(lambda store: store.forget_contacts(before_us))

    @rule(identifiers=IDENTIFIERS)
    def identify(self, identifiers):
        self.all_of_them(lambda store: store.identify(identifiers))

    @invariant()
    def the_answers_are_the_same(self):
        for customer in ("ada", "al", "bob", "b\0b"):
            self.all_of_them(lambda store, customer=customer: store.profile(customer))
            self.all_of_them(lambda store, customer=customer: store.consents(customer))
            self.all_of_them(lambda store, customer=customer: store.links(customer))
            self.all_of_them(lambda store, customer=customer: _by_id(store.contacts(customer, 10)))
            self.all_of_them(lambda store, customer=customer: list(store.disclosures(customer, 30)))
        for decision in "123":
            self.all_of_them(lambda store, decision=decision: list(store.disclosures_of(decision, 30)))
        self.all_of_them(lambda store: [contact for _, contact in store.outbox_take(99)])
        self.all_of_them(lambda store: store.outbox_dropped())


def _by_id(contacts):
    """Contacts of the same moment have no order among several ids of one customer."""
    assert [one.at_us for one in contacts] == sorted(one.at_us for one in contacts)
    return sorted(contacts, key=lambda one: one.id)


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=40, stateful_step_count=30)


def test_a_store_in_postgresql_agrees_too(postgresql):
    class WithPostgreSQL(Stores):
        def opened(self, limits):
            url = postgresql.url(self.folder)
            return (*super().opened(limits), PostgreSQLStore(url, outbox=limits, clock=self.clock))

        def teardown(self):
            super().teardown()
            postgresql.drop(self.folder)

    run_state_machine_as_test(WithPostgreSQL, settings=settings(max_examples=12, stateful_step_count=30, deadline=None))
