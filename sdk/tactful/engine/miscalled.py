"""Miscalled: what is wrong with the arguments of a decision that failed. It is asked only then, and tells no value."""

from collections.abc import Iterator, Mapping


def miscalled(names: tuple[object, ...], who: object, context: object) -> tuple[str, ...]:
    """
    Return what is wrong with the arguments of a call, a line each; none if it is something else that failed.

    Args:
        names: The placements, as far as they could be read.
        who: For whom it was asked.
        context: What the caller knew of the moment.

    >>> miscalled(("home.hero",), 5, None)
    ('who must be a text, identifiers by name, or None, and is an int: write str(…)',)
    """
    try:
        return tuple(_wrong(names, who, context))
    except Exception:  # noqa: BLE001 - what cannot even be looked at, such as a lazy object, must not fail twice
        return ()


def _wrong(names: tuple[object, ...], who: object, context: object) -> Iterator[str]:
    if not names or not all(isinstance(one, str) for one in names):
        yield "placements must be a name, or a list of names"
    if who and not isinstance(who, str | Mapping):
        hint = ": write str(…)" if isinstance(who, int) and not isinstance(who, bool) else ""
        yield f"who must be a text, identifiers by name, or None, and is {_kind(who)}{hint}"
    if not (context is None or isinstance(context, Mapping)):
        yield f"context must be values by name, and is {_kind(context)}"


def _kind(given: object) -> str:
    name = type(given).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
