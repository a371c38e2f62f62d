"""What cannot be used is told in one clear line on stderr, or as JSON on stdout, with exit code 2."""

import pytest

# arguments, what is told
REFUSALS = {
    "no folder": (["check", "nowhere"], "nowhere:1:1: there is no such folder; give a policy's folder [folder]"),
    "no folder to test": (["test", "nowhere"], "nowhere:1:1: there is no such folder"),
    "no folder to print": (["policy", "nowhere"], "nowhere:1:1: there is no such folder"),
    "nothing to compare": (["diff", "shop", "nowhere"], "nowhere:1:1: there is no such folder"),
    "not a bundle to compare": (["diff", "shop/policy.yaml", "shop"], "[bundle-"),
    "not a bundle to print": (["policy", "shop/policy.yaml"], "[bundle-"),
    "no folder to build": (["build", "nowhere"], "nowhere/keys/development.private"),
    "a file for a folder": (
        ["check", "shop/policy.yaml"],
        "shop/policy.yaml:1:1: this is a file; give a policy's folder",
    ),
    "something is there": (["init", "shop"], "shop is there already; give a new or empty folder [usage]"),
    "no bundle": (["decide", "nowhere", "home.hero"], "nowhere: No such file or directory"),
    "not a bundle": (["decide", "shop/policy.yaml", "home.hero"], "[bundle-"),
    "no such placement": (
        ["decide", "shop", "home.her"],
        "there is no placement 'home.her'; did you mean 'home.hero'?",
    ),
    "no such persona": (
        ["explain", "shop", "home.hero", "--persona", "anne"],
        "no persona 'anne'; did you mean 'ann'?",
    ),
    "a persona and someone": (
        ["decide", "shop", "home.hero", "--persona", "ann", "--who", "card=1"],
        "give --persona or --who, not both",
    ),
    "a persona of a bundle": (["decide", "shop.bundle", "home.hero", "--persona", "ann"], "a bundle has no personas"),
    "a key for a folder": (["decide", "shop", "home.hero", "--key", "x"], "a folder has no signature"),
    "a key for a folder, with a persona": (
        ["decide", "shop", "home.hero", "--key", "x", "--persona", "ann"],
        "a folder has no signature",
    ),
    "no key at all": (["status", "shop.bundle", "--key", "abc"], "a public key is the base64 text of 32 bytes"),
    "somebody else's key": (["status", "shop.bundle", "--key", "A" * 43 + "="], "[bundle-unpinned]"),
    "no identifier": (["decide", "shop", "home.hero", "--who", "4711"], "--who: write name=value [usage]"),
    "no such context": (
        ["decide", "shop", "home.hero", "-c", "pag=a"],
        "there is no context 'pag'; did you mean 'page'?",
    ),
    "a context of another type": (
        ["decide", "shop", "home.hero", "-c", "gpc=maybe"],
        "--context gpc: expected true or false",
    ),
    "no moment": (["decide", "shop", "home.hero", "--at", "noon"], "--at: 'noon' is no day or time; write 2026-12-01"),
    "no adapter": (
        ["status", "shop", "--store", "foo://x"],
        "no adapter is named 'foo'; there are: postgres, postgresql, sqlite",
    ),
    "an adapter by nearly its name": (
        ["status", "shop", "--store", "sqlit:///edge.db"],
        "no adapter is named 'sqlit'; did you mean 'sqlite'? there are: postgres, postgresql, sqlite",
    ),
    "no place for a store": (["status", "shop", "--store", "sqlite:////proc/no/edge.db"], "[store-missing]"),
    "no key to sign with": (
        ["build", "shop", "--key", "nowhere"],
        "the private key nowhere: No such file or directory",
    ),
    "no duration": (["build", "shop", "--expires", "soon"], "--expires 'soon'"),
}


@pytest.fixture
def bundle(run, shop):
    assert run("build", shop, "--out", "shop.bundle").code == 0


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_one_line(run, case):
    arguments, told = REFUSALS[case]
    ended = run(*arguments)
    lines = [line for line in ended.err.splitlines() if line != "1 mistake"]
    assert (ended.code, ended.out, len(lines)) == (2, "", 1)
    assert told in lines[0]


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_a_twin_for_programs(run, case):
    arguments, _ = REFUSALS[case]
    plain, twin = run(*arguments), run(*arguments, "--json")
    assert (twin.code, twin.err) == (2, "")
    if "mistakes" in twin.json:
        ((mistake),) = twin.json["mistakes"]
        line = "{file}:{line}:{column}: {message}; {hint} [{code}]".format(**mistake)
    else:
        line = "{message} [{code}]".format(**twin.json["error"])
    assert plain.err.splitlines()[0] == line


@pytest.mark.usefixtures("shop")
def test_a_refusal_repeats_nothing_personal(run):
    for arguments in (["--who", "canary"], ["-c", "gpc=canary"], ["-c", "canary"]):
        ended = run("decide", "shop", "home.hero", *arguments)
        assert ended.code == 2
        assert "canary" not in ended.out + ended.err


def test_a_broken_file_is_told_with_its_place(run, shop):
    (shop / "policy.yaml").write_text("offers: {olives: [}\n")
    for command in ("check", "test", "policy", "build"):
        ended = run(command, shop)
        assert ended.code == 2
        assert ended.err.splitlines()[0].startswith("policy.yaml:1:19: this is not YAML")


def test_what_a_policy_holds_cannot_paint_the_screen(run, shop):
    (shop / "more.yaml").write_text('topics: {new: {under: "[bold red]x[/]"}}\n"\\e[31m": {}\n')
    ended = run("check", shop)
    assert "\x1b" not in ended.err
    assert "[bold red]x[/]" in ended.err


def test_a_wrong_option_is_told_by_the_command_line_itself(start):
    ended = start("check", "--jsn")
    assert ended.code == 2
    assert "No such option" in ended.err
    assert "--json" in ended.err


def test_a_command_that_does_not_exist(start):
    ended = start("chek", "shop")
    assert ended.code == 2
    assert "chek" in ended.err
