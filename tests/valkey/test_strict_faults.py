"""What a server of strict caps can suffer: it gives no room then, and never more than a cap allows."""

import contextlib
import json
import signal
import time

import pytest

from tactful import StoreError, UsageError
from tactful.testing.store_kit import at_once
from tactful.testing.store_strict import ask
from tactful_adapters import valkey_strict
from tactful_adapters.valkey_strict import ValkeyStrictCaps, main

from .server import free_port

COUNT = 3


@pytest.fixture
def opened():
    found = []

    def opening(server, **options):
        found.append(ValkeyStrictCaps(server.url(**{"timeout_s": 1, **options})))
        found[-1].begin()
        return found[-1]

    yield opening
    for one in found:
        one.close()


def taken(caps, wanted=COUNT):
    """Reserve and use all that is given; none if it refuses."""
    try:
        (units,) = caps.reserve([ask(count=COUNT, wanted=wanted)])
    except StoreError:
        return 0
    return caps.confirm(units)


# What the server can lose: each tells how much was used in all, of a cap of three.


def evicted(server, caps):
    used = taken(caps, 2)
    (room,) = server.run("KEYS", "*strict:*")
    server.run("DEL", room)
    return used + taken(caps)


def emptied(server, caps):
    used = taken(caps, 2)
    server.run("FLUSHALL")
    return used + taken(caps)


def set_back(server, caps):
    server.keep_a_copy()
    used = taken(caps, 2)
    server.lose_what_came_since()
    return used + taken(caps) + taken(caps)


def half_evicted(server, caps):
    used = taken(caps, 2)
    server.run("DEL", "{tactful}:strict")
    return used + taken(caps)


SEEN = (
    "if seen_generation > generation or (seen_generation == generation and seen_serial > serial) then",
    "if false then",
)
BEGUN = ("if not generation then", "generation = generation or 1\nif false then")
THERE = ("elseif (due and 1 or 0) ~= redis.call('EXISTS', key) then", "elseif false then")
#: What each is noticed by; a script that does not look there exceeds the cap.
LOSSES = {evicted: [THERE], emptied: [BEGUN, SEEN], set_back: [SEEN], half_evicted: [BEGUN, SEEN]}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_lost_is_promised_to_nobody_again(serve, opened, loss):
    server = serve()
    caps = opened(server)
    assert loss(server, caps) <= COUNT
    with pytest.raises(StoreError, match="lost"):
        caps.check()
    with pytest.raises(StoreError, match="valkey_strict begin"):
        caps.reserve([ask()])


@pytest.mark.parametrize("loss", LOSSES)
def test_a_script_that_does_not_look_exceeds_the_cap(serve, opened, monkeypatch, loss):
    text = valkey_strict._script()
    for right, careless in LOSSES[loss]:
        assert text.count(right) == 1
        text = text.replace(right, careless)
    monkeypatch.setattr(valkey_strict, "_script", lambda: text)
    server = serve()
    assert loss(server, opened(server)) > COUNT


def test_a_script_that_goes_by_the_edges_clock_exceeds_the_cap(server, opened, monkeypatch):
    text = valkey_strict._script()
    ours = {"ahead": 0}

    def script():
        now_us = time.time_ns() // 1000 + ours["ahead"]
        return text.replace("redis.call('TIME')", f"{{'0', '{now_us}'}}")

    monkeypatch.setattr(valkey_strict, "_script", script)
    caps = opened(server)
    used = taken(caps, 2)
    ours["ahead"] = 5 * 86_400_000_000
    assert used + taken(caps) > COUNT


class GetThenSet(ValkeyStrictCaps):
    """Looks, and then takes: others come in between."""

    def reserve(self, asks):
        (one,) = asks
        key = f"careless/{one.subject}"
        inside = int(self._server.get(key) or 0)
        time.sleep(0.01)
        given = min(one.wanted, one.count - inside)
        self._server.set(key, inside + given)
        return [["unit"] * given]


@pytest.mark.parametrize(("kind", "is_kept"), [(ValkeyStrictCaps, True), (GetThenSet, False)])
def test_only_what_is_one_step_keeps_the_cap_under_threads(server, kind, is_kept):
    with contextlib.closing(kind(server.url())) as caps:
        caps.begin()
        given = at_once(8, lambda _: sum(len(caps.reserve([ask(count=10)])[0]) for _ in range(5)))
    assert (sum(given) <= 10) is is_kept


# Servers that are away, slow or wrong


def test_who_is_killed_and_comes_back_has_kept_what_it_promised(serve, opened):
    server = serve()
    caps = opened(server)
    assert taken(caps, 2) == 2
    server.restart(signal.SIGKILL)
    assert len(caps.reserve([ask(count=COUNT, wanted=9)])[0]) == 1
    assert caps.reserve([ask(count=COUNT)]) == ((),)


def test_a_server_that_is_away_gives_no_room_and_is_asked_again_when_it_is_back(serve, opened):
    server = serve()
    caps = opened(server)
    server.stop()
    with pytest.raises(StoreError, match="cannot be reached"):
        caps.reserve([ask()])
    server.start()
    assert len(caps.reserve([ask()])[0]) == 1


def test_opening_waits_for_no_server_but_tells_what_is_wrong_with_one(serve):
    server = serve(appendonly="no")
    with pytest.raises(StoreError, match="set appendonly yes"):
        ValkeyStrictCaps.from_url(server.url())
    server.stop()
    ValkeyStrictCaps.from_url(server.url()).close()


def test_an_edge_opens_though_something_was_lost_and_says_so_once(serve, opened, caplog):
    server = serve()
    opened(server)
    server.run("FLUSHALL")
    with contextlib.closing(ValkeyStrictCaps.from_url(server.url())) as caps:
        for _ in range(3):
            with pytest.raises(StoreError, match="valkey_strict begin"):
                caps.reserve([ask()])
        caps.begin()
        assert len(caps.reserve([ask()])[0]) == 1
    (told,) = (one.getMessage() for one in caplog.records)
    assert "has not begun to count" in told


def test_a_paused_server_gives_no_room_and_what_it_did_all_the_same_lapses_or_counts(serve, opened):
    server = serve()
    caps = opened(server)
    server.run("CLIENT", "PAUSE", "1500", "WRITE")
    with pytest.raises(StoreError, match="silent"):
        caps.reserve([ask(count=2, hold_us=10**12)])
    time.sleep(1)
    assert len(caps.reserve([ask(count=2, wanted=9)])[0]) <= 2
    assert caps.reserve([ask(count=2)]) == ((),)


def test_a_server_that_stands_still_is_given_up_in_time(serve, opened):
    server = serve()
    caps = opened(server)
    server.pause()
    began_s = time.process_time()
    with pytest.raises(StoreError, match="silent"):
        caps.reserve([ask()])
    assert time.process_time() - began_s < 1  # it waits, and does not spin
    server.go_on()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"appendonly": "no"}, "set appendonly yes"),
        ({"maxmemory": "100mb", "maxmemory_policy": "allkeys-lru"}, "set maxmemory-policy noeviction"),
        ({"maxmemory": "100mb", "maxmemory_policy": "volatile-ttl"}, "set maxmemory-policy noeviction"),
    ],
)
def test_a_server_that_may_forget_is_refused_with_the_setting_that_is_wrong(serve, settings, said):
    server = serve(**settings)
    with contextlib.closing(ValkeyStrictCaps(server.url())) as caps, pytest.raises(StoreError, match=said):
        caps.begin()


def test_settings_that_are_changed_later_are_noticed(serve, opened):
    server = serve()
    caps = opened(server)
    server.run("CONFIG", "SET", "appendonly", "no")
    with pytest.raises(StoreError, match="set appendonly yes"):
        caps.reserve([ask()])


def test_a_server_whose_memory_is_full_gives_no_room(serve, opened):
    server = serve()
    caps = opened(server)
    server.run("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreError, match="memory is full"):
        caps.reserve([ask()])
    server.run("CONFIG", "SET", "maxmemory", "0")
    assert len(caps.reserve([ask()])[0]) == 1


def test_a_replica_gives_no_room_and_a_primary_waits_for_those_that_can_take_over(serve, opened):
    primary = serve(port=free_port())
    replica = serve(replicaof=f"127.0.0.1 {primary._settings['port']}")
    _until(lambda: primary.run("INFO", "replication").get("slave0", {}).get("state") == "online")
    with contextlib.closing(ValkeyStrictCaps(replica.url())) as caps, pytest.raises(StoreError, match="a replica"):
        caps.reserve([ask()])
    with contextlib.closing(ValkeyStrictCaps(primary.url())) as caps, pytest.raises(StoreError, match="replicas=1"):
        caps.begin()
    _until(lambda: replica.run("INFO", "persistence")["aof_rewrite_in_progress"] == 0)
    assert taken(opened(primary, replicas=1, timeout_s=20), 2) == 2
    replica.pause()
    with pytest.raises(StoreError, match="replicas: 0 of 1"):
        opened(primary, replicas=1, timeout_s=1).reserve([ask(count=COUNT, hold_us=1)])
    replica.go_on()
    primary.stop()
    replica.run("REPLICAOF", "NO", "ONE")
    after = ValkeyStrictCaps(replica.url())
    assert len(after.reserve([ask(count=COUNT, wanted=9)])[0]) == 1
    after.close()


def test_somebody_else_s_key_is_no_room(server, opened):
    caps = opened(server)
    (units,) = caps.reserve([ask(count=COUNT)])
    (room,) = server.run("KEYS", "*strict:*")
    server.run("SET", room, "{truncat")
    with pytest.raises(StoreError, match="holds something else"):
        caps.reserve([ask(count=COUNT)])
    with pytest.raises(StoreError, match="holds something else"):
        caps.confirm(units)
    server.run("SET", "{tactful}:strict", "x")
    with pytest.raises(StoreError, match="holds something else"):
        caps.reserve([ask(count=COUNT)])


def test_a_wrong_password_is_told_without_the_password(serve):
    server = serve(requirepass="right")
    url = server.url().replace("unix://", "unix://:wrong@")
    with pytest.raises(StoreError, match="does not let this user in") as caught:
        ValkeyStrictCaps.from_url(url)
    assert "wrong" not in str(caught.value)
    with pytest.raises(StoreError, match="password"):
        ValkeyStrictCaps.from_url(server.url())


def test_no_customer_s_id_is_in_the_server(server, opened):
    caps = opened(server)
    caps.confirm(caps.reserve([ask("canary-4711")])[0])
    kept = json.dumps([str(server.run("KEYS", "*")), str(server.run("ZRANGE", "{tactful}:strict", 0, -1))])
    assert "strict" in kept
    assert "canary" not in kept


def test_begun_anew_it_counts_from_nothing_and_what_is_told_late_counts(server, opened):
    caps = opened(server)
    (units,) = caps.reserve([ask(count=COUNT, wanted=2)])
    server.run("FLUSHALL")
    with pytest.raises(StoreError, match="begin"):
        caps.confirm(units)
    assert caps.begin()
    assert not caps.begin()
    assert caps.confirm(units) == 2
    assert len(caps.reserve([ask(count=COUNT, wanted=9)])[0]) == 1


def test_what_is_over_leaves_nothing_behind(server, opened):
    caps = opened(server)
    for number in range(40):
        caps.reserve([ask(f"customer {number}", hold_us=1)])
    for _ in range(4):
        caps.reserve([ask("ada")])
    assert len(server.run("KEYS", "*strict:*")) == 1


def test_many_confirmations_that_waited_hold_the_server_up_for_no_long_time(server, opened):
    caps = opened(server)
    (units,) = caps.reserve([ask(count=2_000, wanted=1_201)])
    server.run("CONFIG", "RESETSTAT")
    assert caps.confirm([*units, "unheard of"]) == 1_201
    assert server.run("INFO", "commandstats")["cmdstat_eval"]["calls"] == 3
    assert caps.release(units) == 0
    assert len(caps.reserve([ask(count=2_000, wanted=2_000)])[0]) == 799


def test_the_command_begins_once_and_says_so(serve, capsys):
    server = serve()
    assert main(["begin", server.url()]) == 0
    assert "from now on" in capsys.readouterr().out
    assert main(["begin", server.url()]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    server.stop()
    assert main(["begin", server.url()]) == 2
    assert "cannot be reached" in capsys.readouterr().err
    assert main(["end"]) == 2


def test_closed_it_takes_no_calls(server, opened):
    caps = opened(server)
    caps.close()
    caps.close()
    with pytest.raises(UsageError, match="closed"):
        caps.reserve([ask()])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://:secret@cache", "no URL of a server"),
        ("valkey://:secret@cache:99999999", "no URL of a server"),
        ("valkey://:secret@cache/shop", "the database is a number"),
        ("valkey://:secret@cache?prefix={}", "prefix="),
        ("valkey://:secret@cache?timeout_s=no", "timeout_s= is a number"),
        ("valkey://:secret@cache?replicas=99", "replicas= is a number"),
        ("valkey://:secret@cache?retries=3", "'retries'"),
    ],
)
def test_a_url_that_is_none_is_refused_without_being_told(url, said):
    with pytest.raises(StoreError, match=said) as caught:
        ValkeyStrictCaps.from_url(url)
    assert "secret" not in str(caught.value)


def _until(is_so):
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be so")
