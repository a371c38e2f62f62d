"""From YAML to nodes with places. Its types, anchors, aliases and tags are left out: a policy is plain text and keys.

It reads the parser's events and builds nothing that the file does not spell out, so no file grows when it is read.
"""

import importlib
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs

from ..errors import ExtraMissing
from .source import Items, Keys, Log, Node, Place, Scalar

FILE_MAX_BYTES: Final = 4 * 1024 * 1024
DEPTH_MAX: Final = 24
#: Control characters, halves of characters, and what the parser refuses as well.
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff￾￿]")
_BRACES: Final = re.compile(r"(?:^|[:-])\s*\{[^{}:]+\}\s*[^\s\]}]")
_QUOTED_START: Final = re.compile(r"(?:when|unless):\s*(['\"]).*?\1\s*\S")


def parse(file: str, raw: bytes, log: Log) -> Keys | None:
    """Return the mapping that a file holds; an empty file holds an empty one. None if it cannot be read."""
    text = decoded(file, raw, FILE_MAX_BYTES, log)
    node = None if text is None else _Builder(file, text, log).document()
    if isinstance(node, Keys):
        return node
    log.unread = True
    if node is not None:
        log.add(node.place, "type", "a policy's file holds sections, as `offers:`", "begin with the name of a section")
    return None


def decoded(file: str, raw: bytes, max_bytes: int, log: Log) -> str | None:
    """Return a file's text, or None after noting that it has too many bytes or is none."""
    if len(raw) > max_bytes:
        log.add(Place(file), "file-size", f"the file has more than {max_bytes:,} bytes", "split it")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        log.add(Place(file, line), "file-text", f"byte {error.start} is not UTF-8", "save the file as UTF-8")
        return None


def is_clean(text: str) -> bool:
    """Return whether a text has no control characters but tab and line break, and no halves of characters."""
    return _FORBIDDEN.search(text) is None


class _Stop(Exception):
    """The rest of the file cannot be read."""


class _Builder:
    """Builds the nodes of one file from the parser's events."""

    def __init__(self, file: str, text: str, log: Log) -> None:
        self._file = file
        self._text = text
        self._log = log
        self._events: Iterator[Any] = iter(())

    def document(self) -> Node | None:
        """Return the file's only document; None after noting why it cannot be read."""
        try:
            yaml = importlib.import_module("ruamel.yaml")
        except ImportError as error:
            raise ExtraMissing("a policy's folder", "author") from error
        empty = Keys((), Place(self._file))
        try:
            self._events = yaml.YAML(typ="safe", pure=True).parse(self._text)
            self._expect("StreamStart")
            event = self._expect("DocumentStart", "StreamEnd")
            if type(event).__name__ == "StreamEndEvent":
                return empty
            node = self._node(next(self._events), 0)
            self._expect("DocumentEnd")
            self._expect("StreamEnd")
        except _Stop:
            return None
        except yaml.reader.ReaderError as error:
            self._unreadable(error.position)
        except yaml.error.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._broken(mark.line, mark.column, str(error.problem or error.context))
        except (ValueError, yaml.error.YAMLError) as error:
            self._broken(0, 0, type(error).__name__)
        else:
            return empty if isinstance(node, Scalar) and node.is_nothing else node
        return None

    def _expect(self, *kinds: str) -> Any:
        event = next(self._events)
        if type(event).__name__.removesuffix("Event") not in kinds:
            self._broken(event.start_mark.line, event.start_mark.column, "a second document begins")
            raise _Stop
        return event

    def _node(self, event: Any, depth: int) -> Node | None:
        place = Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)
        if depth > DEPTH_MAX:
            self._log.add(place, "yaml-depth", f"nested more than {DEPTH_MAX} deep")
            raise _Stop
        kind = type(event).__name__
        if kind == "AliasEvent":
            self._log.add(place, "yaml-feature", "aliases are not read", "write it out, or use `all:`")
            return None
        self._plain(event, place)
        if kind == "ScalarEvent":
            return self._scalar(event, place)
        if kind == "SequenceStartEvent":
            return Items(tuple(self._items(depth)), place)
        return Keys(tuple(self._pairs(depth)), place, bool(event.flow_style))

    def _plain(self, event: Any, place: Place) -> None:
        """Note a tag or an anchor before the node."""
        if event.anchor is not None:
            self._log.add(place, "yaml-feature", "anchors are not read", "write it out, or use `all:`")
        elif event.ctag is not None:
            hint = 'a text that begins with ! needs quotes, as in when: "!profile.vegan"'
            self._log.add(place, "yaml-feature", "tags are not read", hint)

    def _scalar(self, event: Any, place: Place) -> Scalar:
        if not is_clean(event.value):
            self._log.add(place, "file-text", "a text holds control characters, or halves of characters", "delete them")
        raw = self._text[event.start_mark.index : event.end_mark.index]
        return Scalar(raw if event.ctag is not None else event.value, place, event.style or "", raw)

    def _items(self, depth: int) -> Iterator[Node]:
        while type(event := next(self._events)).__name__ != "SequenceEndEvent":
            if (item := self._node(event, depth + 1)) is not None:
                yield item

    def _pairs(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Place] = {}
        while type(event := next(self._events)).__name__ != "MappingEndEvent":
            name, node = self._node(event, depth + 1), self._node(next(self._events), depth + 1)
            if name is None or node is None:
                continue
            if not isinstance(name, Scalar):
                self._log.add(name.place, "type", "a key is a text")
            elif name.text in seen:
                message = f"{name.text!r} is there twice; first in line {seen[name.text].line}"
                self._log.add(name.place, "duplicate", message)
            else:
                seen[name.text] = name.place
                nowhere = isinstance(node, Scalar) and not node.raw
                yield name, attrs.evolve(node, place=name.place) if nowhere else node

    def _unreadable(self, position: int) -> None:
        before = self._text[:position]
        place = Place(self._file, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
        self._log.add(place, "file-text", "the file holds a character that is not allowed", "delete it")

    def _broken(self, line: int, column: int, problem: str) -> None:
        lines = self._text.splitlines()
        written = lines[line] if line < len(lines) else ""
        place = Place(self._file, line + 1, column + 1)
        self._log.add(place, "yaml-syntax", f"this is not YAML: {problem}", _hint(written, problem))


def _hint(written: str, problem: str) -> str:
    """Return what is probably meant in a line that cannot be read."""
    if "second document" in problem:
        return "put it into a file of its own"
    if _BRACES.search(written):
        return 'a text with {…} needs quotes, as in title: "{profile.first_name}, hello"'
    if _QUOTED_START.search(written):
        return """a rule that begins with quotes needs quotes around it, as in when: '"jazz" in profile.tags'"""
    if written.lstrip(" ").startswith("\t"):
        return "indent with spaces, not with tabs"
    if "mapping values" in problem or "cannot start any token" in problem:
        return 'a text with ": " in it, or one that begins with @, %, `, *, & or !, needs quotes'
    return ""
