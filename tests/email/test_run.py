"""What is sent: after one more check, once, honestly counted; over a real server, and through deaths of the process."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful.bundle import make_keys, write
from tactful.clock import DAY_US
from tactful_adapters.email import SMTP, Journal, Maildir, Outcome, Run, TransportDown, Unsubscribing
from tactful_adapters.sqlite import SQLiteStore

from .conftest import ROWS, free_port, many


def counted(report):
    """What a report counts, without what it does not."""
    names = ("sent", "already", "nothing", "address", "unrendered", "held", "refused", "later", "doubtful")
    found = {name: getattr(report, name) for name in names if getattr(report, name)}
    assert sum(found.values()) == report.recipients
    return found


class Taking:
    """A transport that takes all, and keeps to whom."""

    def __init__(self, outcome=Outcome.TAKEN):
        self.outcome = outcome
        self.sent = []
        self.before = lambda: None

    def send(self, envelope):
        self.before()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        self.sent.append(envelope.recipient)
        return self.outcome

    def close(self):
        pass


@pytest.fixture
def agreed(edge):
    """Many who agreed."""

    def rows(count):
        found = many(count)
        for row in found:
            edge.opt_in(row["customer"], "letters")
        return found

    return rows


# over a real server


def test_a_campaign_from_an_arrow_table_arrives_and_a_second_run_sends_nothing(run, inbox, agreed):
    table = pa.Table.from_pylist(agreed(5))
    seen = []
    assert counted(run.send(table, lambda done, count: seen.append((done, count)))) == {"sent": 5}
    assert inbox.recipients == [f"c{n}@post.example" for n in range(5)]
    assert seen[-1] == (5, 5)
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in inbox.mails[0][1]


def test_another_run_of_the_same_campaign_goes_on(campaign, smtp, tmp_path, inbox, agreed):
    rows = agreed(6)
    for part, expected in ((rows[:4], {"sent": 4}), (rows, {"already": 4, "sent": 2}), (rows, {"already": 6})):
        with Journal(tmp_path / "december.journal", "december") as journal:
            assert counted(Run(campaign, smtp, journal).send(part)) == expected
    assert sorted(inbox.recipients) == sorted(row["address"] for row in rows)


def test_what_the_server_refuses_for_good_or_for_now_is_counted_so(run, inbox, agreed, journal):
    rows = agreed(4)
    inbox.says = {"c1@post.example": "550 nobody", "c2@post.example": "451 greylisted"}
    assert counted(run.send(rows)) == {"sent": 2, "refused": 1, "later": 1}
    inbox.says = {}
    assert counted(run.send(rows)) == {"sent": 1, "already": 3}
    assert sorted(inbox.recipients) == [f"c{n}@post.example" for n in (0, 2, 3)]
    assert journal.counts() == {"sent": 3, "refused": 1}


def test_a_connection_that_breaks_before_the_answer_leaves_the_mail_in_doubt_and_it_is_never_sent_again(
    run, inbox, agreed, edge, store
):
    rows = agreed(4)
    inbox.before_answer = lambda server, count: server.transport.abort() if count == 2 else None
    report = run.send(rows)
    assert counted(report) == {"sent": 3, "doubtful": 1}
    (doubt,) = report.in_doubt
    assert doubt.customer == "c1"
    inbox.before_answer = None
    again = run.send(rows)
    assert counted(again) == {"already": 4}
    assert [one.message_id for one in again.in_doubt] == [doubt.message_id]
    assert inbox.recipients.count("c1@post.example") == 1
    assert "letter" in [one.event for one in store.contacts("c1", 0)]  # it may have come: it counts


def test_a_server_that_is_not_there_stops_the_run_and_leaves_nothing_reserved(campaign, journal, agreed):
    with pytest.raises(TransportDown, match="cannot be reached: ConnectionRefusedError"):
        Run(campaign, SMTP("127.0.0.1", free_port(), tls="none"), journal).send(agreed(2))
    assert journal.counts() == {}


def test_a_server_that_closes_in_between_stops_the_run_and_the_next_one_goes_on(run, inbox, agreed, journal):
    rows = agreed(3)
    inbox.says = {"c1@post.example": "421 too many"}
    with pytest.raises(TransportDown, match="takes no more mails now"):
        run.send(rows)
    assert journal.counts() == {"sent": 1}
    inbox.says = {}
    assert counted(run.send(rows)) == {"already": 1, "sent": 2}


def test_an_address_in_other_letters_goes_to_a_server_that_knows_them(run, inbox, edge):
    edge.opt_in("ann", "letters")
    row = {**ROWS[0], "address": "jörg@bücher.example"}
    assert counted(run.send([row])) == {"sent": 1}
    assert inbox.recipients == ["jörg@xn--bcher-kva.example"]


def test_a_server_that_does_not_is_not_asked(campaign, server, journal, monkeypatch, inbox):
    monkeypatch.setattr("smtplib.SMTP.has_extn", lambda *_: False)
    client = SMTP(server.hostname, server.port, tls="none")
    report = Run(campaign, client, journal).send([{**ROWS[0], "address": "jörg@post.example"}])
    client.close()
    assert (counted(report), inbox.mails) == ({"refused": 1}, [])


def test_no_password_and_no_mail_goes_in_the_clear_by_itself(server, campaign, journal, inbox):
    with pytest.raises(TransportDown, match="needs tls='starttls' or 'tls'"):
        SMTP("127.0.0.1", username="me", tls="none")
    with pytest.raises(TransportDown, match="tls is one of"):
        SMTP("127.0.0.1", tls="maybe")
    with pytest.raises(TransportDown, match="offers no STARTTLS, and nothing was sent in the clear"):
        Run(campaign, SMTP(server.hostname, server.port), journal).send(ROWS)
    assert inbox.mails == []


# the second check


def test_who_says_no_while_a_run_goes_on_is_not_mailed(campaign, journal, edge, agreed):
    taking = Taking()
    rows = agreed(5)
    # All five are of one batch of decisions; after the first was sent, two of the rest say no.
    taking.before = lambda: len(taking.sent) == 1 and [
        edge.opt_out("c3", "letters", channel="email"), edge.opt_out("c4")
    ]  # fmt: skip
    report = Run(campaign, taking, journal).send(rows)
    assert counted(report) == {"sent": 3, "held": 2}
    assert report.held_by["breaking_bonds.letters.message"] == 2
    assert taking.sent == [f"c{n}@post.example" for n in range(3)]
    assert journal.known(["c3", "c4"]) == frozenset()


def test_what_was_rendered_before_a_no_is_not_sent_after_it(campaign, journal, edge, agreed):
    taking = Taking()
    run = Run(campaign, taking, journal)
    mails = [chance.mail for chance in campaign.mails(agreed(4))]
    edge.opt_out("c1", "letters", channel="email")
    edge.opt_out("c2")
    assert [run.deliver(mail) for mail in mails] == ["sent", "held", "held", "sent"]
    assert taking.sent == ["c0@post.example", "c3@post.example"]


def test_a_source_of_my_own_is_asked_anew_before_each_mail(policy, store, make, journal):
    said = {"letters": "explicit"}
    with tactful.open(policy, store=store, consents=lambda _: dict(said)) as edge:
        links = Unsubscribing(edge, store, "https://shop.example/u/")
        campaign, taking = make(edge=edge, unsubscribing=links), Taking()
        run = Run(campaign, taking, journal)
        first, second = (chance.mail for chance in campaign.mails(many(2)))
        edge.warm("c1")  # it is held, with its yes
        assert run.deliver(first) == "sent"
        said["letters"] = "withdrawn"
        assert run.deliver(second) == "held"


def test_one_click_in_another_process_counts_before_the_next_mail(policy, tmp_path, make, agreed):
    path = f"sqlite:///{tmp_path / 'edge.db'}"
    with tactful.open(policy, store=path) as edge, tactful.open(policy, store=path) as web:
        for row in many(3):
            edge.opt_in(row["customer"], "letters")
        links = Unsubscribing(web, web._store, "https://shop.example/u/")
        ours = Unsubscribing(edge, edge._store, "https://shop.example/u/")
        campaign, taking = make(edge=edge, store=edge._store, unsubscribing=ours), Taking()
        token = ours.link("c2", "letters", "email", "november").rpartition("/")[2]
        form = "application/x-www-form-urlencoded"
        taking.before = lambda: links.answer("POST", token, form, b"List-Unsubscribe=One-Click")
        with Journal(tmp_path / "december.journal", "december") as journal:
            assert counted(Run(campaign, taking, journal).send(many(3))) == {"sent": 2, "held": 1}


def test_a_cap_that_was_reached_meanwhile_holds_a_mail_back(campaign, journal, edge, agreed):
    taking = Taking()
    taking.before = lambda: edge.observe("c1", "letter", channel="email", id="another campaign's")
    report = Run(campaign, taking, journal).send(agreed(2))
    assert counted(report) == {"sent": 1, "held": 1}
    assert "overcrowding.letters" in report.held_by


def test_where_nobody_knows_what_was_agreed_nothing_is_sent(campaign, journal, edge, agreed, monkeypatch):
    rows, taking = agreed(2), Taking()

    def fails(*_):
        raise tactful.StoreError("no disk")

    chances = list(campaign.mails(rows))
    monkeypatch.setattr(edge._store, "consents", fails)
    with pytest.raises(tactful.StoreError):
        Run(campaign, taking, journal).deliver(chances[0].mail)
    assert (taking.sent, journal.counts()) == ([], {})


def test_a_mail_with_fallbacks_alone_is_not_sent(campaign, journal):
    taking = Taking()
    run = Run(campaign, taking, journal)
    assert run.deliver(campaign.one("nobody", "nobody@post.example")) == "held"
    assert taking.sent == []


# what is claimed


def test_rendered_is_the_one_exposure_that_is_claimed_and_a_letter_counts_as_one(run, store, edge):
    run.send(ROWS[:1])
    events = [one.event for one in store.contacts("ann", 0) if one.event != "opt_in"]
    assert set(events) == {"rendered", "letter"}
    assert events.count("letter") == 1
    edge.forget("ann")
    edge.warm("ann")
    assert not edge.decide("letter.new", "ann", profile={"likes": ["film"]}).picks  # one letter a week


def test_what_a_dead_run_sent_and_did_not_record_is_recorded_by_the_next(campaign, journal, edge, store, monkeypatch):
    def dies(*_, **__):
        raise KeyboardInterrupt

    taking = Taking()
    with monkeypatch.context() as patched:
        patched.setattr(tactful.Edge, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            Run(campaign, taking, journal).send(ROWS[:1])
    assert [one.event for one in store.contacts("ann", 0)] == ["opt_in"]
    assert counted(Run(campaign, taking, journal).send(ROWS[:1])) == {"already": 1}
    assert {one.event for one in store.contacts("ann", 0)} == {"opt_in", "rendered", "letter"}
    assert list(journal.unrecorded()) == []


def test_a_letter_counts_though_its_token_is_too_old_to_record_what_it_showed(
    campaign, journal, edge, store, monkeypatch
):
    def too_old(*_, **__):
        raise tactful.TokenError("too old", code="token-expired")

    monkeypatch.setattr(tactful.Edge, "record", too_old)
    assert counted(Run(campaign, Taking(), journal).send(ROWS[:1])) == {"sent": 1}
    assert [one.event for one in store.contacts("ann", 0)] == ["opt_in", "letter"]
    assert not edge.decide("letter.new", "ann", profile={"likes": ["film"]}).picks  # one letter a week


def test_what_is_forgotten_is_not_in_the_journal_any_more(campaign, journal):
    Run(campaign, Taking(), journal).send(ROWS[:1])
    assert journal.forget("ann")
    assert not journal.forget("ann")
    assert journal.known(["ann"]) == frozenset()
    assert b"ann" not in journal.path.read_bytes()


def test_an_erasure_at_the_edge_reaches_the_journal_though_the_run_is_over(campaign, edge, tmp_path):
    path = tmp_path / "letters.journal"
    with Journal(path, "december") as journal:
        Run(campaign, Taking(), journal).send(ROWS)
        Run(campaign, Taking(), journal).send(ROWS)  # the same file is one
    assert b"ann@" not in path.read_bytes()
    assert b"ann" in path.read_bytes()
    receipt = edge.rights.erase("ann")
    assert dict(receipt.beside) == {"campaign december": 1}
    assert b"ann" not in path.read_bytes()
    with Journal(path, "december") as journal:
        assert journal.known([row["customer"] for row in ROWS]) == {row["customer"] for row in ROWS} - {"ann"}


def test_an_erasure_tells_of_a_journal_that_it_cannot_write_and_is_made_good(campaign, edge, tmp_path):
    path = tmp_path / "letters.journal"
    with Journal(path, "december") as journal:
        Run(campaign, Taking(), journal).send(ROWS[:1])
    kept = path.read_bytes()
    path.write_bytes(b"no database at all")
    receipt = edge.rights.erase("ann")
    edge._attached._again.close()  # by itself it would be told again in a second
    assert receipt.pending[0].startswith("campaign december could not be told: the store remembers it")
    path.write_bytes(kept)
    again = edge.rights.erase("ann")
    assert dict(again.beside) == {"campaign december": 1}
    assert b"ann" not in path.read_bytes()


def test_a_journal_that_was_deleted_holds_nothing_and_one_whose_disk_is_gone_may(campaign, edge, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    path = folder / "letters.journal"
    with Journal(path, "december") as journal:
        Run(campaign, Taking(), journal).send(ROWS[:1])
    folder.rename(tmp_path / "away")
    assert edge.rights.erase("ann").pending[0].startswith("campaign december could not be told: ")
    edge._attached._again.close()
    (tmp_path / "away").rename(folder)
    path.unlink()
    receipt = edge.rights.erase("ann")
    assert (dict(receipt.beside), path.exists()) == ({"campaign december": 0}, False)
    assert not any("could not be told" in one for one in receipt.pending)


# nobody twice


def test_two_who_share_a_mailbox_get_one_letter(campaign, journal, agreed):
    rows = [
        {**row, "address": address}
        for row, address in zip(agreed(2), ("us@post.example", "US@post.example"), strict=True)
    ]
    taking = Taking()
    assert counted(Run(campaign, taking, journal).send(rows)) == {"sent": 1, "already": 1}


def test_two_runs_at_once_share_the_mails(campaign, tmp_path, agreed):
    rows, taking = agreed(6), Taking()
    with Journal(tmp_path / "j", "december") as one, Journal(tmp_path / "j", "december") as other:
        second = Run(campaign, taking, other)
        chances = [chance.mail for chance in campaign.mails(rows)]
        first = Run(campaign, taking, one)
        told = [run.deliver(mail) for mail in chances for run in (first, second)]
    assert told.count("sent") == 6
    assert sorted(taking.sent) == sorted(row["address"] for row in rows)


def test_a_process_that_dies_while_it_hands_over_leaves_the_mail_in_doubt(campaign, journal, agreed):
    rows = agreed(2)
    with pytest.raises(KeyboardInterrupt):
        Run(campaign, Taking(KeyboardInterrupt()), journal).send(rows)
    taking = Taking()
    report = Run(campaign, taking, journal).send(rows)
    assert counted(report) == {"already": 1, "sent": 1}
    assert [one.customer for one in report.in_doubt] == ["c0"]


# killed


def killed(folder, server, count, mails, inbox):
    """Send in a process of its own, and kill it while the server has the mail of this number."""
    args = [sys.executable, str(Path(__file__).parent / "sending.py"), str(folder), str(server.port), str(count)]
    with subprocess.Popen(args, stdout=subprocess.PIPE, text=True) as process:

        def kill(_, number):
            if number == mails:
                os.kill(process.pid, signal.SIGKILL)

        inbox.before_answer = kill
        told = process.communicate(timeout=60)[0]
    return process.returncode, told.split()


@pytest.fixture
def folder(tmp_path, policy):
    """A folder in which a process can send: customers who agreed, and templates that are quickly rendered."""
    (tmp_path / "policy.bundle").write_bytes(as_bundle(policy))
    (tmp_path / "templates").mkdir()
    for name in ("subject.txt", "mail.txt", "mail.html"):
        (tmp_path / "templates" / name).write_text("{% offer 'letter.new' %}{% endoffer %}", encoding="utf-8")
    store = SQLiteStore(tmp_path / "edge.db")
    now_us = tactful.wall_clock()
    yes = tactful.Consent("letters", tactful.ConsentState.GIVEN, tactful.How.EXPLICIT, now_us)
    for row in many(12):
        store.put_consents(row["customer"], tactful.Consents((yes,), now_us))
    store.close()
    return tmp_path


def as_bundle(policy):
    now_us = tactful.wall_clock()
    key, _ = make_keys()
    return write(policy, private_key=key, tenant="shop", epoch=1, issued_us=now_us, expires_us=now_us + DAY_US)


@pytest.mark.parametrize("mails", [1, 5])
def test_a_run_that_is_killed_goes_on_where_it_stopped_and_nobody_is_mailed_twice(folder, server, inbox, mails):
    code, _ = killed(folder, server, 12, mails, inbox)
    assert code == -signal.SIGKILL
    with Journal(folder / "december.journal", "december") as journal:
        (doubt,) = journal.doubtful()  # the server has it, and nobody here can know
        assert doubt.customer == f"c{mails - 1}"
    code, told = killed(folder, server, 12, 0, inbox)
    assert (code, told) == (0, [str(12 - mails), str(mails), "1"])
    assert sorted(inbox.recipients) == sorted(row["address"] for row in many(12))


# the journal


def test_a_journal_is_for_its_owner_alone_and_holds_no_address(journal, run, tmp_path):
    run.send(ROWS[:1])
    path = tmp_path / "december.journal"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"post.example" not in path.read_bytes()


def test_a_journal_of_another_campaign_or_no_journal_is_refused(tmp_path):
    Journal(tmp_path / "j", "december").close()
    with pytest.raises(tactful.UsageError, match="the journal of 'december'"):
        Journal(tmp_path / "j", "january")
    (tmp_path / "text").write_text("no database" * 100, encoding="utf-8")
    with pytest.raises(tactful.StoreError, match="SQLITE_NOTADB"):
        Journal(tmp_path / "text", "december")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(tactful.UsageError, match="no campaign's journal"):
        Journal(tmp_path / "other.db", "december")
    with pytest.raises(tactful.StoreError, match="the journal"):
        Journal(tmp_path / "no folder" / "j", "december")


def test_a_maildir_holds_whole_messages(campaign, journal, tmp_path):
    assert counted(Run(campaign, Maildir(tmp_path / "mail"), journal).send(ROWS)) == {"sent": 3}
    found = sorted((tmp_path / "mail" / "new").iterdir())
    assert len(found) == 3
    assert all(path.read_bytes().rstrip().endswith(b"=--") for path in found)


# controls


def test_a_run_without_the_second_check_would_be_noticed(campaign, journal, edge, agreed):
    with (
        mutated(
            Mutant("tactful_adapters.email.run", "if against := self._campaign.still_holds(mail):", "if against := ():")
        ),
        pytest.raises(AssertionError),
    ):
        test_what_was_rendered_before_a_no_is_not_sent_after_it(campaign, journal, edge, agreed)


def test_a_second_check_that_asks_nobody_anew_would_be_noticed(policy, store, make, journal):
    asked = "edge.forget(mail.customer)\n        edge.warm(mail.customer)"
    with mutated(Mutant("tactful_adapters.email.campaign", asked, "pass")), pytest.raises(AssertionError):
        test_a_source_of_my_own_is_asked_anew_before_each_mail(policy, store, make, journal)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            'return file.execute("INSERT OR IGNORE INTO mails VALUES (?, ?, ?, ?, ?, ?)", row).rowcount == 1',
            "return True",
        ),
        ('return file.execute("INSERT OR IGNORE', 'return 1 or file.execute("INSERT OR IGNORE'),
    ],
)
def test_a_journal_that_reserves_nothing_would_be_noticed(campaign, journal, agreed, right, wrong):
    with mutated(Mutant("tactful_adapters.email.journal", right, wrong)), pytest.raises(AssertionError):
        test_a_process_that_dies_while_it_hands_over_leaves_the_mail_in_doubt(campaign, journal, agreed)
