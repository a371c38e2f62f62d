"""Texts that can be kept: JSON and Python let half a character be, which no store, database or message takes."""


def is_whole(text: str) -> bool:
    """Return whether a text has no half of a character, a surrogate that stands alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
