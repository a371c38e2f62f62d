"""The sections of all of a policy's files as one: a section may be spread over several. It reads no values."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..names import hint_for
from .format_types import ID, TEXT, Type, kind
from .records import Record, as_keys, with_defaults
from .sections import SECTIONS
from .source import Keys, Log, Node, Place, Scalar
from .yaml_reader import parse


class Sections:
    """
    The sections of a policy.

    Attributes:
        log: Takes the mistakes.
    """

    def __init__(self, files: Mapping[str, bytes], log: Log) -> None:
        """Merge what the YAML files hold."""
        self.log = log
        self._found: dict[str, Node] = {}
        self._places: dict[str, Place] = {}
        yaml_files = [file for file in sorted(files) if not file.endswith(".csv")]
        self._start = Place(yaml_files[0] if yaml_files else "policy.yaml")
        for file in yaml_files:
            keys = parse(file, files[file], log)
            for name, node in keys.pairs if keys is not None else ():
                self._add(name, node)

    def _add(self, name: Scalar, node: Node) -> None:
        before = self._found.get(name.text)
        self._places.setdefault(name.text, name.place)
        if name.text not in SECTIONS:
            self.log.add(name.place, "unknown-key", f"there is no section {kind(name)}", hint_for(name.text, SECTIONS))
        elif before is None:
            self._found[name.text] = node if name.text == "name" else as_keys(node, f"section {name.text!r}", self.log)
        elif isinstance(before, Keys):
            self._found[name.text] = self._merged(before, as_keys(node, f"section {name.text!r}", self.log))
        else:
            first = self.place(name.text)
            self.log.add(name.place, "duplicate", f"{name.text!r} is there twice; first in {first.file}:{first.line}")

    def _merged(self, one: Keys, other: Keys) -> Keys:
        there = {name.text: name.place for name, _ in one.pairs}
        for name, _ in other.pairs:
            if name.text in there:
                first = there[name.text]
                message = f"{name.text!r} is there twice; first in {first.file}:{first.line}"
                self.log.add(name.place, "duplicate", message)
        return Keys((*one.pairs, *(pair for pair in other.pairs if pair[0].text not in there)), one.place)

    def name(self) -> str:
        """Return what the policy is called."""
        node = self._found.get("name")
        return (TEXT.read(node, self.log) if node is not None else None) or "policy"

    def place(self, section: str) -> Place:
        """Return where a section begins, or the policy's first place if it is absent."""
        return self._places.get(section, self._start)

    def get(self, section: str) -> Keys | None:
        """Return a section, or None if it is absent."""
        found = self._found.get(section)
        return found if isinstance(found, Keys) else None

    def keys(self, section: str) -> Keys:
        """Return a section, or an empty one if it is absent."""
        return self.get(section) or Keys((), self.place(section))

    def names(self, section: str) -> dict[str, Place]:
        """Return the names that a section declares, right or wrong, with their places."""
        return {name.text: name.place for name, _ in self.keys(section).pairs if name.text != "all"}

    def records(self, section: str, record: Record, named: Type[str] = ID) -> Iterator[tuple[Scalar, dict[str, Any]]]:
        """Yield the items of a section that are complete, with what they hold."""
        for name, keys in with_defaults(self.keys(section), record.words, self.log, record.short):
            found = record.read(keys, self.log, name)
            if self.named(name, named) and record.complete(found):
                yield name, found

    def named(self, name: Scalar, type_: Type[str]) -> bool:
        """Return whether a name is one of its type, after noting that it is not."""
        log = Log()
        if type_.read(name, log) is None:
            self.log.add(name.place, "name", f"{kind(name)} cannot be a name here", f"use {type_.words}")
        return not log
