"""What a `TableSource` is given, looked at before a database is asked. It knows no table and no policy."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import tactful

from .consent_columns import ConsentColumn
from .mapping import Column
from .table_checks import Mapped
from .table_rows import SQLAlchemyError, sa


def engine_of(given: object) -> sa.Engine:
    """
    Return an engine as it is, or one for a URL; a file of SQLite is never made.

    Raises:
        UsageError: If it is neither, or the database's driver is not installed.
    """
    if isinstance(given, sa.Engine):
        return given
    if not isinstance(given, str | sa.URL):
        hint = "of an AsyncEngine its sync_engine" if hasattr(given, "sync_engine") else "as of create_engine(…)"
        raise tactful.UsageError(f"engine= is an Engine or a URL, and got {_kind(given)}; give one, {hint}")
    try:
        return sa.create_engine(_of_what_is_there(sa.make_url(given)), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        said = f"the driver {error.name!r} is not installed; install it, or name another as in postgresql+psycopg://"
        raise tactful.UsageError(said) from None
    except SQLAlchemyError:
        said = "a database's URL is as postgresql+psycopg://host/database or sqlite:///file"
        raise tactful.UsageError(said) from None


def _of_what_is_there(url: sa.URL) -> sa.URL:
    """Return a URL that opens a file of SQLite only if it is there: by itself SQLite would make an empty one."""
    name = url.database
    is_file = url.drivername in {"sqlite", "sqlite+pysqlite"} and name and not name.startswith((":memory:", "file:"))
    if not is_file or name is None:
        return url
    return url.set(database=Path(name).absolute().as_uri()).update_query_dict({"mode": "rw", "uri": "true"})


def zone_of(given: object) -> tzinfo | None:
    """
    Return a zone as it is, or the one of a name; None stays None.

    Raises:
        UsageError: If there is no such zone, or it is none.

    >>> zone_of("Europe/Berlin")
    zoneinfo.ZoneInfo(key='Europe/Berlin')
    """
    if given is None or isinstance(given, tzinfo):
        return given
    hint = 'give UTC, ZoneInfo("Europe/Berlin"), or a name as "Europe/Berlin"'
    if not isinstance(given, str):
        raise tactful.UsageError(f"zone= is a time zone, and got {_kind(given)}; {hint}")
    try:
        return ZoneInfo(given)
    except (LookupError, ValueError, OSError):
        raise tactful.UsageError(f"zone={given!r} is no time zone that this machine knows; {hint}") from None


def mapped_of(who: object, attributes: object, consent_columns: object, at: object) -> Mapped:
    """
    Return what of a table is mapped.

    Raises:
        UsageError: If an argument is of a wrong type.
    """
    moment = None if at is None else _name("at", at)
    return Mapped(_name("who", who), _attributes(attributes), _consent_columns(consent_columns), moment)


def look_at_followed(edge: object, sessions: object) -> None:
    """
    Look whether an edge can be told what sessions save.

    Raises:
        UsageError: If the one is no edge, or the others are no sessions.
    """
    from sqlalchemy import orm  # noqa: PLC0415 - for those who save through sessions

    if not isinstance(edge, tactful.Edge):
        raise tactful.UsageError(f"follow: the first is an edge, and got {_kind(edge)}; write follow(edge, sessions)")
    is_class = isinstance(sessions, type) and issubclass(sessions, orm.Session)
    if not is_class and not isinstance(sessions, orm.sessionmaker | orm.scoped_session | orm.Session):
        hint = "give the sessionmaker, scoped_session or Session that you save through, as sessionmaker(engine)"
        raise tactful.UsageError(f"follow: nobody hears what {_kind(sessions)} saves; {hint}")


def _name(argument: str, given: object) -> str:
    if not isinstance(given, str):
        raise tactful.UsageError(f'{argument}= is the name of a column, and got {_kind(given)}; write {argument}="…"')
    return given


def _attributes(given: object) -> Mapping[str, Column]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        hint = 'attributes={"visits": Column("visits")}'
        raise tactful.UsageError(f"attributes= is columns by attribute, and got {_kind(given)}; write {hint}")
    for name, column in given.items():
        if not isinstance(column, Column):
            hint = f"Column({column!r})" if isinstance(column, str) else "Column(…)"
            raise tactful.UsageError(f"attributes[{name!r}] is a Column, and got {_kind(column)}; write {hint}")
    return dict(given)


def _consent_columns(given: object) -> Sequence[ConsentColumn]:
    hint = 'consent_columns=[ConsentColumn("letters_ok", "offers", how=…)]'
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise tactful.UsageError(f"consent_columns= is a list, and got {_kind(given)}; write {hint}")
    for one in given:
        if not isinstance(one, ConsentColumn):
            raise tactful.UsageError(f"consent_columns= holds ConsentColumns, and got {_kind(one)}; write {hint}")
    return tuple(given)


def _kind(given: object) -> str:
    """Return what something is, never its value."""
    if isinstance(given, str):
        return "a text"
    kind = given.__name__ if isinstance(given, type) else type(given).__name__
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"
