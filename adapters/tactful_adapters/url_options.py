"""Options of URLs that are numbers, read alike by all adapters. It opens nothing."""

from collections.abc import Callable


def within(text: str, name: str, least: float, most: float, refusal: Callable[[str], Exception]) -> float:
    """
    Return the number that an option says.

    Args:
        text: What the URL says.
        name: The option's name.
        least: The least that is taken.
        most: The most that is taken.
        refusal: Makes the error for what is no such number, of what would be right.

    >>> within("5", "timeout_s", 0.1, 600, ValueError)
    5.0
    """
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise refusal(f"{name}= is a number from {least:g} to {most:g}")
    return number
