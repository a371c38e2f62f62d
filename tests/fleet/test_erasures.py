"""An erasure's receipt, followed up: which devices have taken it in, by what each acknowledged, and who cannot tell."""

import json
import time

import attrs
import pytest
from tests.differential.mutating import twin
from tests.kiosk.conftest import yes
from typer.testing import CliRunner

import tactful
from tactful import Consents, MemoryStore, StoreError, SyncOptions, acknowledging, wall_clock
from tactful.cli.app import app
from tactful.clock import SECOND_US, SKEW_US
from tactful.erasing import ErasureReceipt, epochs_of
from tactful.fleet import erased_at as judged
from tactful.fleet.acknowledged import Acknowledged, Hearing, reached_by
from tactful.fleet.erased_at import Standing, erased_at
from tactful.fleet.fleet_file import FleetFile
from tactful.fleet.report import Report
from tactful.fleet.reports import Kept
from tactful.relay.devices import Device

AT_US = 10**15
EPOCHS = {"consents": 5, "profiles": 7}


def standing(device=None, *, reached=None, epochs=None, module=judged, **told):
    device = device or Device("k1")
    found = {("k1", line): Acknowledged(epoch, AT_US) for line, epoch in (reached or {}).items()}
    kept = [Kept(device, AT_US + 4 * SKEW_US, Report(device.id, "1", 0, **told))] if told else []
    (row,) = module.erased_at([device], kept, found, EPOCHS if epochs is None else epochs, AT_US)
    return row.standing.value


AGE_S = 4 * SKEW_US // SECOND_US
CASES = {
    "both lines": ("acknowledged", {"reached": {"consents": 5, "profiles": 7}}),
    "more": ("acknowledged", {"reached": {"consents": 50, "profiles": 70}}),
    "one line alone": ("pending", {"reached": {"consents": 5, "profiles": 6}}),
    "the other alone": ("pending", {"reached": {"consents": 4, "profiles": 7}}),
    "one line unheard": ("pending", {"reached": {"consents": 5}}),
    "never asked": ("cannot-tell", {}),
    "a receipt without epochs": ("cannot-tell", {"reached": {"consents": 5, "profiles": 7}, "epochs": {}}),
    "a newer pack": ("acknowledged", {"data_epoch": 2, "data_age_s": AGE_S // 2}),
    "an older pack": ("pending", {"data_epoch": 2, "data_age_s": AGE_S + 1}),
    "a pack within the clocks' error": ("pending", {"data_epoch": 2, "data_age_s": AGE_S - 10}),
    "a pack of no age": ("cannot-tell", {"data_epoch": 2}),
    "an older pack and both lines": (
        "pending",
        {"data_epoch": 2, "data_age_s": AGE_S, "reached": {"consents": 5, "profiles": 7}},
    ),
    "killed and silent": ("pending", {"device": Device("k1", killed=True), "reached": {"consents": 5, "profiles": 7}}),
    "killed and done": ("acknowledged", {"device": Device("k1", killed=True), "killed": True}),
    "killed and half done": ("pending", {"device": Device("k1", killed=True), "killed": True, "kept": 1}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_device_stands_as_it_has_acknowledged(case):
    right, given = CASES[case]
    assert standing(**given) == right


MUTANTS = {
    "clocks agree": ("> at_us + SKEW_US:", "> at_us:"),
    "silence is consent": ('return Standing.CANNOT_TELL, "it has never', 'return Standing.ACKNOWLEDGED, "it has never'),
    "a kill is done": ('return Standing.PENDING, "it is to', 'return Standing.ACKNOWLEDGED, "it is to'),
    "what is kept is gone": ("if kept.report.kept:", "if False:"),
    "lines stand for a pack": ("if kept is not None and kept.report.data_epoch is not None:", "if False:"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_case_is_seen_to_fail(name):
    old, new = MUTANTS[name]
    mutant = twin(judged, old, new)
    assert any(standing(**given, module=mutant) != right for right, given in CASES.values())


MUTANTS_OF_LINES = {
    "one line is enough": ("in epochs.items():", "in list(epochs.items())[:1]:"),
    "one behind is even": (".epoch) < epoch:", ".epoch) + 1 < epoch:"),
}
EDGES = {"both lines": "acknowledged", "one line alone": "pending", "the other alone": "pending"}


def standing_of_edge(reached, module=judged):
    found = {("k1", line): Acknowledged(epoch, AT_US) for line, epoch in reached.items()}
    (row,) = module.edges_erased_at(found, EPOCHS)
    return row.standing.value


@pytest.mark.parametrize("case", EDGES)
def test_an_edge_stands_as_it_has_said(case):
    assert standing_of_edge(CASES[case][1]["reached"]) == EDGES[case]
    (row,) = judged.edges_erased_at({("k1", "consents"): Acknowledged(9, AT_US)}, {})
    assert row.standing is Standing.CANNOT_TELL


@pytest.mark.parametrize("name", MUTANTS_OF_LINES)
def test_each_case_of_lines_is_seen_to_fail(name):
    old, new = MUTANTS_OF_LINES[name]
    mutant = twin(judged, "edges_in\n", "edges_in\n\n")
    mutant.behind = twin(acknowledging, old, new).behind
    assert any(standing(**given, module=mutant) != right for right, given in CASES.values())
    assert any(standing_of_edge(CASES[case][1]["reached"], mutant) != right for case, right in EDGES.items())


def test_who_has_still_to_follow_stands_first():
    found = {(name, line): Acknowledged(9, AT_US) for name in ("a", "b") for line in EPOCHS}
    found["b", "profiles"] = Acknowledged(0, AT_US)
    rows = erased_at([Device(name) for name in "abc"], [], found, EPOCHS, AT_US)
    assert [(one.device, one.standing) for one in rows] == [
        ("b", Standing.PENDING),
        ("c", Standing.CANNOT_TELL),
        ("a", Standing.ACKNOWLEDGED),
    ]


# How it is heard


@pytest.fixture
def asked(served):
    """Return up to which epochs a device is on record, once what was heard is written."""

    def found(name="k1"):
        served.fleet._hearing.write()
        return {line: one.epoch for (device, line), one in reached_by(served.file).items() if device == name}

    return found


def test_an_edge_acknowledges_an_erasure_by_what_it_asks_for_next(served, client, policy, asked):
    centre, now_us = served.centre, wall_clock()
    for who in ("ada", "bob"):
        centre.put_consents(who, Consents((yes(now_us),), now_us))
    served.let_in("k1")
    with tactful.open(policy, store=MemoryStore(), centre=client("k1"), sync=SyncOptions(threads=False)) as edge:
        edge.sync()
        centre.erase("ada")
        epochs = {line: centre.changes(line, 0, 0).epoch for line in ("consents", "profiles")}
        edge._following._profiles.step()
        edge._following._profiles.step()  # one line is not the other
        assert asked() == {"consents": 0, "profiles": epochs["profiles"]}
        edge.sync()  # it takes the erasure in; that it did is said by the next question
        assert asked()["consents"] < epochs["consents"]
        edge.sync()
        assert asked() == epochs


def test_who_is_ahead_of_the_centre_has_acknowledged_nothing(served, client, asked):
    served.let_in("k1")
    relay = client("k1")
    served.centre.put_consents("ada", Consents((yes(1),), 1))
    relay.changes("consents", 1, 10)
    assert asked() == {"consents": 1}
    relay.changes("consents", 2, 10)
    assert asked() == {"consents": 0}


def test_what_goes_back_is_taken_back(served, client, asked):
    """A device whose store was restored has the erased customer again, until it has followed once more."""
    served.let_in("k1")
    relay = client("k1")
    served.centre.put_consents("ada", Consents((yes(1),), 1))
    for after in (1, 0):
        relay.changes("consents", after, 10)
        assert asked() == {"consents": after}


def test_it_is_written_by_the_relay_itself_and_when_it_ends(served, client):
    served.let_in("k1")
    relay = client("k1")
    served.fleet._hearing._every_s = 0.0
    relay.changes("consents", 0, 10)
    served.relay.lanes["fleet"]._pool.submit(int).result(10)
    until = time.monotonic() + 10
    while not reached_by(served.file) and time.monotonic() < until:
        time.sleep(0.01)
    assert ("k1", "consents") in reached_by(served.file)
    served.fleet._hearing._every_s = 1e9
    relay.changes("profiles", 0, 10)
    path = served.file.path
    assert ("k1", "profiles") not in reached_by(served.file)
    served.fleet.close()
    file = FleetFile(path)
    assert ("k1", "profiles") in reached_by(file)
    file.close()


def test_what_is_heard_is_bounded_and_a_file_that_fails_loses_nothing(served, monkeypatch):
    monkeypatch.setattr("tactful.fleet.acknowledged._HEARD_MAX", 2)
    hearing = Hearing(served.file)
    for device in ("k1", "k2", "k3"):
        hearing.hear(device, "consents", 1, 1)
    served.file.transaction, given = down, served.file.transaction
    with pytest.raises(StoreError):
        hearing.write()
    served.file.transaction = given
    hearing.write()
    assert {device for device, _ in reached_by(served.file)} == {"k1", "k2"}
    assert hearing._heard == {}


def down():
    raise StoreError("no disk")


# The command


def test_a_receipt_is_asked_again_later(served, client, tmp_path, asked):
    for name in ("k1", "k2"):
        served.let_in(name)
    receipt = ErasureReceipt(wall_clock(), {"consents": 1}, {}, (), epochs={"consents": 1, "profiles": 0})
    at = tmp_path / "receipt.json"
    at.write_text(json.dumps({"erased": True, **attrs.asdict(receipt)}), encoding="utf-8")
    words = ("fleet", served.file.path, "--devices", served.devices, "--receipt", at)
    served.centre.put_consents("ada", Consents((yes(1),), 1))
    for line in ("consents", "profiles"):
        client("k1").changes(line, 0, 10)
    asked()
    code, told = run(*words)
    assert (code, "2 devices: 1 pending, 1 cannot-tell" in told, "consents 0 of 1" in told) == (1, True, True)
    for name in ("k1", "k2"):
        for line, after in (("consents", 1), ("profiles", 0)):
            client(name).changes(line, after, 10)
    asked()
    code, told = run(*words, "--json")
    assert (code, json.loads(told)["counts"]) == (0, {"pending": 0, "cannot-tell": 0, "acknowledged": 2})
    assert "ada" not in told
    assert json.loads(run(*words, "--trouble", "--json")[1])["devices"] == []


def run(*words):
    ended = CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(word) for word in words])
    return ended.exit_code, ended.output


@pytest.mark.parametrize("text", ["", "[]", '{"at_us": 1}', '{"at_us": 1, "epochs": {"moon": 1}}', '{"epochs": {}}'])
def test_what_is_no_receipt_is_refused(served, tmp_path, text):
    at = tmp_path / "receipt.json"
    at.write_text(text, encoding="utf-8")
    code, told = run("fleet", served.file.path, "--devices", served.devices, "--receipt", at)
    assert (code, "this is no receipt" in told) == (2, True)


def test_a_store_without_lines_or_without_an_answer_tells_no_epochs():
    class Down:
        def line_epochs(self):
            raise StoreError("no disk")

    assert dict(epochs_of(MemoryStore())) == dict(epochs_of(Down())) == {}
