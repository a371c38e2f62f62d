"""The figures of what was compared, for everyone who runs the tests to see."""

from collections.abc import Iterator

import pytest

#: The names of properties of tests: a line to show; and what became of a mutant.
FIGURES = "differential"
MUTANT = "mutant"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = list(_properties(terminalreporter, FIGURES))
    mutants = list(_properties(terminalreporter, MUTANT))
    if mutants:
        caught = [said for said in mutants if said != "survived"]
        figures.append(
            f"mutants of the fast engine: {len(caught)} of {len(mutants)} caught, by {len(set(caught))} cases"
        )
    if figures:
        terminalreporter.section("differential tests")
        for text in figures:
            terminalreporter.write_line(text)


def _properties(terminalreporter: pytest.TerminalReporter, name: str) -> Iterator[str]:
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, []):
            yield from (str(value) for key, value in getattr(report, "user_properties", ()) if key == name)
