"""Centres that fail: nothing is lost, nothing is believed that cannot be true, and consents wait for nobody."""

import pytest

import tactful
from tactful import MemoryCentre, MemoryStore, StoreError
from tactful.sync.marks import EPOCH_REGISTER
from tactful.testing.faulty_centres import FlappingCentre, LossyCentre, LyingCentre, WrappedCentre
from tactful_adapters.sqlite import SQLiteStore

from .conftest import FRESH_S, NAMED, PLAIN, ada, at_once, known, no, title, yes


def kept(store):
    """All that a store holds of Ada, and how far it has followed."""
    registers = [store.register(EPOCH_REGISTER + line) for line in ("consents", "profiles")]
    return store.profile("ada"), store.consents("ada"), registers


@pytest.mark.parametrize("lie", [lie for lie in LyingCentre.lies if lie not in ("other-events", "two-answers")])
def test_a_centre_that_lies_changes_nothing_and_is_told_of(open_edge, centre, clock, lie):
    store = MemoryStore(clock=clock)
    lying = LyingCentre(centre)
    edge = open_edge(store, at=lying)
    centre.put_profile(ada())
    for name in ("ada", "bob", "eve"):
        centre.put_consents(name, known(yes()))
    edge.sync()
    before = kept(store)
    clock.pass_s(10)
    for name in ("ada", "bob"):
        centre.add_consent(name, no(clock()))
    lying.lie = lie
    done = edge.sync()
    assert done.errors["consents"] == ("centre-went-back" if lie == "went-back" else "centre-nonsense")
    assert kept(store) == before
    assert edge.status()["centre"]["consents"]["errors"] == {done.errors["consents"]: 1}
    assert edge.status()["centre"]["consents"]["age_s"] == 10
    lying.lie = ""
    assert edge.sync().consents == 2
    assert at_once(edge) == {"title": PLAIN}


@pytest.mark.parametrize("lie", ["other-events", "two-answers"])
def test_a_lie_about_events_takes_none_of_them_out(open_edge, centre, clock, lie):
    store = MemoryStore(clock=clock)
    lying = LyingCentre(centre, lie)
    edge = open_edge(store, at=lying)
    edge.observe("ada", "purchase")
    assert edge.sync().errors == {"events": "centre-nonsense"}
    assert len(store.outbox_take(9)) == 1
    lying.lie = ""
    edge.sync()
    assert [one.event for one in centre.events] == ["purchase"]
    assert store.outbox_take(9) == ()


def test_events_that_cannot_be_sent_hold_up_no_consent(open_edge, centre, clock):
    flapping = FlappingCentre(centre, down=["deliver"])
    edge = open_edge(at=flapping)
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.observe("ada", "purchase")
    done = edge.sync()
    assert (done.consents, done.profiles, dict(done.errors)) == (1, 1, {"events": "centre-down"})
    assert title(edge) == NAMED
    flapping.down.clear()
    assert edge.sync().events == 1


def test_a_partition_is_bounded_by_the_freshness_limit(open_edge, centre, clock):
    flapping = FlappingCentre(centre)
    edge = open_edge(at=flapping)
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    clock.pass_s(1)
    centre.add_consent("ada", no(clock()))
    flapping.down |= {"changes", "deliver"}
    for _ in range(10):
        clock.pass_s(FRESH_S / 10)
        assert edge.sync().errors.keys() == {"consents", "profiles"}
    assert title(edge) == PLAIN  # the no was never heard, and the yes counts no more
    assert edge.status()["centre"]["ready"] is False
    flapping.down.clear()
    edge.sync()
    assert edge.status()["centre"]["ready"] is True
    assert title(edge) == PLAIN


def test_answers_that_are_lost_and_events_that_come_twice_are_once_in_effect(open_edge, centre, clock):
    lossy = LossyCentre(centre, [True, False, True, True, False])
    edge, other = open_edge(at=lossy), open_edge()
    centre.put_profile(ada())
    edge.sync()
    for number in range(4):
        clock.pass_s(1)
        edge.observe("ada", "purchase", id=f"till-{number}")
        edge.opt_in("ada", "offers") if number % 2 else edge.opt_out("ada")
        edge.sync()
    while edge.sync().errors:
        pass
    purchases = [one.id for one in centre.events if one.event == "purchase"]
    assert sorted(purchases) == [f"till-{number}" for number in range(4)]
    assert len({one.id for one in centre.events}) == len(centre.events) == 8
    other.sync()
    assert title(other) == title(edge) == NAMED


def test_events_of_a_customer_arrive_in_order_and_withdrawals_first(open_edge, centre, clock):
    edge = open_edge(sync=tactful.SyncOptions(threads=False, batch=2))
    for number in range(5):
        edge.observe("ada", "purchase", id=f"till-{number}")
    edge.opt_out("ada")
    edge.sync()
    events = [one.event for one in centre.events]
    assert events[0] == "withdrawal"
    assert [one.id for one in centre.events if one.event == "purchase"] == [f"till-{n}" for n in range(5)]


def test_what_the_centre_refuses_is_set_aside_and_counted(open_edge, clock):
    centre = MemoryCentre(clock=clock, refuse=lambda event: "too-old" if event.id == "bad" else None)
    store = MemoryStore(clock=clock)
    edge = open_edge(store, at=centre)
    for id_ in ("good", "bad", "fine"):
        edge.observe("ada", "purchase", id=id_)
    assert edge.sync().events == 2
    assert [one.id for one in centre.events] == ["good", "fine"]
    assert [(one.id, code) for one, code in store.outbox_refused()] == [("bad", "too-old")]
    events = edge.status()["centre"]["events"]
    assert (events["set_aside"], events["errors"]) == (1, {"too-old": 1})
    assert edge.sync() == tactful.Synced()


class FailsAt(WrappedCentre):
    """A centre that breaks when it is given one event, and on some calls besides."""

    def __init__(self, inner, id_, also=lambda call: False):
        super().__init__(inner)
        self.id_, self.also, self.most = id_, also, 0

    def deliver(self, events):
        told = super().deliver
        self.most = max(self.most, len(events))
        if any(event.id == self.id_ for event in events) or self.also(self.calls["deliver"]):
            self.calls["deliver"] += 1
            raise OSError(f"cannot store {self.id_}")
        return told(events)


def test_an_event_at_which_the_centre_fails_is_set_aside_and_no_other(open_edge, centre, clock):
    store = MemoryStore(clock=clock)
    edge = open_edge(store, at=FailsAt(centre, "poison"))
    edge.observe("ada", "purchase", id="poison")
    for number in range(20):
        edge.observe("ada", "purchase", id=f"ada-{number}")
        edge.observe("bob", "purchase", id=f"bob-{number}")
    passes = [edge.sync() for _ in range(8)]
    assert [one.errors for one in passes if one.errors] == [{"events": "OSError"}] * 5
    assert [(one.id, code) for one, code in store.outbox_refused()] == [("poison", "centre-fails")]
    assert {one.id for one in centre.events} == {f"{who}-{n}" for who in ("ada", "bob") for n in range(20)}
    assert [one.id for one in centre.events if one.customer == "ada"] == [f"ada-{n}" for n in range(20)]


@pytest.mark.parametrize("others", [0, 3])
def test_a_centre_that_takes_nothing_has_nothing_set_aside(open_edge, centre, clock, others):
    store = MemoryStore(clock=clock)
    down = FailsAt(centre, "none", also=lambda call: True)
    edge = open_edge(store, at=down)
    for number in range(1 + others):
        edge.observe(f"customer-{number}", "purchase", id=f"event-{number}")
    before = down.calls["deliver"]
    for _ in range(20):
        assert edge.sync().errors == {"events": "OSError"}
    assert down.calls["deliver"] - before <= 20 * 2  # two calls a pass
    down.also = lambda call: False
    assert edge.sync().events == 1 + others
    assert store.outbox_refused() == ()


def test_after_a_failure_more_and_more_go_over_at_once(open_edge, centre, clock):
    flaky = FailsAt(centre, "none", also=lambda call: call == 0)
    edge = open_edge(at=flaky)
    for number in range(40):
        edge.observe("ada", "purchase", id=f"event-{number}")
    assert edge.sync().errors == {"events": "OSError"}
    flaky.most = 0
    assert edge.sync().events == 40
    assert 8 <= flaky.most < 40
    assert [one.id for one in centre.events] == [f"event-{number}" for number in range(40)]


class Killed(BaseException):
    """The process ends here."""


def test_who_dies_between_keeping_and_marking_applies_it_again_to_the_same_effect(
    open_edge, centre, clock, tmp_path, monkeypatch
):
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    centre.link({"card": "4711"}, "ada")
    centre.merge("ada", "al")
    with SQLiteStore(tmp_path / "edge.db", clock=clock) as store:
        edge = open_edge(store)
        with monkeypatch.context() as patched:
            patched.setattr(SQLiteStore, "raise_register", lambda *_: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                edge.sync()
        assert store.consents("ada") is not None
        assert store.register(EPOCH_REGISTER + "consents") is None
    with SQLiteStore(tmp_path / "edge.db", clock=clock) as store, SQLiteStore(tmp_path / "b.db", clock=clock) as other:
        clock.pass_s(20)  # the lease of the dead has ended
        again, fresh = open_edge(store), open_edge(other)
        for edge in (again, fresh):
            edge.sync()
        assert kept(store) == kept(other)
        assert store.identify({"card": "4711"}) == other.identify({"card": "4711"})
        again.close()
        fresh.close()


def test_one_profile_that_cannot_be_kept_holds_up_no_other(open_edge, centre, clock, tmp_path):
    class Picky(MemoryStore):
        def put_profile(self, snapshot):
            raise NotImplementedError

        def _put_profile(self, snapshot):
            if snapshot.customer == "bad":
                raise StoreError("a value cannot be kept")
            return super()._put_profile(snapshot)

    store = Picky(clock=clock)
    edge = open_edge(store)
    for customer in ("ada", "bad", "eve"):
        centre.put_profile(ada(customer=customer))
    assert edge.sync().errors == {}
    assert store.profile("ada") is not None
    assert store.profile("eve") is not None
    assert edge.status()["centre"]["profiles"]["errors"] == {"store": 1}


def test_a_centre_that_was_restored_from_a_copy_is_not_believed(open_edge, centre, clock):
    store = MemoryStore(clock=clock)
    edge = open_edge(store)
    for _ in range(3):
        centre.put_consents("ada", known(no()))
    edge.sync()
    restored = MemoryCentre(clock=clock)
    restored.put_consents("ada", known(yes()))
    later = open_edge(store, at=restored)
    assert later.sync().errors["consents"] == "centre-went-back"
    assert store.consents("ada").records == (no(),)
    for _ in range(3):  # its epochs go on above those that were given
        restored.put_consents("ada", known(yes()))
    assert later.sync().errors == {}
    assert no() in store.consents("ada").records


def test_the_account_is_bounded_and_tells_nothing_that_a_centre_says(open_edge, clock):
    said = "ada@example.org "
    centre = MemoryCentre(clock=clock, refuse=lambda event: said + event.id)
    edge = open_edge(at=centre)
    for number in range(300):
        edge.observe("ada", "purchase", id=f"till-{number}")
    edge.sync()
    errors = edge.status()["centre"]["events"]["errors"]
    assert sum(errors.values()) == 300
    assert len(errors) == 1
    assert "ada" not in str(edge.status())
