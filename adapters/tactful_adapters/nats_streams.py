"""The three streams of a centre in NATS: how they are made, and whether one is still as it must be. It reads none.

Each line is a key-value bucket: a stream that keeps the last message of each subject and takes new ones alone when
there is room. So what is told last of each thing is there as long as the stream is; nothing of it ages away.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from tactful import CentreError, Line

LINES: Final[tuple[Line, ...]] = ("consents", "profiles")
#: With this in a stream's metadata, its owner says that edges that followed an earlier one may go on with it.
CONTINUES: Final = "tactful-continues"
_MINE: Final = "tactful"
_DUPLICATES_S: Final = 120


@attrs.frozen
class Streams:
    """
    The names of a centre's streams and subjects.

    Attributes:
        prefix: What they begin with.

    >>> Streams("shop").line("consents"), Streams("shop").subject("consents", "c.1f")
    ('KV_shop_consents', '$KV.shop_consents.c.1f')
    """

    prefix: str

    def line(self, line: Line) -> str:
        """Return the stream of a line, as the bucket's is called."""
        return f"KV_{self.prefix}_{line}"

    def subject(self, line: Line, key: str) -> str:
        """Return the subject of a key of a line, which may have wildcards."""
        return f"$KV.{self.prefix}_{line}.{key}"

    @property
    def events(self) -> str:
        """The stream of events."""
        return f"{self.prefix}_events"

    def event(self, key: str) -> str:
        """Return the subject of an event, which may have wildcards."""
        return f"{self.prefix}.events.{key}"

    @property
    def edges(self) -> str:
        """The stream of how far edges are."""
        return f"{self.prefix}_edges"

    def edge(self, key: str) -> str:
        """Return the subject of an edge, which may have wildcards."""
        return f"{self.prefix}.edges.{key}"

    def hints(self, line: Line) -> str:
        """Return the subjects on which the server tells that something is new in a line."""
        return f"{self.prefix}.told.{line}.>"

    def configs(self, first: int, replicas: int) -> Iterator[Mapping[str, Any]]:
        """
        Yield how the streams are made.

        Args:
            first: The first epoch [us since 1970]: a stream that is made later goes on above one that is gone.
            replicas: So many servers keep each.
        """
        shared = {
            "retention": "limits",
            "discard": "new",
            "storage": "file",
            "num_replicas": replicas,
            "duplicate_window": _DUPLICATES_S * 10**9,
            "allow_direct": True,
            "deny_delete": True,
            "max_msgs_per_subject": 1,
            "metadata": {_MINE: "1"},
        }
        for line in LINES:
            subjects = self.subject(line, ">")
            hinted = {"src": subjects, "dest": self.hints(line), "headers_only": True}
            stream = {"name": self.line(line), "subjects": [subjects], "first_seq": first}
            yield {**shared, **stream, "deny_purge": True, "republish": hinted}
        yield {**shared, "name": self.events, "subjects": [self.event("*.*")]}


def trusted(config: Mapping[str, Any], after: int) -> None:
    """
    Take a line at its word only if nothing can have got lost in it.

    Args:
        config: The stream's settings, as the server tells them.
        after: The epoch up to which it was followed.

    Raises:
        CentreError: With the code "centre-altered" if its settings drop what is old, and with "centre-went-back" if the
            stream was made after that epoch.
    """
    name, metadata = config.get("name"), config.get("metadata") or {}
    if _MINE not in metadata:
        said = f"the stream {name} is not tactful's, or was made anew by somebody else; delete it, or use another name"
        raise CentreError(said, code="centre-altered")
    if wrong := next(_drops(config), None):
        said = f"the stream {name} was altered: {wrong}, so a withdrawal may be lost; put it back (nats stream edit)"
        raise CentreError(said, code="centre-altered")
    if 0 < after < int(config.get("first_seq", 1)) and metadata.get(CONTINUES) != "yes":
        said = (
            f"the stream {name} was made anew after its epoch {after}. Once it has again all that is to be known, "
            f"say so: nats stream edit {name} --metadata {CONTINUES}=yes"
        )
        raise CentreError(said, code="centre-went-back")


def _drops(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("max_age", 0) > 0:
        yield "messages have an age at which they go (max_age)"
    if config.get("discard") != "new":
        yield "a full stream drops what is old (discard)"
    if config.get("max_msgs_per_subject") != 1:
        yield "it keeps more or fewer than the last message of each key (max_msgs_per_subject)"
    if config.get("retention") != "limits":
        yield "messages go once they are read (retention)"
    if config.get("allow_msg_ttl"):
        yield "a message may have an age at which it goes (allow_msg_ttl)"
