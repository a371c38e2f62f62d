"""The law of a centre about edges whose clocks are wrong. `CentreConformance` has it with the others."""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

from pathlib import Path

from ..clock import DAY_US, SECOND_US, wall_clock
from ..consent import EVERYTHING, Consents
from .centre_kit import CentreMaking, followed, opt_in, stands, withdrawal
from .store_kit import no, yes


class ClocksLaws(CentreMaking):
    """What is dated later than a centre's own moment; each law is a test, and is given an empty folder."""

    def test_a_time_that_is_ahead_counts_from_its_arrival(self, tmp_path: Path) -> None:
        """What is said after a no from a clock ahead is newer; a yes from a clock far ahead lifts no no, ever."""
        with self.opened(tmp_path) as centre:
            now_us = wall_clock()
            ahead_us = now_us + 30 * DAY_US
            for customer, said in (("ada", yes(now_us - SECOND_US)), ("bob", no(now_us - SECOND_US))):
                self.tell(centre, customer, Consents((said,), now_us))
            self.tell(centre, "cid", Consents((yes(now_us + SECOND_US),), now_us))
            events = [withdrawal("1", "ada", ahead_us, "offers"), opt_in("2", "bob", ahead_us)]
            events += [withdrawal("3", "cid", ahead_us, EVERYTHING), opt_in("4", "eve", ahead_us)]
            centre.deliver(events)
            told, epoch = followed(centre), centre.changes("consents", 0, 9).epoch
            for moment_us in (now_us + 2 * SECOND_US, ahead_us + SECOND_US):
                found = [stands(told.get(one), now_us=moment_us) for one in ("ada", "bob", "cid", "eve")]
                assert found == [(False, True)] * 3 + [(True, False)]
            centre.deliver(events)
            assert centre.changes("consents", 0, 9).epoch == epoch
            centre.deliver([opt_in("5", "ada", wall_clock() + SECOND_US)])
            assert stands(followed(centre).get("ada"), now_us=now_us + DAY_US) == (True, False)
