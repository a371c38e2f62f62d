"""The URL of a SQLite store: the file that it names, and whether that is there. It opens nothing, and makes nothing."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tactful import StoreError


def named(url: str) -> tuple[str, bool]:
    """
    Return the file that a URL names, and whether other processes may have it too.

    Raises:
        StoreError: If it names none.
    """
    how = "give a file, as in sqlite:///edge.db, or sqlite:////var/lib/edge.db from the root"
    try:
        parts = urlsplit(url)
        options = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise StoreError(f"this is no URL; {how}") from None
    path = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "sqlite" or parts.netloc or not path or parts.fragment:
        raise StoreError(f"this is no URL of a file; {how}")
    shared = options.pop("shared", ["yes"])
    if options or shared not in (["yes"], ["no"]):
        raise StoreError(f"sqlite:///{path}: the one option is shared=yes or shared=no")
    return path, shared == ["yes"]


def refuse_missing(url: str) -> None:
    """
    Refuse a URL whose file is not there: for whoever only looks, and would else make an empty one.

    Raises:
        StoreError: If the URL names no file, or one that is not there.
    """
    path, _ = named(url)
    if not Path(path).is_file():
        says = "there is no such file, and none was made; name the file that an edge has made"
        raise StoreError(f"{path}: {says}", code="store-missing")
