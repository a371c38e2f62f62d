"""YAML as text with places: what stands where. The schema gives the types, so every scalar stays text here."""

import importlib
from collections.abc import Iterator
from typing import Any, Final

import attrs

from ..errors import ExtraMissing, Mistake

FILE_MAX_BYTES: Final = 4 * 1024 * 1024
DEPTH_MAX: Final = 24


@attrs.frozen
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1


@attrs.frozen
class Scalar:
    """A text as it is written; `plain` without quotes, `block` if it is folded or literal."""

    text: str
    place: Place
    plain: bool = True
    block: bool = False


@attrs.frozen
class Items:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@attrs.frozen
class Keys:
    """A mapping; `flow` if it is written in braces."""

    pairs: "tuple[tuple[Scalar, Node], ...]"
    place: Place
    flow: bool = False

    def get(self, key: str) -> "Node | None":
        """Return what stands under a key, or None."""
        return next((node for name, node in self.pairs if name.text == key), None)


Node = Scalar | Items | Keys


class Log:
    """Collects mistakes, so that all are told at once."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def add(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(place.file, place.line, place.column, code, message, hint))

    def sorted(self) -> tuple[Mistake, ...]:
        """Return the mistakes in the order of the files, each once."""
        return tuple(sorted(set(self.mistakes), key=lambda m: (m.file, m.line, m.column, m.code, m.message)))


def parse(file: str, raw: bytes, log: Log) -> Keys | None:
    """Return the mapping that a file holds; an empty file holds an empty one. None if it cannot be read."""
    start = Place(file)
    if len(raw) > FILE_MAX_BYTES:
        log.add(start, "yaml-size", f"the file has {len(raw)} bytes; at most {FILE_MAX_BYTES} are read")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        log.add(start, "yaml-encoding", f"byte {error.start} is not UTF-8", "save the file as UTF-8")
        return None
    composed = _compose(file, text, log)
    if composed is None:
        return None if log.mistakes and log.mistakes[-1].file == file else Keys((), start)
    node = _Converter(file, log).node(composed, 0)
    if node is None or isinstance(node, Keys):
        return node
    log.add(node.place, "yaml-type", "a policy's file holds sections, as `offers:`", "begin with the name of a section")
    return None


def _compose(file: str, text: str, log: Log) -> Any:  # a node of the YAML library, or None
    try:
        yaml = importlib.import_module("ruamel.yaml")
    except ImportError as error:
        raise ExtraMissing("a policy's folder", "author") from error
    try:
        return yaml.YAML(typ="safe", pure=True).compose(text)
    except yaml.error.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = text.splitlines()
        written = lines[line] if line < len(lines) else ""
        hint = ""
        if "{" in written and ": {" in written:
            hint = 'a text with {…} needs quotes, as in title: "{profile.first_name}, hello"'
        elif "\t" in written:
            hint = "indent with spaces, not with tabs"
        problem = str(error.problem or error.context or "it cannot be read")
        log.add(Place(file, line + 1, column + 1), "yaml-syntax", f"this is not YAML: {problem}", hint)
    except (ValueError, yaml.error.YAMLError, RecursionError) as error:
        log.add(Place(file), "yaml-syntax", f"this is not YAML: {type(error).__name__}")
    return None


class _Converter:
    def __init__(self, file: str, log: Log) -> None:
        self._file = file
        self._log = log

    def node(self, found: Any, depth: int) -> Node | None:
        place = Place(self._file, found.start_mark.line + 1, found.start_mark.column + 1)
        if depth > DEPTH_MAX:
            self._log.add(place, "yaml-depth", f"nested more than {DEPTH_MAX} deep")
            return None
        if getattr(found, "anchor", None):
            self._log.add(place, "yaml-anchor", "anchors and aliases are not read", "write it out, or use `all:`")
            return None
        kind = type(found).__name__
        if kind == "ScalarNode":
            return Scalar(found.value, place, found.style in (None, ""), found.style in ("|", ">"))
        if kind == "SequenceNode":
            items = (self.node(item, depth + 1) for item in found.value)
            return Items(tuple(item for item in items if item is not None), place)
        return Keys(tuple(self._pairs(found, depth)), place, bool(found.flow_style))

    def _pairs(self, found: Any, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Place] = {}
        for key, value in found.value:
            name, node = self.node(key, depth + 1), self.node(value, depth + 1)
            if name is None or node is None:
                continue
            if not isinstance(name, Scalar):
                self._log.add(name.place, "yaml-type", "a key is a text")
            elif name.text in seen:
                first = seen[name.text]
                self._log.add(name.place, "duplicate", f"{name.text!r} is there twice; first in line {first.line}")
            else:
                seen[name.text] = name.place
                yield name, node
