"""`tactful build`: a bundle that opens, or none at all and the reason, for people and for programs."""

import json
import os
import stat

import pytest
from typer.testing import CliRunner

import tactful
from tactful.bundle import make_keys
from tactful.bundle.envelope import unpack
from tactful.cli.app import app

run = CliRunner().invoke


@pytest.fixture
def folder(tmp_path):
    """The policy that `tactful init` writes."""
    assert run(app, ["init", str(tmp_path / "policy")]).exit_code == 0
    return tmp_path / "policy"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "shop.bundle"


def build(folder, out, *options):
    return run(app, ["build", str(folder), "-o", str(out), *options])


def test_what_is_built_opens_as_it_says(folder, out):
    result = build(folder, out, "--tenant", "shop", "--expires", "12h", "--json")
    told = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (told["file"], told["bytes"], told["tenant"]) == (str(out), out.stat().st_size, "shop")
    assert told["tests"] > 0
    with tactful.open(out, key=told["keys"], tenant="shop") as edge:
        assert edge.status()["epoch"] == told["epoch"]
        assert 43_000 < edge.status()["expires_in_s"] <= 43_200
        assert edge.status()["careful"] == []


def test_people_are_told_how_to_open_it(folder, out):
    result = build(folder, out)
    public = (folder / "keys" / "development.public").read_text(encoding="ascii").strip()

    assert result.exit_code == 0
    assert f'open it with tactful.open("{out}", key="{public}", tenant="default")' in result.stdout


def test_each_build_has_a_greater_epoch_unless_it_is_given(folder, out, monkeypatch):
    epochs = []
    for now_s in (1_900_000_000, 1_900_000_060):
        monkeypatch.setattr("tactful.cli.building.wall_clock", lambda now_s=now_s: now_s * 1_000_000)
        epochs.append(json.loads(build(folder, out, "--json").stdout)["epoch"])
    assert epochs == [1_900_000_000, 1_900_000_060]
    assert json.loads(build(folder, out, "--epoch", "7", "--json").stdout)["epoch"] == 7


def test_several_keys_sign(folder, out, tmp_path):
    pairs = [make_keys(), make_keys()]
    files = [tmp_path / "old.private", tmp_path / "new.private"]
    for path, (private, _) in zip(files, pairs, strict=True):
        path.write_text(private + "\n", encoding="ascii")
    result = build(folder, out, "--key", str(files[0]), "--key", str(files[1]), "--json")

    assert json.loads(result.stdout)["keys"] == [public for _, public in pairs]
    assert len(unpack(out.read_bytes()).signatures) == 2
    for _, public in pairs:
        tactful.open(out, key=public).close()


def break_a_test(folder):
    (folder / "tests" / "broken.yaml").write_text(
        "nobody gets a pot:\n  place: home.hero\n  expect: {offers: [pots]}\n", encoding="utf-8"
    )


def test_nothing_is_built_when_a_test_fails(folder, out):
    out.write_bytes(b"the last good one")
    break_a_test(folder)
    result = build(folder, out)

    assert result.exit_code == 1
    assert "not built: 1 test fails" in result.stdout
    assert out.read_bytes() == b"the last good one"


def test_programs_are_told_which_test_fails(folder, out):
    break_a_test(folder)
    result = build(folder, out, "--json")
    told = json.loads(result.stdout)

    assert (result.exit_code, told["failed"], out.exists()) == (1, 1, False)
    assert [test["title"] for test in told["tests"] if test["failures"]] == ["nobody gets a pot"]


def test_nothing_is_built_of_a_policy_with_mistakes(folder, out):
    with (folder / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write("\nsegment: {}\n")
    plain, told = build(folder, out), json.loads(build(folder, out, "--json").stdout)

    assert (plain.exit_code, out.exists()) == (2, False)
    assert "policy.yaml" in plain.stderr
    assert [mistake["code"] for mistake in told["mistakes"]] == ["unknown-key"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--expires", "soon"], "usage", "--expires 'soon' is no duration; write 90d or 12h"),
        (["--expires", "9999999d"], "bundle-malformed", "not after the year 9999"),
        (["--key", "nowhere.private"], "usage", "the private key nowhere.private"),
        (["--tenant", ""], "bundle-malformed", "a tenant is a name"),
        (["--epoch", "-1"], "bundle-malformed", "an epoch is 0 or more"),
        (["-o", "nowhere/shop.bundle"], "usage", "nowhere/shop.bundle: No such file or directory"),
    ],
)
def test_what_cannot_be_built_is_said_in_words_and_in_json(folder, out, options, code, words):
    plain, told = build(folder, out, *options), build(folder, out, *options, "--json")

    assert (plain.exit_code, told.exit_code, out.exists()) == (2, 2, False)
    assert words in plain.stderr
    assert json.loads(told.stdout)["error"]["code"] == code


def test_what_would_not_open_is_not_written(folder, out, monkeypatch):
    monkeypatch.setattr("tactful.plan_reader.contradictions", lambda _: iter(["it says yes and no"]))
    result = build(folder, out)

    assert (result.exit_code, out.exists()) == (2, False)
    assert "the policy contradicts itself: it says yes and no; build it anew [bundle-policy]" in result.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"not a key", b"AAAA\n"])
def test_a_key_file_that_holds_no_key_is_not_shown(folder, out, tmp_path, content):
    path = tmp_path / "some.private"
    path.write_bytes(content)
    result = build(folder, out, "--key", str(path))

    assert (result.exit_code, out.exists()) == (2, False)
    assert "not a key" not in result.stderr.replace("a private key", "")


def test_the_private_key_is_nowhere_but_in_its_file(folder, out):
    private = folder / "keys" / "development.private"
    secret = private.read_text(encoding="ascii").strip()
    results = [build(folder, out), build(folder, out, "--json"), build(folder, out, "--epoch", "-1")]

    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert not [one for one in results if secret in one.stdout + one.stderr]
    assert secret.encode() not in out.read_bytes()


def test_a_failure_to_write_leaves_nothing_behind(folder, out, monkeypatch):
    out.write_bytes(b"the last good one")

    def full(_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("tactful.cli.files.os.fsync", full)
    result = build(folder, out)

    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert out.read_bytes() == b"the last good one"
    assert [path.name for path in out.parent.iterdir() if "bundle" in path.name] == ["shop.bundle"]
