"""Tables of keys: what may stand under each, and what it means. The reference page is checked against them."""

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from ..names import hint_for
from .format_types import Type, kind
from .source import Keys, Log, Node, Place, Scalar

T = TypeVar("T")


@attrs.frozen
class Key:
    """
    One key of a record.

    Attributes:
        type: What may stand there.
        meaning: What it means, for the reference page.
        required: Whether it must be there.
        default: What holds if it is left out: in backquotes as it would be written, else in words.
    """

    type: Type[Any]
    meaning: str
    required: bool = False
    default: str = ""


@attrs.frozen
class Record:
    """
    A table of keys.

    Attributes:
        words: What it is called.
        keys: The keys.
        short: The key that a text alone stands for, or None.
    """

    words: str
    keys: Mapping[str, Key]
    short: str | None = None

    def read(self, node: Node, log: Log, name: Scalar | None = None) -> dict[str, Any]:
        """
        Return the values that are there and right, by key.

        Args:
            node: What stands there.
            log: Takes the mistakes.
            name: Whose record it is, if it has a name.
        """
        keys = keys_or_none(node, self.words, log, self.short)
        if keys is None:
            return {}
        whose = self.words if name is None else f"{self.words} {kind(name)}"
        values: dict[str, Any] = {}
        written: set[str] = set()
        for key_name, value in keys.pairs:
            key = self.keys.get(key_name.text)
            if key is None:
                hint = hint_for(key_name.text, self.keys) or "docs/policy.md has all keys"
                log.add(key_name.place, "unknown-key", f"{self.words} has no key {kind(key_name)}", hint)
            else:
                written.add(key_name.text)
                read = key.type.read(value, log)
                if read is not None:
                    values[key_name.text] = read
        for missing, key in self.keys.items():
            if key.required and missing not in written:
                place = node.place if name is None else name.place
                log.add(place, "missing-key", f"{whose} needs {missing!r}: {key.meaning}")
        return values

    def as_type(self) -> Type[dict[str, Any]]:
        """Return the record as a type; values that lack what is required are none."""

        def read(node: Node, log: Log) -> dict[str, Any] | None:
            values = self.read(node, log)
            return values if self.complete(values) else None

        return Type(f"keys of {'an' if self.words[0] in 'aeiou' else 'a'} {self.words}", read)

    def complete(self, values: Mapping[str, object]) -> bool:
        """Return whether all required keys are among the values."""
        return all(name in values for name, key in self.keys.items() if key.required)


def keys_or_none(node: Node, words: str, log: Log, short: str | None = None) -> Keys | None:
    """
    Return a node as keys, or None after noting that it has none.

    Args:
        node: What stands there. Nothing is no keys.
        words: What is expected.
        log: Takes the mistake.
        short: The key that a text alone stands for, or None.
    """
    if isinstance(node, Keys):
        return node
    if isinstance(node, Scalar) and node.is_nothing:
        return Keys((), node.place)
    if isinstance(node, Scalar) and short is not None:
        return Keys(((Scalar(short, node.place), node),), node.place)
    log.add(node.place, "type", f"expected {words} with keys, found {kind(node)}")
    return None


def as_keys(node: Node | None, words: str, log: Log, short: str | None = None) -> Keys:
    """Return a node as keys; no keys where there are none, after noting it as `keys_or_none` does."""
    found = None if node is None else keys_or_none(node, words, log, short)
    return Keys((), Place("")) if found is None else found


def mapping(item: Type[T], words: str, *, of: str | None = None) -> Type[dict[str, T]]:
    """
    Return the type of keys that are not fixed.

    Args:
        item: What stands under each.
        words: What the whole is called.
        of: What the keys are the names of, if that must exist.
    """

    def read(node: Node, log: Log) -> dict[str, T] | None:
        keys = keys_or_none(node, words, log)
        values: dict[str, T] = {}
        for name, value in keys.pairs if keys is not None else ():
            if of is not None:
                log.refer(of, name)
            found = item.read(value, log)
            if found is not None:
                values[name.text] = found
        return None if keys is None else values

    return Type(f"keys, each with {item.words}", read)


def with_defaults(section: Keys, words: str, log: Log, short: str | None = None) -> list[tuple[Scalar, Keys]]:
    """Return a section's items that have keys, each with what the section's `all:` adds."""
    common = as_keys(section.get("all"), "all", log).pairs
    items = []
    for name, node in section.pairs:
        own = None if name.text == "all" else keys_or_none(node, words, log, short)
        if own is not None:
            mine = {key.text for key, _ in own.pairs}
            keys = Keys((*own.pairs, *(pair for pair in common if pair[0].text not in mine)), own.place, own.flow)
            items.append((name, keys))
    lonely = section.pairs[0][0] if len(section.pairs) == 1 else None
    if lonely is not None and lonely.text == "all":  # one who means "a cap on all" would get none
        message = f"`all` holds what every {words} here has in common, and there is no other"
        log.add(lonely.place, "missing-key", message, f"give the {words} a name of its own")
    return items
