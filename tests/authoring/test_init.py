"""`init` writes a policy that is right and whose tests pass, with keys, or nothing at all."""

import stat

import pytest

from tactful import UsageError
from tactful.authoring import init, load_suite
from tactful.authoring.init import PRIVATE_KEY, PUBLIC_KEY
from tactful.bundle.keys import public_of


def test_what_is_written_is_a_policy_whose_tests_pass(tmp_path):
    written = init(tmp_path / "shop")
    assert all(path.is_file() for path in written)
    assert {path.relative_to(tmp_path / "shop").parts[0] for path in written} == {
        "policy.yaml",
        "personas",
        "tests",
        "keys",
        ".gitignore",
    }
    outcomes = tuple(load_suite(tmp_path / "shop").run())
    assert len(outcomes) >= 4
    assert [outcome for outcome in outcomes if not outcome.passed] == []


def test_the_keys_are_a_pair_of_their_own_and_the_private_one_is_for_its_owner(tmp_path):
    for name in ("one", "two"):
        init(tmp_path / name)
    private, other = ((tmp_path / name / PRIVATE_KEY).read_text().strip() for name in ("one", "two"))
    assert private != other
    assert public_of(private) == (tmp_path / "one" / PUBLIC_KEY).read_text().strip()
    assert stat.S_IMODE((tmp_path / "one" / PRIVATE_KEY).stat().st_mode) == 0o600
    assert "keys/*.private" in (tmp_path / "one" / ".gitignore").read_text()


def test_an_empty_folder_and_one_of_a_version_control_will_do(tmp_path):
    (tmp_path / ".git").mkdir()
    assert init(tmp_path)


@pytest.mark.parametrize("name", ["policy.yaml", "notes.txt", ".gitignore"])
def test_nothing_is_written_over(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="is there already; give a new or empty folder"):
        init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        init(tmp_path / "file")
    with pytest.raises(UsageError, match="nothing was written"):
        init(tmp_path / "file" / "shop")


def test_a_disk_that_is_full_leaves_no_file(tmp_path, monkeypatch):
    def full(path, raw, *, secret):
        if secret:
            raise OSError(28, "No space left on device", str(path))
        return write(path, raw, secret=secret)

    module = __import__("tactful.authoring.init", fromlist=["_write"])
    write = module._write
    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(UsageError, match=r"No space left on device; nothing was written"):
        init(tmp_path / "shop")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
