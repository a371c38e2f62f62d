"""An opt-out reaches each partner: out of the outbox, again and again until the partner has acknowledged it."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tactful
from tactful import CentreError, Contact, Disclosure, MemoryStore, Passed, StoreError, UsageError
from tactful.authoring import compile_files
from tactful.partner_ports import partner_pseudonym
from tactful.sync.notices import TOLD, Notices, Recipient
from tactful_adapters.partner_file import FilePartner
from tactful_adapters.partner_webhook import WebhookPartner
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.postgresql_centre import PostgreSQLCentre
from tactful_adapters.sqlite import SQLiteStore

POLICY = compile_files(
    {
        "shop.yaml": b"""\
name: shop
channels: {web: private}
placements: {page: {channel: web, slots: 1}}
topics: {food: {}}
purposes: {offers: consent, bank: {partner: citybank}, loans: {partner: citybank}, cover: {partner: surety}}
offers: {card: {intent: sell, topic: food, purpose: bank, treatments: A card}}
"""
    }
)
KEY, SECRET = b"a key of the bank", b"what signs for the bank"
ANN = "ann-canary-41d9"


class Flaps:
    """A partner that fails as often as it is told to, then acknowledges; it keeps what it was told."""

    def __init__(self, *failures):
        self.failures, self.told, self.tries = list(failures), [], 0

    def tell(self, notice):
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.told.append(notice)


class Passing:
    """A time that passes when it is told to [s]."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def latest(_low, high):
    return high


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SQLiteStore(tmp_path / "edge.db")
    else:
        made = PostgreSQLStore(request.getfixturevalue("postgresql").url(tmp_path))
    with made:
        yield made


def opted_out(store, *customers):
    with tactful.open(POLICY, store=store) as edge:
        for who in customers:
            edge.opt_out(who)


def owners(store):
    return sorted(one.owner for _, one in store.outbox_take(9_999) if one.event == "withdrawal")


def test_each_partner_is_told_once_and_it_is_on_record(store):
    opted_out(store, ANN)
    bank, surety = Flaps(), Flaps()
    notices = Notices(store, {"citybank": Recipient(bank, KEY), "surety": Recipient(surety, KEY[::-1])})
    assert (notices.step(), notices.step()) == (2, 0)
    (to_bank,), (to_surety,) = bank.told, surety.told
    assert (to_bank.purposes, to_surety.purposes) == (("bank", "loans"), ("cover",))
    assert to_bank.pseudonym == partner_pseudonym(KEY, ANN) != to_surety.pseudonym
    assert ANN not in repr(to_bank.as_dict()) + repr(to_bank)
    assert owners(store) == [""]  # the centre's own still waits
    told = [one for one in store.contacts(ANN, 0) if one.event == TOLD]
    assert {(one.owner, one.tags) for one in told} == {("citybank", ("bank", "loans")), ("surety", ("cover",))}


def test_a_partner_who_is_away_is_tried_again_and_holds_up_no_other(store):
    opted_out(store, ANN, "bob")
    bank, surety, passing = Flaps(OSError(), OSError(), OSError()), Flaps(), Passing()
    recipients = {"citybank": Recipient(bank, KEY), "surety": Recipient(surety, KEY)}
    notices = Notices(store, recipients, steady_s=passing, chance=latest)
    assert notices.step() == len(surety.told) == 2
    assert bank.tries == 1  # the second notice is not tried after the first failed
    for pause_s in (1.0, 2.0, 4.0):
        tries = bank.tries
        passing.now_s += pause_s - 0.01
        assert (notices.step(), bank.tries) == (0, tries)
        passing.now_s += 0.01
        notices.step()
        assert bank.tries > tries
    assert len(bank.told) == 2
    assert notices.status()["citybank"] == {
        "waiting": 0,
        "oldest_age_s": None,
        "told": 2,
        "last_error": "",
        "errors": {"OSError": 3},
    }


def test_a_partner_may_ask_for_patience(store):
    opted_out(store, ANN)
    bank, passing = Flaps(CentreError("busy", code="http-503", retry_after_s=90)), Passing()
    notices = Notices(store, {"citybank": Recipient(bank, KEY)}, steady_s=passing, chance=lambda low, _: low)
    notices.step()
    passing.now_s = 89.0
    assert (notices.step(), bank.tries) == (0, 1)
    passing.now_s = 90.0
    assert notices.step() == 1


def test_who_was_erased_is_told_all_the_same_and_is_not_brought_back(store):
    opted_out(store, ANN)
    bank = Flaps()
    with tactful.open(POLICY, store=store) as edge:
        assert edge.rights.erase(ANN).kept["withdrawals"] == 3
    assert Notices(store, {"citybank": Recipient(bank, KEY)}).step() == 1
    assert bank.told[0].pseudonym == partner_pseudonym(KEY, ANN)
    held = store.held(ANN)
    assert not any(held.counts.values())
    assert {one.owner for one in held.waiting} == {"", "surety"}
    (told,) = [one for _, one in store.tail(0, 99) if one.event == TOLD]
    assert (told.customer, told.owner) == ("", "citybank")
    assert ANN not in told.id


def test_a_partner_without_an_address_is_not_forgotten(store):
    opted_out(store, ANN)
    notices = Notices(store, {"citybank": Recipient(Flaps(), KEY)})
    notices.step()
    assert owners(store) == ["", "surety"]
    assert (notices.status()["surety"]["waiting"], notices.status()["surety"]["last_error"]) == (1, "no-recipient")


def test_notices_behind_very_many_others_are_found():
    store = MemoryStore()
    store.record([Contact(f"{n}", f"{n}", "withdrawal", n, owner="away") for n in range(1_200)])
    opted_out(store, ANN)
    bank = Flaps()
    assert Notices(store, {"citybank": Recipient(bank, KEY)}).step() == 1


def test_withdrawals_before_other_events_are_told_and_the_others_left():
    store = MemoryStore()
    passed = Disclosure("1", 0, ANN, 1, 2**60, "card", "web", Passed("citybank", "bank", "consent"))
    store.record([Contact("1", ANN, "shown", 1)], [passed])
    opted_out(store, ANN)
    assert Notices(store, {"citybank": Recipient(Flaps(), KEY), "surety": Recipient(Flaps(), KEY)}).step() == 2
    assert {one.id for _, one in store.outbox_take(99)} >= {"1", passed.id}


class Dies(MemoryStore):
    """A store that dies in the middle: it keeps no record that a partner was told, as often as it is told to."""

    deaths = 2

    def record(self, contacts, disclosures=()):
        if any(one.event == TOLD for one in contacts) and self.deaths:
            self.deaths -= 1
            raise StoreError("the disk is full")
        return super().record(contacts, disclosures)


class ForgetsFirst(Notices):
    """What looks right at first, and loses the notice if we die before the partner has it."""

    def _tell(self, number, contact, standing):
        self._store.outbox_ack([number])
        return super()._tell(number, contact, standing)


def told_in_spite_of_deaths(kind):
    store, bank = Dies(), Flaps()
    opted_out(store, ANN)
    for _ in range(3):
        notices = kind(store, {"citybank": Recipient(bank, KEY)})  # begun anew
        try:
            notices.step()
        except StoreError:
            continue
    assert [one.event for one in store.contacts(ANN, 0) if one.owner == "citybank"] == ["withdrawal", TOLD]
    assert len({one.id for one in bank.told}) == 1
    assert "citybank" not in owners(store)


def test_a_death_between_telling_and_keeping_loses_nothing():
    told_in_spite_of_deaths(Notices)


def test_the_test_of_deaths_notices_who_forgets_first():
    with pytest.raises(AssertionError):
        told_in_spite_of_deaths(ForgetsFirst)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_whoever_fails_however_often_each_notice_is_told_once_on_record(fails_of_bank, fails_of_surety):
    store, passing = MemoryStore(), Passing()
    who = [f"customer {n}" for n in range(max(len(fails_of_bank), len(fails_of_surety)))]
    opted_out(store, *who)
    bank, surety = (Flaps(*[OSError()] * sum(fails)) for fails in (fails_of_bank, fails_of_surety))
    recipients = {"citybank": Recipient(bank, KEY), "surety": Recipient(surety, KEY)}
    notices, rounds = Notices(store, recipients, steady_s=passing, backoff_max_s=8), 0
    while len(owners(store)) > len(who):
        passing.now_s += 8
        notices.step()
        rounds += 1
        assert rounds < 99
    for partner in (bank, surety):
        assert len(partner.told) == len({one.id for one in partner.told}) == len(who)
    assert sum(one.event == TOLD for _, one in store.tail(0, 9_999)) == 2 * len(who)


def test_a_thread_tells_by_itself():
    store, told = MemoryStore(), threading.Event()
    opted_out(store, ANN)

    class Hears(Flaps):
        def tell(self, notice):
            super().tell(notice)
            told.set()

    with Notices(store, {"citybank": Recipient(Hears(OSError()), KEY)}, every_s=0.01, chance=lambda *_: 0.0) as notices:
        notices.start()
        notices.start()
        assert told.wait(20)
    assert "citybank" not in owners(store)


def test_a_key_that_is_too_short_is_refused():
    with pytest.raises(UsageError, match="partner citybank: a partner's key has 16 bytes or more, not 3"):
        Notices(MemoryStore(), {"citybank": Recipient(Flaps(), b"key")})


class Counts(MemoryStore):
    """A store that counts what of its outbox is read."""

    def __init__(self):
        super().__init__()
        self.read = 0

    def outbox_withdrawals(self, after, count):
        found = super().outbox_withdrawals(after, count)
        self.read += len(found)
        return found

    def outbox_take(self, count):
        found = super().outbox_take(count)
        self.read += len(found)
        return found


class ReadsAll(Notices):
    """As it was: each step reads everything that waits."""

    def step(self):
        for standing in self._standing.values():
            standing.after = 0
        return super().step()


def reads_what_is_new(kind):
    store, passing = Counts(), Passing()
    store.record([Contact(f"{n}", f"{n}", "withdrawal", n, owner="nobody") for n in range(1_200)])
    bank = Flaps()
    notices = kind(store, {"citybank": Recipient(bank, KEY)}, steady_s=passing)
    notices.step()
    assert store.read == 1_200
    for n in range(10):
        opted_out(store, f"new {n}")
        passing.now_s += 5
        store.read = 0
        assert notices.step() == 1
        assert store.read <= 3  # the centre's and the partners' of one customer
    passing.now_s += 3_600
    store.read = 0
    notices.step()
    assert store.read > 1_200  # now and then all is read, in case the outbox was put back from a copy
    return len(bank.told)


def test_a_step_reads_what_has_come_since_the_last_one():
    assert reads_what_is_new(Notices) == 10


def test_the_test_of_reading_notices_who_reads_all():
    with pytest.raises(AssertionError):
        reads_what_is_new(ReadsAll)


class NeverTakes(Flaps):
    """A partner that never takes the first notice that it was told, and takes the others."""

    first = None

    def tell(self, notice):
        self.first = self.first or notice.id
        if notice.id == self.first:
            self.tries += 1
            raise OSError
        super().tell(notice)


class HoldsUp(Notices):
    """It tries the first one for ever, before the others."""

    def _tell_page(self, page, due):
        told = super()._tell_page(page, due)
        for standing in self._standing.values():
            standing.round_ends()
        return told


def one_that_is_never_taken(kind, store):
    opted_out(store, "never", ANN, "bob")
    bank, passing = NeverTakes(), Passing()
    notices = kind(store, {"citybank": Recipient(bank, KEY)}, steady_s=passing, chance=latest, backoff_max_s=60)
    for _ in range(5):
        notices.step()
        passing.now_s += 60
    assert len(bank.told) == 2
    opted_out(store, "eve")
    notices.step()
    assert len(bank.told) == 3
    tries = bank.tries
    for _ in range(3):
        passing.now_s += 60
        notices.step()
    assert bank.tries == tries + 3  # for ever
    assert owners(store).count("citybank") == 1
    assert notices.status()["citybank"]["waiting"] == 1


def test_a_notice_that_a_partner_never_takes_holds_up_no_other_and_is_tried_for_ever(store):
    one_that_is_never_taken(Notices, store)


def test_the_test_of_one_that_is_never_taken_notices_who_holds_up(store):
    with pytest.raises(AssertionError):
        one_that_is_never_taken(HoldsUp, store)


def test_what_could_not_be_kept_on_record_is_told_again_by_the_same_notices():
    store, bank = Dies(), Flaps()
    opted_out(store, ANN, "bob")
    notices = Notices(store, {"citybank": Recipient(bank, KEY)})
    for _ in range(Dies.deaths):
        with pytest.raises(StoreError):
            notices.step()
    assert notices.step() == 2
    assert owners(store).count("citybank") == 0


# A centre


def test_a_centre_tells_what_its_edges_heard_also_of_who_was_erased_since(postgresql, tmp_path):
    edge, bank = MemoryStore(), Flaps()
    opted_out(edge, ANN, "bob")
    events = [one for _, one in edge.outbox_take(99)]
    with PostgreSQLCentre(postgresql.url(tmp_path)) as centre:
        of_bob = [one for one in events if one.customer == "bob"]
        centre.deliver(of_bob)
        centre.deliver(of_bob)
        centre.erase(ANN)
        assert centre.deliver([one for one in events if one.customer == ANN]).accepted
        assert not any(centre.held(ANN).counts.values())
        assert owners(centre) == ["citybank", "citybank", "surety", "surety"]
        assert Notices(centre, {"citybank": Recipient(bank, KEY)}).step() == 2
        assert {one.pseudonym for one in bank.told} == {partner_pseudonym(KEY, who) for who in (ANN, "bob")}


# By HTTP


class Server(ThreadingHTTPServer):
    """A partner's server that answers as it is told to, and keeps what came."""

    daemon_threads = True

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Answers)
        self.answers, self.came = list(answers), []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/opt-outs"

    def handle_error(self, *_):
        """Say nothing: some answers are meant to break."""


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, dict(self.headers), body))
        answer = self.server.answers.pop(0) if self.server.answers else 204
        if answer == "hangs up":
            self.connection.close()
            return
        if answer == "stays silent":
            self.server.released.wait(20)
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - as http.server calls it

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def serve():
    servers = []

    def start(*answers):
        servers.append(Server(*answers))
        servers[-1].released = threading.Event()
        return servers[-1]

    yield start
    for one in servers:
        one.released.set()
        one.shutdown()
        one.server_close()


def test_a_server_that_flaps_is_told_in_the_end_with_the_same_signed_notice(serve, store):
    elsewhere = serve()
    away = (302, {"Location": elsewhere.url})
    server = serve(500, "hangs up", "stays silent", away, (503, {"Retry-After": "7"}), 404, 204)
    opted_out(store, ANN)
    now_us, passing = [1_800_000_000_000_000], Passing()
    partner = WebhookPartner(server.url, SECRET, timeout_s=0.3, clock=lambda: now_us[0])
    notices = Notices(store, {"citybank": Recipient(partner, KEY)}, steady_s=passing, chance=latest)
    for tries in range(1, 8):
        told = notices.step()
        assert (told, len(server.came)) == (tries == 7, tries)
        passing.now_s += 3_600
        now_us[0] += 60_000_000
    assert notices.status()["citybank"]["errors"] == {
        "http-500": 1,
        "partner-away": 2,
        "http-302": 1,
        "http-503": 1,
        "http-404": 1,
    }
    assert elsewhere.came == []
    assert len({headers["Idempotency-Key"] for _, headers, _ in server.came}) == 1
    assert len({headers["Tactful-Signature"] for _, headers, _ in server.came}) == 7
    for _, headers, body in server.came:
        at, _, signed = headers["Tactful-Signature"].partition(",v1=")
        assert hmac.new(SECRET, at[2:].encode() + b"." + body, hashlib.sha256).hexdigest() == signed
        assert ANN not in body.decode() + repr(headers)
    told = json.loads(server.came[-1][2])
    assert told == {
        "format": 1,
        "event": "opt-out",
        "id": server.came[0][1]["Idempotency-Key"],
        "partner": "citybank",
        "customer": partner_pseudonym(KEY, ANN),
        "purposes": ["bank", "loans"],
        "channel": None,
        "at": told["at"],
    }


def test_nothing_is_told_where_nobody_listens(store):
    opted_out(store, ANN)
    partner = WebhookPartner("http://127.0.0.1:1/", SECRET, timeout_s=1)
    notices = Notices(store, {"citybank": Recipient(partner, KEY)})
    assert notices.step() == 0
    assert notices.status()["citybank"]["last_error"] == "partner-away"
    assert "citybank" in owners(store)


@pytest.mark.parametrize("url", ["http://bank.example/", "ftp://bank.example/", "https:///x", "bank.example"])
def test_an_address_that_others_could_read_is_refused(url):
    with pytest.raises(UsageError, match="https://"):
        WebhookPartner(url, SECRET)


def test_a_secret_that_is_too_short_is_refused_and_none_is_shown():
    with pytest.raises(UsageError, match="16 bytes or more, not 2") as refused:
        WebhookPartner("https://bank.example/hook/token", b"zq")
    assert "zq" not in str(refused.value)
    assert repr(WebhookPartner("https://bank.example/hook/token", SECRET)) == "<WebhookPartner bank.example>"


# By file


def test_a_file_has_a_line_for_each_notice_also_after_one_that_was_torn(tmp_path):
    store, path = MemoryStore(), tmp_path / "citybank.jsonl"
    opted_out(store, ANN, "bob")
    path.write_bytes(b'{"half')
    assert Notices(store, {"citybank": Recipient(FilePartner(path), KEY)}).step() == 2
    torn, *lines = path.read_text(encoding="utf-8").splitlines()
    assert torn == '{"half'
    assert {json.loads(line)["customer"] for line in lines} == {partner_pseudonym(KEY, who) for who in (ANN, "bob")}
    assert ANN not in path.read_text(encoding="utf-8")


def test_a_file_is_for_its_owner_alone_and_what_cannot_be_written_waits(tmp_path):
    store, path = MemoryStore(), tmp_path / "there" / "citybank.jsonl"
    opted_out(store, ANN)
    passing = Passing()
    notices = Notices(store, {"citybank": Recipient(FilePartner(path), KEY)}, steady_s=passing)
    assert notices.step() == 0
    assert notices.status()["citybank"]["last_error"] == "FileNotFoundError"
    path.parent.mkdir()
    passing.now_s = 99
    assert notices.step() == 1
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("said", "told"), [({}, None), ({"channel": "web"}, "web")])
def test_a_partner_hears_on_which_channel_it_ends(store, tmp_path, said, told):
    with tactful.open(POLICY, store=store) as edge:
        edge.opt_out(ANN, **said)
    path = tmp_path / "citybank.jsonl"
    assert Notices(store, {"citybank": Recipient(FilePartner(path), KEY)}).step() == 1
    (notice,) = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (notice["purposes"], notice["channel"]) == (["bank", "loans"], told)
    (record,) = [one for one in store.contacts(ANN, 0) if one.event == "partner_told"]
    assert record.channel == (told or "")


def test_a_notice_is_a_value(tmp_path):
    notice = tactful.PartnerNotice("1", "citybank", "p", ("bank",), 0)
    assert attrs.evolve(notice) == notice
    assert repr(FilePartner(tmp_path / "x")).startswith("<FilePartner ")
