"""What every centre must hold, as tests for the author of one: subclass, say how to make it, run pytest. It makes none.

class TestMyCentre(CentreConformance):
    persistent = True

    def make_centre(self, where):
        return MyCentre(where / "my.db")
"""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from ..centre_ports import Centre
from ..changes import Changes, Erased, Split, Unlinked
from ..consent import EVERYTHING, Consents, How
from ..contacts import Contact
from ..errors import CentreError, UsageError
from ..identity import Link
from ..merging import Merge
from .centre_clocks import ClocksLaws
from .centre_edges import EdgesLaws
from .centre_kit import PATIENCE_S, Follower, followed, is_erased, opt_in, stands, withdrawal
from .store_kit import at_once, contact, full_snapshot, no, yes


class CentreConformance(ClocksLaws, EdgesLaws):
    """The laws of a `Centre`; each is a test, and is given an empty folder."""

    # What is told

    def test_changes_are_told_in_rising_epochs_and_the_newest_word_counts(self, tmp_path: Path) -> None:
        """Whoever follows a line knows of each customer what was said last, and hears nothing twice."""
        with self.opened(tmp_path) as centre:
            follower = Follower(centre)
            follower.catch_up()
            assert follower.newest == {}
            for customer, consents in (("ada", (yes(1),)), ("bob", (no(2),)), ("ada", (yes(1), no(3)))):
                self.tell(centre, customer, Consents(consents, 3))
            follower.catch_up()
            assert {customer: stands(told) for customer, told in follower.newest.items()} == {
                "ada": (False, True),
                "bob": (False, True),
            }
            heard = len(follower.told)
            follower.catch_up()
            assert len(follower.told) == heard
            self.tell(centre, "bob", Consents((no(2), yes(5)), 5))
            follower.catch_up()
            assert stands(follower.newest.get("bob")) == (True, False)
            assert len(follower.told) == heard + 1

    def test_an_answer_is_no_longer_than_asked_and_says_whether_that_is_all(self, tmp_path: Path) -> None:
        """Piece by piece, all is told; only the last piece is complete."""
        with self.opened(tmp_path) as centre:
            for number in range(7):
                self.tell(centre, f"customer {number}", Consents((yes(1),), number))
            follower, answers = Follower(centre, count=3), list[Changes]()
            while not answers or not answers[-1].is_complete:
                answers.append(follower.pull())
            assert [len(answer.changes) for answer in answers] == [3, 3, 1]
            assert len(follower.newest) == 7
            assert {answer.epoch for answer in answers} == {follower.position}
            assert centre.changes("consents", follower.position, 3).changes == ()

    def test_lines_are_apart(self, tmp_path: Path) -> None:
        """A profile moves no epoch of consents."""
        if not self.tells_profiles:
            return
        with self.opened(tmp_path) as centre:
            self.tell(centre, "ada", full_snapshot("ada"))
            assert centre.changes("consents", 0, 9).epoch == 0
            told = followed(centre, "profiles").get("ada")
            assert told == full_snapshot("ada") or getattr(told, "attributes", None) == full_snapshot("ada").attributes

    def test_who_is_who_is_told_in_order(self, tmp_path: Path) -> None:
        """Links, merges and what undoes them come in the order in which they were made."""
        if not self.tells_links:
            return
        with self.opened(tmp_path) as centre:
            for customer, told in (
                ("ada", Link("card", "4711", "ada", "login", 1.0, 1)),
                ("ada", Merge("ada", "al", 2)),
                ("ada", Split()),
                ("", Unlinked("card", "4711")),
                ("bob", Link("card", "4711", "bob", "login", 1.0, 3)),
            ):
                self.tell(centre, customer, told)
            follower = Follower(centre, "profiles")
            follower.catch_up()
            kinds = [type(change.told).__name__ for change in follower.told]
            assert kinds[-4:] == ["Merge", "Split", "Unlinked", "Link"]
            last = follower.told[-1]
            assert isinstance(last.told, Link)
            assert (last.customer, last.told.value) == ("bob", "4711")

    def test_an_erasure_is_told_in_both_lines_and_nothing_else_of_the_customer(self, tmp_path: Path) -> None:
        """Whoever begins anew hears that a customer was erased, and nothing of what was."""
        if not self.erases:
            return
        with self.opened(tmp_path) as centre:
            self.tell(centre, "ada", Consents((yes(1),), 1))
            self.tell(centre, "bob", Consents((yes(1),), 1))
            if self.tells_profiles:
                self.tell(centre, "ada", full_snapshot("ada"))
            self.tell(centre, "ada", Erased(10**15))
            follower, lines = Follower(centre), [followed(centre, "profiles")] if self.tells_profiles else []
            follower.catch_up()
            assert [is_erased(change.told) for change in follower.told if change.customer == "ada"] == [True]
            assert all(is_erased(line.get("ada")) for line in lines)
            assert stands(follower.newest.get("bob")) == (True, False)

    # What is delivered

    def test_a_withdrawal_that_is_accepted_is_in_the_line(self, tmp_path: Path) -> None:
        """Whoever follows hears of it; to be left in peace takes back what was given for any purpose."""
        with self.opened(tmp_path) as centre:
            self.tell(centre, "ada", Consents((yes(1),), 1))
            self.tell(centre, "bob", Consents((yes(1),), 1))
            events = [withdrawal("1", "ada", 5, "offers"), withdrawal("2", "bob", 5, EVERYTHING)]
            assert centre.deliver(events).accepted == {"1", "2"}
            told = followed(centre)
            assert stands(told.get("ada")) == stands(told.get("bob")) == (False, True)
            assert stands(told.get("bob"), EVERYTHING) == (False, True)
            assert stands(told.get("ada"), EVERYTHING) == (False, False)

    def test_a_yes_is_in_the_line_as_it_was_given(self, tmp_path: Path) -> None:
        """A yes of one's own lifts an older no; a ticked box does not."""
        with self.opened(tmp_path) as centre:
            for customer in ("ada", "bob"):
                self.tell(centre, customer, Consents((no(3),), 3))
            events = [opt_in("1", "ada", 5), opt_in("2", "bob", 5, way=How.PRE_TICKED.value), opt_in("3", "eve", 5)]
            centre.deliver(events)
            told = followed(centre)
            assert [stands(told.get(one)) for one in ("ada", "bob", "eve")] == [
                (True, False),
                (False, True),
                (True, False),
            ]

    def test_events_take_effect_once_and_in_any_order(self, tmp_path: Path) -> None:
        """A second delivery changes nothing, and one that comes late nothing that is newer."""
        events = [opt_in("2", "ada", 9), withdrawal("1", "ada", 5, "offers"), contact("3", "ada", 7)]
        with self.opened(tmp_path) as centre:
            for one in (*events, events[1]):
                assert centre.deliver([one, one]).accepted == {one.id}
            assert stands(followed(centre).get("ada")) == (True, False)
            epoch = centre.changes("consents", 0, 9).epoch
            assert centre.deliver(events[::-1]).accepted == {"1", "2", "3"}
            assert centre.changes("consents", 0, 9).epoch == epoch
            centre.deliver([withdrawal("4", "ada", 20, "offers")])
            assert centre.deliver(events).accepted == {"1", "2", "3"}
            assert stands(followed(centre).get("ada")) == (False, True)

    def test_what_is_said_of_one_customer_at_once_is_all_kept(self, tmp_path: Path) -> None:
        """Noes to several purposes that come in at the same moment, over several connections, all stand."""
        with self.opened(tmp_path) as centre, self.opened(tmp_path) as another:
            both = (centre, another if self.shared else centre)

            def say(writer: int) -> None:
                for number in range(10):
                    purpose = f"purpose {writer}/{number}"
                    assert both[writer % 2].deliver([withdrawal(purpose, "ada", 5, purpose)]).accepted == {purpose}

            at_once(4, say)
            told = followed(centre).get("ada")
            for writer in range(4):
                for number in range(10):
                    assert stands(told, f"purpose {writer}/{number}") == (False, True)

    def test_a_no_reaches_every_id_that_is_the_same_customer(self, tmp_path: Path) -> None:
        """Also the ids that were merged by way of another one; what was split stands for itself."""
        if not self.tells_links:
            return
        with self.opened(tmp_path) as centre:
            for name in ("ada", "al", "lovelace", "eve"):
                self.tell(centre, name, Consents((yes(1),), 1))
            for customer, other in (("ada", "al"), ("lovelace", "ada"), ("ada", "eve")):
                self.tell(centre, customer, Merge(customer, other, 2))
            self.tell(centre, "eve", Split())
            centre.deliver([withdrawal("1", "al", 5, "offers")])
            told = followed(centre)
            assert [stands(told.get(one)) for one in ("ada", "al", "lovelace")] == [(False, True)] * 3
            assert stands(told.get("eve")) == (True, False)

    def test_a_partner_s_notice_is_no_word_on_consents(self, tmp_path: Path) -> None:
        """It is on record for the partner, and takes back nothing of the customer's."""
        notice = Contact("1", "ada", "withdrawal", 5, owner="citybank", tags=("offers",))
        with self.opened(tmp_path) as centre:
            self.tell(centre, "ada", Consents((yes(1),), 1))
            assert centre.deliver([notice]).accepted == {"1"}
            assert stands(followed(centre).get("ada")) == (True, False)

    def test_an_event_that_is_refused_holds_up_no_other(self, tmp_path: Path) -> None:
        """What has no id can never be told from another: it is refused with a code, and the others are taken."""
        with self.opened(tmp_path) as centre:
            answer = centre.deliver([contact("1", "ada", 1), contact("", "ada", 2), contact("3", "ada", 3)])
            assert answer.accepted == {"1", "3"}
            assert set(answer.refused) == {""}
            assert answer.refused[""]

    # Hints, threads, and the end

    def test_a_hint_comes_back_whether_there_is_something_or_not(self, tmp_path: Path) -> None:
        """With something new it comes back soon, without it once the time is over."""
        with self.opened(tmp_path) as centre:
            assert centre.wait("consents", 0, 0.01) in (True, False)
            self.tell(centre, "ada", Consents((yes(1),), 1))
            assert centre.wait("consents", 0, 0.01) in (True, False)

    def test_who_follows_while_others_change_passes_nothing_over(self, tmp_path: Path) -> None:
        """Epochs come in the order of commits: what is committed later is told later."""
        with self.opened(tmp_path) as centre:
            follower, done, failures = Follower(centre), Event(), list[BaseException]()

            def follow() -> None:
                try:
                    while not done.is_set():
                        follower.catch_up()
                except BaseException as error:  # noqa: BLE001 - it is told below
                    failures.append(error)

            def change(writer: int) -> None:
                for number in range(20):
                    centre.deliver([opt_in(f"{writer}/{number}", f"customer {writer}/{number}", 5)])

            following = Thread(target=follow)
            following.start()
            at_once(4, change)
            done.set()
            following.join(PATIENCE_S)
            follower.catch_up()
            assert failures == []
            assert len(follower.newest) == 80
            assert followed(centre).keys() == follower.newest.keys()

    def test_a_closed_centre_takes_no_calls(self, tmp_path: Path) -> None:
        """Closing again does nothing; who waits comes back; asking says that it is closed."""
        centre = self.make_centre(tmp_path)
        waiting = Thread(target=_waited, args=(centre,), daemon=True)
        waiting.start()
        centre.close()
        centre.close()
        waiting.join(PATIENCE_S)
        assert not waiting.is_alive(), "who waits for a hint must come back when the centre is closed"
        assert _refused(centre)

    def test_what_was_kept_is_there_again(self, tmp_path: Path) -> None:
        """A centre that is opened again has everything, and its epochs go on; for centres that persist."""
        if not self.persistent:
            return
        with self.opened(tmp_path) as centre:
            self.tell(centre, "ada", Consents((yes(1),), 1))
            centre.deliver([withdrawal("1", "ada", 5, "offers")])
            epoch = centre.changes("consents", 0, 9).epoch
        with self.opened(tmp_path) as centre:
            assert stands(followed(centre).get("ada")) == (False, True)
            assert centre.deliver([withdrawal("1", "ada", 5, "offers")]).accepted == {"1"}
            assert centre.changes("consents", 0, 9).epoch == epoch
            centre.deliver([opt_in("2", "ada", 9)])
            assert centre.changes("consents", epoch, 9).epoch > epoch

    def test_two_connections_are_one_centre(self, tmp_path: Path) -> None:
        """What one is given the other tells; for centres that are shared."""
        if not self.shared:
            return
        with self.opened(tmp_path) as one, self.opened(tmp_path) as other:
            one.deliver([opt_in("1", "ada", 5)])
            assert stands(followed(other).get("ada")) == (True, False)
            other.deliver([withdrawal("2", "ada", 9, "offers")])
            assert stands(followed(one).get("ada")) == (False, True)

    def test_who_follows_on_over_another_connection_passes_nothing_over(self, tmp_path: Path) -> None:
        """Epochs are the centre's, and not the connection's; for centres that are shared."""
        if not self.shared:
            return
        with self.opened(tmp_path) as one, self.opened(tmp_path) as other:
            follower = Follower(one)
            for moment in range(1, 5):  # of these, one that begins later is told the last
                self.tell(one, "ada", Consents((yes(moment),), moment))
                follower.catch_up()
            on = Follower(other)
            on.position = follower.position
            self.tell(one, "bob", Consents((no(9),), 9))
            on.catch_up()
            assert [change.customer for change in on.told] == ["bob"]


def _waited(centre: Centre) -> None:
    with suppress(Exception):
        centre.wait("consents", 10**9, PATIENCE_S / 2)


def _refused(centre: Centre) -> bool:
    try:
        centre.changes("consents", 0, 1)
    except (CentreError, UsageError):
        return True
    return False
