"""A server that is killed while events are delivered: what was acknowledged is there, once, and followers have it."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event, Thread

import attrs

from tactful import CentreError
from tactful.testing.centre_kit import Follower, stands, withdrawal
from tactful.testing.store_kit import contact
from tactful_adapters.nats_centre import NATSCentre

from .server import NATSServer

_PATIENCE_S = 120.0
#: So many events are delivered with one call, so that a kill often comes in their midst.
_AT_ONCE = 100


@attrs.define
class Figures:
    """
    What kills did.

    Attributes:
        kills: So many times the server was killed.
        acknowledged: Events that had been acknowledged.
        failed: Calls that failed meanwhile, and were made again.
        lost: Acknowledged events that are not on record.
        doubled: Messages of events beyond one for each.
        passed_over: Withdrawals that a follower who was there all the time has not heard of.
    """

    kills: int = 0
    acknowledged: int = 0
    failed: int = 0
    lost: int = 0
    doubled: int = 0
    passed_over: int = 0


def kill_servers(
    folder: Path, kills: int, on_record: Callable[[str], int], progress: Callable[[int], None] = lambda _: None
) -> Figures:
    """
    Kill one server so often, each time at another moment, and look at what is left.

    Args:
        folder: An empty folder.
        kills: So many.
        on_record: Gives how many events are on record, by the URL of the centre.
        progress: Is told how many kills are over.
    """
    found, done, chance = Figures(), Event(), Random(kills)  # noqa: S311 - the same moments each time
    server = NATSServer(folder).start()
    url = server.url("shop", timeout_s=2)
    try:
        with NATSCentre(url) as sending, NATSCentre(url) as following:
            follower = Follower(following, count=100)
            threads = [
                Thread(target=_send, args=(sending, done, found)),
                Thread(target=_follow, args=(follower, done)),
            ]
            for thread in threads:
                thread.start()
            for number in range(kills):
                time.sleep(chance.uniform(0.01, 0.15))
                server.stop()
                server.start()
                found.kills += 1
                progress(number + 1)
            done.set()
            for thread in threads:
                thread.join(_PATIENCE_S)
            _again(follower.catch_up, Figures())
            heard = [told for told in follower.newest.values() if stands(told) == (False, True)]
            found.passed_over = found.acknowledged // _AT_ONCE - len(heard)
            kept = on_record(url)
            found.lost, found.doubled = max(0, found.acknowledged - kept), max(0, kept - found.acknowledged)
    finally:
        done.set()
        server.stop()
    return found


def _send(centre, done, found):
    """Deliver events, a few at a time, each until it is acknowledged."""
    number = 0
    while not done.is_set():
        who = f"customer {number}"
        shown = (contact(f"{number}/{one}", who, 6) for one in range(_AT_ONCE - 1))
        events = [withdrawal(f"{number}/no", who, 5, "offers"), *shown]
        found.acknowledged += len(_again(lambda events=events: centre.deliver(events), found).accepted)
        number += 1


def _follow(follower, done):
    while not done.is_set():
        _again(follower.catch_up, Figures())
        time.sleep(0.01)


def _again(call, found):
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return call()
        except CentreError:
            found.failed += 1
            if time.monotonic() > until_s:
                raise
            time.sleep(0.01)
