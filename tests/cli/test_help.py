"""Help that shows how: an example for each command, words for each option, readable on a narrow screen."""

import re
import shlex

import pytest
import typer.main

from tactful.cli.app import app

GROUP = typer.main.get_command(app)
COMMANDS = GROUP.commands
EXAMPLE = re.compile(r"Example: `(tactful [^`]+)`")


def parameters(command):
    return [parameter for parameter in command.params if parameter.name != "help"]


def test_the_commands_are_those_that_are_promised():
    promised = {"init", "check", "test", "build", "decide", "explain", "policy", "demo", "status"}
    assert promised <= COMMANDS.keys()


def test_the_front_page_tells_each_command_in_a_line(run):
    ended = run("--help")
    assert ended.code == 0
    for name, command in COMMANDS.items():
        assert re.search(rf"│ {name} +{re.escape(command.get_short_help_str(200))}", ended.out), name


def test_without_a_command_there_is_help(run):
    assert run().out.rstrip() == run("--help").out.rstrip()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_that_it_understands(name):
    (example,) = EXAMPLE.findall(COMMANDS[name].help)
    words = shlex.split(example.partition(" > ")[0])
    assert words[:2] == ["tactful", name]
    asks = any(getattr(parameter, "prompt", None) for parameter in COMMANDS[name].params)  # here nobody answers
    with COMMANDS[name].make_context(name, words[2:], resilient_parsing=asks) as context:
        assert context.params
    for option in (word for word in words if word.startswith("-")):
        assert any(option in parameter.opts for parameter in COMMANDS[name].params), option


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_has_words(name):
    for parameter in parameters(COMMANDS[name]):
        assert parameter.help, parameter.name
        assert parameter.help.endswith("."), parameter.help


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_twin_for_programs(name):
    assert any("--json" in parameter.opts for parameter in COMMANDS[name].params)


def squeezed(text):
    """A text without white space, frames and backquotes: what a reader reads, however it is laid out."""
    return re.sub(r"[\s│─╭╮╰╯`]", "", text)


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_and_loses_nothing(start, name, columns):
    ended = start(*([name] if name else []), "--help", COLUMNS=str(columns))
    assert ended.code == 0
    assert max(map(len, ended.out.splitlines())) <= columns
    shown = squeezed(ended.out)
    command = COMMANDS[name] if name else GROUP
    for words in [command.help, *(parameter.help for parameter in parameters(command))]:
        assert squeezed(words) in shown


@pytest.mark.parametrize(("name", "columns"), [("pack", 60), ("load", 76), ("bench", 79)])
def test_help_between_narrow_and_wide_cuts_no_word_and_no_default(start, name, columns):
    ended = start(name, "--help", COLUMNS=str(columns))
    assert max(map(len, ended.out.splitlines())) <= columns
    shown = squeezed(ended.out)
    for one in parameters(COMMANDS[name]):
        assert squeezed(one.help) in shown
        if isinstance(one.default, str) and one.default:
            assert squeezed(f"[default: {one.default}]") in shown
