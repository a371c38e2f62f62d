"""The demo on a few households: figures add up; text, JSON and report say the same; nothing comes from outside."""

import html
import io
import json
import re

import pytest
import typer.testing
from rich.console import Console

from grocery import demo, picture, terminal
from grocery.boundaries import pregnancy_test
from grocery.consents import SHARES
from grocery.coupons import DEMO_DAY
from grocery.variants import grocer
from tactful.cli import demonstrating
from tactful.cli.app import app

FEW = 60


@pytest.fixture(scope="module", autouse=True)
def _read_once(journey):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "load", lambda: journey)
        yield


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def result(told):
    return demo.run_demo(FEW, lambda *step: told.append(step))


@pytest.fixture(scope="module")
def text(result):
    console = Console(file=io.StringIO(), width=80, highlight=False)
    demo.show(result, console)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def page(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    demo.render_report(result, path)
    return path.read_text(encoding="utf-8")


def without_times(result):
    return {
        name: value for name, value in result.items() if name not in ("decide_us", "seconds", "memory_mb", "report")
    }


def test_figures_add_up(result):
    assert result["households"] == FEW
    assert result["decisions"] == 3 * FEW
    for found in result["channels"].values():
        assert found["decisions"] == FEW
        assert sum(found["tones"].values()) == sum(found["bases"].values()) <= 6 * FEW
        assert found["silent"] <= FEW
    for one in result["guardrails"].values():
        assert one["changed"] == sum(one["on"].values()) <= result["decisions"]
    for limit in result["limits"].values():
        assert limit["decisions"] == sum(limit["on"].values()) <= result["decisions"]
    for purpose in SHARES:
        assert sum(result["consents"][purpose].values()) == FEW
    for round_ in result["decide_us"].values():
        assert sum(bin_["decisions"] for bin_ in round_["histogram"]) == result["decisions"]
        assert 0 < round_["median"] <= round_["p99"]


def test_no_decision_failed_or_lacked_anything(result, text):
    assert result["careful"] == {}
    console = Console(file=io.StringIO(), width=80)
    console.print(terminal.head({**result, "careful": {"guardrail boudoir: broken": 3}}))
    assert "3 decisions showed less: guardrail boudoir: broken" in console.file.getvalue()
    assert "showed less" not in text


def test_boundaries_change_something_and_the_kiosk_is_never_personal(result):
    assert result["guardrails"]["breaking_bonds"]["changed"] > 0
    assert result["channels"]["kiosk"]["tones"]["PERSONAL"] == 0
    assert result["channels"]["email"]["tones"]["PERSONAL"] > 0
    assert result["channels"]["email"]["silent"] > 0


@pytest.mark.usefixtures("result")
def test_every_step_is_told_to_its_end(told):
    steps = {step for step, _, _ in told}
    assert len(steps) == 9
    for step in steps:
        done, total = [(done, total) for name, done, total in told if name == step][-1]
        assert done == total > 0


def test_the_data_and_the_rule_are_named(result, text, page):
    for words in ("Complete Journey", "education", "no consents", "seeded rule"):
        assert words in result["note"]
        assert words in " ".join(text.split())
        assert words in page


def test_the_text_fits_80_columns(text):
    assert max(map(len, text.splitlines())) <= 80


def test_the_text_says_what_the_result_says(result, text):
    plain = " ".join(text.split())
    assert f"{result['decisions']:,} decisions for {FEW} households" in plain
    assert f"median {result['decide_us']['again']['median']:.0f} µs" in plain
    for name, one in result["guardrails"].items():
        assert re.search(rf"{name} +{one['changed']:,}\b", text)
    for row in result["relevance"]["rows"]:
        assert re.search(rf"{row['name']} +{row['first1']:.2f} +{row['first6']:.2f} +{row['first20']:.2f}", text)
    for channel, found in result["channels"].items():
        shares = [count / sum(found["tones"].values()) for count in found["tones"].values()]
        cells = " +".join(f"{share:.0%}" if share else "-" for share in shares)
        assert re.search(rf"^{channel} +{cells} +{found['silent']}$", text, re.MULTILINE)
    for story in result["stories"]:
        assert story["title"] in text
        for channel in story["channels"]:
            for one in (*channel["shown"], *channel["held_back"]):
                assert one["title"] in plain


def test_the_report_needs_no_network_and_no_program(page):
    assert re.findall(r"https?:|//[a-z]|@import|url\(|<script|<link|<img|\bsrc=", page) == []


def test_the_report_shows_the_figures(result, page):
    assert page.count("<svg ") == 6
    assert f"{result['decisions']:,}" in page
    for story in result["stories"]:
        assert story["title"] in page
    for name in result["guardrails"]:
        assert f"<code>{name}</code>" in page
    assert not re.search(r"\b(nan|NaN|undefined|None)\b", page)


def test_the_picture_of_the_readme_tells_the_story_that_is_told_today(result):
    def lines(svg):
        return [html.unescape(line).replace("\xa0", " ") for line in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]

    today, kept = lines(picture.drawn(result)), lines(picture.FILE.read_text(encoding="utf-8"))
    title = result["stories"][0]["title"]
    assert today[today.index(title) :] == kept[kept.index(title) :]


def test_what_offers_say_is_escaped_in_the_report(result, tmp_path):
    story = json.loads(json.dumps(result["stories"][0]))
    story["channels"][0]["shown"][0]["title"] = "<script>alert(1)</script>"
    demo.render_report({**result, "stories": [story]}, tmp_path / "report.html")
    assert "<script>" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def story_on(result, number, channel):
    return next(one for one in result["stories"][number]["channels"] if one["channel"] == channel)


def test_the_pregnancy_test_shows_nowhere_but_in_the_letter(result):
    for channel in ("web", "kiosk"):
        found = story_on(result, 0, channel)
        assert "family_week" not in {one["offer"] for one in found["shown"]}
        held = next(one for one in found["held_back"] if one["offer"] == "family_week")
        assert [reason["id"] for reason in held["reasons"]] == ["boudoir.not_private"]
    letter = story_on(result, 0, "email")["shown"]
    assert [one["offer"] for one in letter].count("family_week") == 1
    assert len(letter) == 6


def test_nobody_without_consent_gets_a_letter_or_a_coupon(result):
    assert story_on(result, 1, "email")["shown"] == []
    for channel in ("web", "kiosk"):
        found = story_on(result, 1, channel)
        assert found["shown"]
        assert {one["basis"] for one in found["shown"]} == {"GENERIC"}
        assert any("breaking_bonds.offers.data" in str(one["reasons"]) for one in found["held_back"])


def test_who_agreed_is_served_as_a_person(result):
    assert "PERSONAL" in {one["tone"] for one in story_on(result, 2, "web")["shown"]}
    assert "bank_card" in {one["offer"] for one in story_on(result, 2, "email")["shown"]}


def test_no_screen_tells_of_a_test_and_without_boudoir_some_would(households, everyone):
    bought = [one for one in everyone if households.bought_test(one.number, DEMO_DAY, 90)]
    found = pregnancy_test(grocer(), households, bought, DEMO_DAY)
    assert found["households"] == len(bought) > 10
    assert (found["differ"]["web"], found["differ"]["kiosk"]) == (0, 0)
    assert found["differ_without_boudoir"]["web"] > 0
    assert found["differ_without_boudoir"]["kiosk"] > 0


def run(*arguments):
    return typer.testing.CliRunner().invoke(app, ["demo", "--households", str(FEW), *arguments])


def test_the_command_prints_json_and_the_same_seed_gives_the_same_figures(result, tmp_path):
    ended = run("--json", "--out", str(tmp_path / "out"))
    assert ended.exit_code == 0, ended.output
    printed = json.loads(ended.stdout)
    assert without_times(printed) == json.loads(json.dumps(without_times(result)))
    assert (tmp_path / "out" / "report.html").is_file()
    assert printed["report"] == str(tmp_path / "out" / "report.html")


def test_the_command_prints_text_and_where_the_report_is(result, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "run_demo", lambda **_: result)
    ended = run("--out", str(tmp_path / "out"))
    assert ended.exit_code == 0, ended.output
    assert f"{result['decisions']:,} decisions" in ended.stdout
    assert "report.html" in ended.stdout


def test_an_absent_library_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(demonstrating, "LIBRARIES", ("no_such_library",))
    ended = run("--out", str(tmp_path))
    assert ended.exit_code == 2
    assert "tactful[demo]" in ended.output


def test_absent_files_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(demonstrating, "CHECKOUT", tmp_path)
    ended = run("--out", str(tmp_path))
    assert ended.exit_code == 2
    assert "not installed" in ended.output


@pytest.mark.parametrize("wrong", ["0", "-1", "many"])
def test_so_many_households_there_cannot_be(wrong, tmp_path):
    ended = typer.testing.CliRunner().invoke(app, ["demo", "--households", wrong, "--out", str(tmp_path)])
    assert ended.exit_code == 2
