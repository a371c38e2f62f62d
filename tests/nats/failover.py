"""A centre that three NATS servers keep: the one that leads is killed each time, and nothing acknowledged is lost."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import attrs

from tactful import CentreError
from tactful.testing.centre_kit import Follower, stands, withdrawal
from tactful_adapters.nats_centre import NATSCentre

from .admin import at_server, events_on_record
from .server import NATSServer, free_port

_PATIENCE_S = 60.0
_AT_ONCE = 20


@attrs.define
class Failovers:
    """
    What kills of leaders did.

    Attributes:
        kills: So many times the stream's leader was killed, and came back.
        acknowledged: Withdrawals that had been acknowledged.
        failed: Calls that failed meanwhile, and were made again.
        lost: Acknowledged withdrawals that are not on record.
        passed_over: Those that a follower, each time by way of another server, has not heard of.
        longest_s: The longest time in which no call came through [s].
    """

    kills: int = 0
    acknowledged: int = 0
    failed: int = 0
    lost: int = 0
    passed_over: int = 0
    longest_s: float = 0.0


def fail_over(folder: Path, kills: int, progress: Callable[[int], None] = lambda _: None) -> Failovers:
    """Kill the leader of the line of consents so often, deliver and follow by way of another server, bring it back."""
    found, position, heard = Failovers(), 0, set[str]()
    with _cluster(folder) as servers:
        for number in range(kills):
            led = _again(lambda: _leader(servers), found)
            by_way_of = servers[led - 1].url("shop", replicas=3)
            with _again(lambda url=by_way_of: NATSCentre(url), found) as centre:
                servers[led].stop()
                found.kills += 1
                for one in range(_AT_ONCE):
                    who = f"customer {number}/{one}"
                    said = [withdrawal(who, who, 5, "offers")]
                    found.acknowledged += len(_again(lambda said=said: centre.deliver(said), found).accepted)
                follower = Follower(centre)
                follower.position = position
                _again(follower.catch_up, found)
                position = follower.position
                heard.update(who for who, told in follower.newest.items() if stands(told) == (False, True))
            servers[led].start()
            progress(number + 1)
        found.lost = found.acknowledged - _again(lambda: _asked(events_on_record, servers), found)
    found.passed_over = found.acknowledged - len(heard)
    found.longest_s = round(found.longest_s, 1)
    return found


@contextmanager
def _cluster(folder):
    ports = [free_port() for _ in range(3)]
    routes = [f"nats://127.0.0.1:{port}" for port in ports]
    servers = []
    try:
        for number, port in enumerate(ports):
            cluster = {"name": "c", "listen": f"127.0.0.1:{port}", "routes": routes}
            servers.append(NATSServer(folder / str(number), server_name=f"s{number}", cluster=cluster))
            servers[-1].start()
        _again(lambda: NATSCentre(servers[0].url("shop", replicas=3)), Failovers()).close()
        yield servers
    finally:
        for server in servers:
            server.stop()


def _leader(servers):
    """The number of the server that leads the line of consents."""

    async def leader(js):
        return (await js.stream_info("KV_shop_consents")).cluster.leader

    return int(_asked(lambda url: at_server(url, leader), servers)[1:])


def _asked(what, servers):
    try:
        return what(servers[0].url("shop"))
    except Exception as error:
        raise CentreError("nobody leads") from error


def _again(call, found):
    """Do it again, as an edge does, until the cluster has agreed on who leads."""
    began_s = time.monotonic()
    while True:
        try:
            result = call()
        except CentreError:
            found.failed += 1
            if time.monotonic() > began_s + _PATIENCE_S:
                raise
            time.sleep(0.1)
        else:
            found.longest_s = max(found.longest_s, time.monotonic() - began_s)
            return result
