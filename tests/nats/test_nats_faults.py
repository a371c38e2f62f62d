"""A centre in NATS whose server is killed, paused, full, robbed or altered: nothing is lost in silence."""

import os
import shutil
import time
from threading import Thread

import pytest

from tactful import CentreError, Consents, Contact, Snapshot, UsageError
from tactful.testing.centre_kit import Follower, followed, opt_in, stands, withdrawal
from tactful.testing.store_kit import contact, no, yes
from tactful_adapters.nats_centre import NATSCentre
from tactful_adapters.nats_link import NATSLink
from tactful_adapters.nats_messages import digest, packed

from .admin import events_on_record
from .proxy import Proxy


def failed(call, *args):
    with pytest.raises(CentreError) as caught:
        call(*args)
    return caught.value


@pytest.fixture
def centre(url):
    with NATSCentre(url) as one:
        yield one


# The server goes away


def test_what_was_acknowledged_is_there_after_the_server_was_killed(own_server):
    server = own_server()
    with NATSCentre(server.url("shop")) as centre:
        centre.put_consents("ada", Consents((yes(1),), 1))
        centre.deliver([withdrawal("1", "ada", 5, "offers")])
        epoch = centre.changes("consents", 0, 9).epoch
        server.stop()
        for _ in range(2):
            assert failed(centre.changes, "consents", 0, 9).code == "centre"
        server.start()
        assert stands(followed(centre)["ada"]) == (False, True)
        assert centre.deliver([withdrawal("1", "ada", 5, "offers")]).accepted == {"1"}
        assert centre.changes("consents", 0, 9).epoch == epoch


def test_who_waits_for_a_hint_hears_that_the_server_is_gone(own_server):
    server, heard = own_server(), []
    with NATSCentre(server.url("shop")) as centre:
        assert not centre.wait("consents", 0, 0.01)
        waiting = Thread(target=lambda: heard.append(failed(centre.wait, "consents", 0, 60)))
        waiting.start()
        time.sleep(0.2)
        server.stop()
        waiting.join(30)
        assert [error.code for error in heard] == ["centre"]


def test_a_call_to_a_paused_server_ends_in_time_and_the_next_one_goes_on(own_server):
    server = own_server()
    with NATSCentre(server.url("shop", timeout_s=0.5)) as centre:
        server.pause()
        assert "silent" in str(failed(centre.deliver, [withdrawal("1", "ada", 5, "offers")]))
        server.go_on()
        assert centre.deliver([withdrawal("1", "ada", 5, "offers")]).accepted == {"1"}
        assert stands(followed(centre)["ada"]) == (False, True)


def test_what_is_kept_but_not_acknowledged_counts_once(own_server, as_admin):
    server = own_server()
    proxy = Proxy(server.port)
    url = server.url("shop", port=proxy.port, timeout_s=0.5)
    events = [withdrawal("1", "ada", 5, "offers"), contact("2", "ada", 6)]
    with NATSCentre(url) as centre, NATSCentre(server.url("shop")) as another:
        assert centre.changes("consents", 0, 9).changes == ()
        proxy.deaf.set()
        put = Thread(target=failed, args=(centre.put_consents, "bob", Consents((no(1),), 1)))
        put.start()
        put.join()
        proxy.deaf.clear()
        assert centre.deliver(events).accepted == {"1", "2"}
        epoch = another.changes("consents", 0, 9).epoch
        for _ in range(2):
            assert centre.deliver(events[::-1]).accepted == {"1", "2"}
        assert another.changes("consents", 0, 9).epoch == epoch
        assert events_on_record(server.url("shop")) == 2
    proxy.close()


def test_an_event_whose_acknowledgement_is_lost_counts_once(own_server, as_admin, monkeypatch):
    """The server has it, and the client never hears so: wherever that happens, once more does no harm."""
    server = own_server()
    events = [withdrawal("1", "ada", 5, "offers"), contact("2", "ada", 6)]
    put = NATSLink.put
    for lost in range(3):  # the change of consents, then each event
        calls = []

        async def loses(self, *args, calls=calls, lost=lost, **kwargs):
            epoch = await put(self, *args, **kwargs)
            calls.append(epoch)
            if len(calls) == lost + 1:
                raise TimeoutError
            return epoch

        with NATSCentre(server.url(f"shop{lost}")) as centre:
            monkeypatch.setattr(NATSLink, "put", loses)
            assert failed(centre.deliver, events).code == "centre"
            monkeypatch.setattr(NATSLink, "put", put)
            assert centre.deliver(events).accepted == {"1", "2"}
            assert len(centre.changes("consents", 0, 9).changes) == 1
            assert stands(followed(centre)["ada"]) == (False, True)
        assert events_on_record(server.url(f"shop{lost}")) == 2


def test_an_event_counts_once_when_the_server_s_own_window_is_long_over(centre, url, as_admin):
    name = url.rpartition("/")[2]

    async def narrow(js):
        config = (await js.stream_info(f"{name}_events")).config
        config.duplicate_window = 0.1
        await js.update_stream(config)

    as_admin(url, narrow)
    for _ in range(2):
        assert centre.deliver([contact("1", "ada", 5), opt_in("2", "ada", 5)]).accepted == {"1", "2"}
        time.sleep(0.3)
    assert events_on_record(url) == 2


def test_a_slow_way_takes_its_time_and_loses_nothing(shared_server, name_of, tmp_path):
    """Each piece of a message is late, and none is whole."""
    proxy = Proxy(shared_server.port, delay_s=0.002, chunk=64)
    try:
        with NATSCentre(shared_server.url(name_of(tmp_path), port=proxy.port)) as centre:
            said = [withdrawal(str(number), f"customer {number}", 5, "offers") for number in range(5)]
            assert len(centre.deliver(said).accepted) == 5
            assert all(stands(told) == (False, True) for told in followed(centre).values())
            assert centre.wait("consents", 0, 5)
    finally:
        proxy.close()


# Somebody else changes what is there


def test_a_line_that_somebody_deleted_is_seen_and_not_made_anew_in_silence(centre, url, as_admin):
    name = f"KV_{url.rpartition('/')[2]}_consents"
    centre.put_consents("ada", Consents((no(1),), 1))
    centre.put_profile(Snapshot("ada", 1, {}))
    as_admin(url, lambda js: js.delete_stream(name))
    assert failed(NATSCentre, url).code == "centre-went-back"
    error = failed(centre.changes, "consents", 0, 9)
    assert (error.code, name in str(error)) == ("centre-went-back", True)
    assert failed(centre.put_consents, "ada", Consents((no(1),), 1)).code in ("centre", "centre-went-back")


def test_a_centre_of_which_one_stream_is_left_does_not_open(centre, url, as_admin):
    name = url.rpartition("/")[2]
    centre.put_consents("ada", Consents((no(1),), 1))
    for gone in (f"{name}_events", f"KV_{name}_profiles"):
        as_admin(url, lambda js, gone=gone: js.delete_stream(gone))
        assert failed(NATSCentre, url).code == "centre-went-back"
    assert failed(centre.deliver, [contact("1", "ada", 5)]).code in ("centre", "centre-went-back")


def test_who_followed_a_line_that_was_made_anew_is_told_so_until_its_owner_says_go_on(centre, url, as_admin):
    name = url.rpartition("/")[2]
    centre.put_consents("ada", Consents((no(1),), 1))
    follower = Follower(centre)
    follower.catch_up()
    before = follower.position

    async def delete_all(js):
        for one in (f"KV_{name}_consents", f"KV_{name}_profiles", f"{name}_events"):
            await js.delete_stream(one)

    as_admin(url, delete_all)
    with NATSCentre(url) as anew:
        on = Follower(anew)
        on.position = before
        assert failed(on.pull).code == "centre-went-back"
        anew.put_consents("ada", Consents((no(1),), 1))
        assert anew.changes("consents", 0, 9).epoch > before, "a new line goes on above the old one"
        assert failed(on.pull).code == "centre-went-back"

        async def go_on(js):
            config = (await js.stream_info(f"KV_{name}_consents")).config
            config.metadata = {**config.metadata, "tactful-continues": "yes"}
            await js.update_stream(config)

        as_admin(url, go_on)
        on.catch_up()
        assert stands(on.newest["ada"]) == (False, True)


def test_a_copy_from_before_is_seen_as_going_back(own_server):
    server = own_server()
    with NATSCentre(server.url("shop")) as centre:
        centre.put_consents("ada", Consents((yes(1),), 1))
        server.stop()
        shutil.copytree(server.folder / "kept", server.folder / "copy")
        server.start()
        centre.put_consents("ada", Consents((no(2),), 2))
        epoch = centre.changes("consents", 0, 9).epoch
        server.stop()
        shutil.rmtree(server.folder / "kept")
        shutil.move(server.folder / "copy", server.folder / "kept")
        server.start()
        follower = Follower(centre)
        follower.position = epoch
        with pytest.raises(AssertionError, match="restored from a copy"):
            follower.pull()


def test_a_withdrawal_survives_who_purges_and_who_deletes(centre, url, as_admin):
    import nats.js.errors  # noqa: PLC0415 - an extra

    name = f"KV_{url.rpartition('/')[2]}_consents"
    centre.put_consents("ada", Consents((no(1),), 1))
    epoch = centre.changes("consents", 0, 9).epoch
    for theft in (
        lambda js: js.purge_stream(name),
        lambda js: js.delete_msg(name, epoch),
        lambda js: js.publish(f"$KV.{name[3:]}.>".replace(">", "x"), headers={"Nats-Rollup": "all"}),
    ):
        with pytest.raises(nats.js.errors.APIError):
            as_admin(url, theft)
    for number in range(50):  # history keeps the last of each key, however many come
        centre.put_consents("bob", Consents((yes(number + 1),), number + 1))
    assert stands(followed(centre)["ada"]) == (False, True)


@pytest.mark.parametrize("altered", [{"max_age": 3600}, {"discard": "old"}, {"allow_msg_ttl": True}])
def test_a_line_that_may_drop_a_withdrawal_is_not_believed(centre, url, as_admin, altered):
    name = f"KV_{url.rpartition('/')[2]}_consents"

    async def alter(js):
        config = (await js.stream_info(name)).config
        for key, value in altered.items():
            setattr(config, key, value)
        await js.update_stream(config)

    as_admin(url, alter)
    for call in (
        lambda: centre.changes("consents", 0, 9),
        lambda: centre.deliver([contact("1", "ada", 5)]),
        lambda: NATSCentre(url),
    ):
        error = failed(call)
        assert (error.code, name in str(error)) == ("centre-altered", True)


def test_a_damaged_message_holds_up_what_comes_after_it_until_it_is_mended(centre, url, as_admin):
    subject = f"$KV.{url.rpartition('/')[2]}_consents.c.{digest('bob')}"
    centre.put_consents("ada", Consents((no(1),), 1))
    for body, headers in ((b"\x00", None), (b"", {"KV-Operation": "DEL"}), (b"\x93\xa8consents", None)):
        as_admin(url, lambda js, body=body, headers=headers: js.publish(subject, body, headers=headers))
        follower = Follower(centre)
        assert not follower.pull().is_complete
        assert set(follower.newest) == {"ada"}
        error = failed(follower.pull)
        assert (error.code, "revision" in str(error)) == ("centre-nonsense", True)
        events = [withdrawal("b", "bob", 5, "offers"), withdrawal("a", "ada", 5, "offers"), contact("c", "carl", 5)]
        assert centre.deliver(events).accepted == {"a", "c"}, "only what concerns the damaged one waits"
        centre.put_consents("bob", Consents((yes(2),), 2))
        follower.catch_up()
        assert stands(follower.newest["bob"]) == (True, False)
    assert centre.deliver(events).accepted == {"a", "b", "c"}
    assert stands(followed(centre)["bob"]) == (False, True)


def test_a_message_counts_under_its_own_key_alone(centre, url, as_admin):
    """Who copies ada's yes under bob's key gives bob nothing."""
    subject = f"$KV.{url.rpartition('/')[2]}_consents.c.{digest('bob')}"
    as_admin(url, lambda js: js.publish(subject, packed("ada", Consents((yes(1),), 1))))
    assert failed(centre.changes, "consents", 0, 9).code == "centre-nonsense"


# Limits, rights, and what cannot be kept


def test_a_full_line_takes_nothing_new_drops_nothing_old_and_says_so(centre, url, as_admin):
    name = f"KV_{url.rpartition('/')[2]}_consents"

    def limit(to):
        async def set_to(js):
            config = (await js.stream_info(name)).config
            config.max_bytes = to
            await js.update_stream(config)

        as_admin(url, set_to)

    centre.put_consents("ada", Consents((no(1),), 1))
    limit(400)
    said = [withdrawal(str(number), f"customer {number}", 5, "offers") for number in range(9)]
    assert failed(centre.deliver, said).code == "centre-full"
    assert stands(followed(centre)["ada"]) == (False, True)
    limit(-1)
    assert len(centre.deliver(said).accepted) == 9
    assert len(followed(centre)) == 10


def test_a_withdrawal_takes_effect_also_if_the_record_of_events_is_full(centre, url, as_admin):
    name = f"{url.rpartition('/')[2]}_events"

    async def limit(js):
        config = (await js.stream_info(name)).config
        config.max_bytes = 10
        await js.update_stream(config)

    as_admin(url, limit)
    assert failed(centre.deliver, [withdrawal("1", "ada", 5, "offers")]).code == "centre-full"
    assert stands(followed(centre)["ada"]) == (False, True)


def test_who_is_not_let_in_is_told_so_without_the_password(own_server):
    server = own_server(authorization={"user": "edge", "password": "right-secret"})
    with NATSCentre(server.url("shop", user="edge:right-secret@")) as centre:
        assert "secret" not in repr(centre) + repr(centre._loop.address)
    for user in ("edge:wrong-secret@", "wrong-secret@", ""):
        error = failed(NATSCentre, server.url("shop", user=user))
        assert (error.code, "secret" in str(error)) == ("centre-refused", False), error


def test_a_server_without_jetstream_is_told_so(own_server):
    server = own_server(accounts={"A": {"users": [{"user": "edge", "password": "x"}]}})
    error = failed(NATSCentre, server.url("shop", user="edge:x@"))
    assert "JetStream is not enabled" in str(error)


def test_what_can_never_be_kept_is_refused_and_holds_up_no_other(centre):
    bad = [Contact("far", "ada", "shown", 2**63), Contact("odd", "ada\ud800", "shown", 1)]
    large = Contact("large", "ada", "shown", 1, tags=("x" * 2**20,))
    events = [opt_in("1", "ada", 5), *bad, large, Contact("", "ada", "shown", 1), opt_in("2", "bob", 5)]
    answer = centre.deliver(events)
    assert answer.accepted == {"1", "2"}
    assert answer.refused == {"": "no-id", **dict.fromkeys(("far", "odd", "large"), "cannot-be-kept")}


@pytest.mark.parametrize(
    "url",
    ["http://h/x", "nats://", "nats://h/a.b", "nats://h/a?x=1", "nats://h/a?timeout_s=0", "nats://h:x/a", "nats://h#a"],
)
def test_a_url_that_is_none_is_refused_without_being_told(url):
    error = failed(NATSCentre, url.replace("//", "//user:secret@"))
    assert "secret" not in str(error)


# Fork and threads


def test_parent_and_child_go_on_after_a_fork(centre):
    centre.put_consents("ada", Consents((yes(1),), 1))
    child = os.fork()
    if child == 0:
        try:
            centre.deliver([withdrawal("1", "ada", 5, "offers")])
            os._exit(0 if stands(followed(centre)["ada"]) == (False, True) else 1)
        except BaseException:  # noqa: BLE001 - a child of a test ends here
            os._exit(2)
    assert stands(followed(centre)["ada"])[0] in (True, False)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert stands(followed(centre)["ada"]) == (False, True)
    assert centre.wait("consents", 0, 1)


def test_a_closed_centre_says_that_it_is_closed(url):
    centre = NATSCentre(url)
    centre.close()
    with pytest.raises(UsageError, match="closed"):
        centre.wait("consents", 0, 1)


def test_a_connection_that_is_closed_without_a_word_is_noticed(own_server, monkeypatch):
    """As the client library does it when closing meets an error of its own: nobody is called back."""
    from nats.aio.client import Client  # noqa: PLC0415 - an extra

    async def closes_without_a_word(self, status, do_cbs=True):  # noqa: FBT002 - as the library calls it
        self._status = Client.CLOSED
        raise ConnectionResetError

    server, heard = own_server(), []
    with NATSCentre(server.url("shop")) as centre:
        assert not centre.wait("consents", 0, 0.01)
        with monkeypatch.context() as patch:
            patch.setattr(Client, "_close", closes_without_a_word)
            waiting = Thread(target=lambda: heard.append(failed(centre.wait, "consents", 0, 60)))
            waiting.start()
            time.sleep(0.2)
            server.stop()
            waiting.join(30)
        assert [error.code for error in heard] == ["centre"]
        server.start()
        assert centre.changes("consents", 0, 9).is_complete


@pytest.mark.parametrize("asked", ["ada", "al"])
@pytest.mark.parametrize("calls", range(24))
def test_an_erasure_that_breaks_off_anywhere_is_whole_when_it_is_made_again(centre, monkeypatch, calls, asked):
    for number, one in enumerate(("ada", "al", "ida"), 1):
        centre.put_consents(one, Consents((yes(1),), 1))
        centre.put_profile(Snapshot(one, 1, {}))
        centre.deliver([contact(str(number), one, 5)])
    centre.merge("ada", "al")
    centre.merge("ada", "ida")
    centre.split("ida")  # who was taken for the customer once, and is somebody else
    right, left = NATSLink.put, [calls]

    async def put(*given, **options):
        left[0] -= 1
        if left[0] < 0:
            raise CentreError("broken off")
        return await right(*given, **options)

    with monkeypatch.context() as patched:
        patched.setattr(NATSLink, "put", put)
        try:
            centre.erase(asked)
        except CentreError:
            assert left[0] < 0
    centre.erase(asked)
    known = {one.customer for one in centre.changes("profiles", 0, 99).changes if isinstance(one.told, Snapshot)}
    assert known == {"ida"}
    assert {one for one, told in followed(centre).items() if isinstance(told, Consents)} == {"ida"}
