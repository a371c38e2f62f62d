"""The samples of docs/spark.md run, one after the other, and what it says of columns and bounds is so."""

import re
from pathlib import Path

import pytest
from tests.spark.conftest import bundle, frame

from tactful_adapters.spark_contacts import CONTACT_FIELDS
from tactful_adapters.spark_worker import EDGES_MAX

PAGE = (Path(__file__).parents[2] / "docs" / "spark.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
def test_the_samples_run(spark, keys, tmp_path, capsys):
    frame(spark, 60).write.parquet(f"{tmp_path}/customers")
    (tmp_path / "shop.bundle").write_bytes(bundle(keys))
    names = {"spark": spark, "KEY": keys[1]}
    for sample in SAMPLES:  # Spark has a folder of its own, so paths are made whole
        whole = re.sub(r'parquet\("(\w+)"\)', rf'parquet("{tmp_path}/\1")', sample)
        exec(whole.replace('"shop.bundle"', f'"{tmp_path}/shop.bundle"'), names)  # noqa: S102 - the page's own

    assert len(SAMPLES) == 3
    assert capsys.readouterr().out == "60 customers, careful: ()\n"
    counted = names["customers"].filter("size(contacts) > 0").count()
    assert counted == spark.read.parquet(f"{tmp_path}/contacts").select("customer").distinct().count() > 0
    assert names["campaign"].decide(names["customers"], contacts="contacts").count() > 0


def test_it_names_the_fields_of_a_contact_and_how_many_campaigns_a_worker_keeps():
    assert EDGES_MAX == 4
    assert "its last four campaigns" in PAGE
    for field in CONTACT_FIELDS:
        assert f"`{field}`" in PAGE
