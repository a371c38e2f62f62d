"""The setting of what sources were measured to be: how it is written, and which of them fail. It limits nothing."""

from collections.abc import Iterator, Mapping

from tactful import MeasuredSource, Source, Verdict

#: What was measured, by attribute and by the word for the source.
Measured = Mapping[str, Mapping[str, MeasuredSource]]
_COUNTS = ("right", "of", "guess")
_CHECKED = {source.value: source for source in Source if source is not Source.STATED}


def measured(value: object) -> Measured:
    """Return a setting as it is written: by attribute and source, `{right: 41, of: 120, guess: 66}`."""
    return {
        name: {source: _one(f"measured: {name}: {source}", source, counts) for source, counts in _keys(name, found)}
        for name, found in _keys("measured", value)
    }


def failing(found: Measured, name: str, least: float, smallest: int) -> Iterator[tuple[Source, str]]:
    """
    Yield the sources whose values of an attribute do not exist, each with `worse` (than a guess) or `unsure`.

    A value is never surer than its source was right. So one that must be surer than that does not exist.

    Args:
        found: What was measured.
        name: The attribute.
        least: How sure a value must be, 0 to 1.
        smallest: A source that was checked on fewer customers does not fail.
    """
    for source, one in found.get(name, {}).items():
        verdict = one.verdict(smallest)
        if verdict is Verdict.WORSE:
            yield Source(source), "worse"
        elif verdict is not Verdict.TOO_FEW and one.share < least:
            yield Source(source), "unsure"


def _keys(what: str, value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError(f"{what} must be counts by attribute and source, not {value!r}")
    return iter(value.items())


def _one(where: str, source: str, counts: object) -> MeasuredSource:
    if source not in _CHECKED:
        raise ValueError(f"{where}: the source must be one of {', '.join(_CHECKED)}")
    if isinstance(counts, MeasuredSource):
        return counts
    if not isinstance(counts, Mapping) or set(counts) != set(_COUNTS):
        raise ValueError(f"{where}: it must have {', '.join(_COUNTS)}, and nothing else")
    try:
        return MeasuredSource(*(_count(counts[key]) for key in _COUNTS))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from None


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"expected a count, not {value!r}")
