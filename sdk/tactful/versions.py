"""Whether a version of a distribution is one that will do. It installs nothing and compares numbers alone."""

import re


def version_fits(version: str, wanted: str) -> bool:
    """
    Return whether a version meets comma-separated bounds of the form `>=0.1,<2`.

    >>> version_fits("0.3.1", ">=0.1,<1"), version_fits("1.0", "<1"), version_fits("1.0", "")
    (True, False, True)
    >>> version_fits("2.0rc1", ">=2.0"), version_fits("2.0rc1", "<2.0"), version_fits("2.0.post1", ">=2.0")
    (False, True, True)
    """
    have = _release(version)
    for bound in filter(None, (part.strip() for part in wanted.split(","))):
        match = re.fullmatch(r"(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)", bound)
        if match is None:
            return False
        want = _release(match[2])
        order = (have > want) - (have < want)
        if not {">=": order >= 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0, "<": order < 0}[
            match[1]
        ]:
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    """Return a version's first three numbers, and whether it is the release itself rather than what came before it."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    rest = version[numbers.end() :].partition("+")[0] if numbers else version
    first = [int(part) for part in numbers[0].split(".")[:3]] if numbers else []
    return (*(*first, 0, 0, 0)[:3], int(re.search(r"a|b|c|rc|dev|pre", rest) is None))
