"""The samples of docs/governance.md and docs/bundle.md on holdouts, readers, the matrix and signatures are true."""

import re
from pathlib import Path

import pytest

from tactful import PolicyError, Registry
from tactful.authoring import compile_files, init, read_files

DOCS = Path(__file__).parents[2] / "docs"
KEYS = ("holdouts:", "matrix:", "readers:", "signatures:")


def samples():
    for page in ("governance.md", "bundle.md"):
        for sample in re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL):
            if any(key in sample for key in KEYS):
                yield pytest.param(sample, id=f"{page}: {sample.split(':')[0]}")


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    init(folder := tmp_path_factory.mktemp("policy") / "policy")
    return dict(read_files(folder))


SAMPLES = list(samples())


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_right_beside_what_init_writes(start, sample):
    compile_files({**start, "sample.yaml": sample.encode()}, registry=Registry.installed())


def test_there_are_samples_of_each_and_a_wrong_one_is_noticed(start):
    assert len(SAMPLES) >= len(KEYS)
    with pytest.raises(PolicyError, match="no section 'holdout'"):
        compile_files({**start, "sample.yaml": b"holdout: {a: 2%}"}, registry=Registry.installed())
