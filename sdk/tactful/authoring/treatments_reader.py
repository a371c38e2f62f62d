"""Reads the treatments of an offer: structured content, field by field and language by language, with sign-offs."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ..expr import Expr
from ..expr import text as written_out
from ..familiarity import Familiarity
from ..names import hint_for
from ..offers import Field, FieldKind, Treatment
from ..schema import ValueType
from .content import compile_text
from .format_types import RULE_NAME, is_braces, number, refuse, text_of
from .records import keys_or_none
from .rulebook import Constants, Rulebook
from .sections import TREATMENT
from .source import Items, Keys, Log, Node, Scalar

CONTENT_MAX_CHARS: Final = 65_536
TREATMENTS_MAX: Final = 100
_TEXT: Final = text_of(CONTENT_MAX_CHARS)
_SAFE_LINK: Final = re.compile(r"(https?://[^/?#\s]|mailto:[^\s]|/(?![/\\])|[#?])", re.IGNORECASE)
#: Fields by language.
Content = tuple[tuple[str, tuple[Field, ...]], ...]


class TreatmentsReader:
    """Reads what stands under `treatments:`."""

    def __init__(self, rules: Rulebook, languages: tuple[str, ...], log: Log) -> None:
        self._rules = rules
        self._languages = languages
        self._log = log

    def read(self, node: Node, constants: Constants, told_to: tuple[str, ...]) -> Iterator[Treatment]:
        """
        Yield the treatments that are right; a text alone is the title of one.

        Args:
            node: What stands there.
            constants: The values of the offer's row, if it has one.
            told_to: The offer's id and rules: what a reviewer signed for one audience is not signed for another.
        """
        items = node.items if isinstance(node, Items) else (node,)
        if not items or len(items) > TREATMENTS_MAX:
            self._log.add(node.place, "content", f"an offer has 1 to {TREATMENTS_MAX} treatments, and not {len(items)}")
            return
        seen: set[str] = set()
        for number_, item in enumerate(items, 1):
            keys = None if is_braces(item) else keys_or_none(item, "treatment", self._log, "title")
            if keys is None:
                if is_braces(item):
                    refuse(item, "a treatment", self._log)
                continue
            treatment = self._treatment(f"t{number_}", keys, constants, told_to)
            if treatment is not None and treatment.id in seen:
                self._log.add(keys.place, "duplicate", f"treatment {treatment.id!r} is there twice")
            elif treatment is not None:
                seen.add(treatment.id)
                yield treatment

    def _treatment(self, usual_id: str, keys: Keys, constants: Constants, told_to: tuple[str, ...]) -> Treatment | None:
        own = Keys(tuple(pair for pair in keys.pairs if pair[0].text in TREATMENT.keys), keys.place)
        found = TREATMENT.read(own, self._log)
        fields = [pair for pair in keys.pairs if pair[0].text not in TREATMENT.keys]
        if not fields:
            hint = "give it a field, as in title: Olives half price"
            self._log.add(keys.place, "content", "the treatment says nothing", hint)
            return None
        content = self._content(fields, constants)
        return Treatment(
            id=found.get("id", usual_id),
            content=content,
            raise_to=found.get("tone", Familiarity.GENERIC),
            lift=found.get("lift", 1.0),
            signed_by=self._signed(own, found.get("signed"), content_digest(content, told_to)),
            channels=found.get("channels", ()),
        )

    def _content(self, pairs: list[tuple[Scalar, Node]], constants: Constants) -> Content:
        default = self._languages[0]
        by_language: dict[str, list[Field]] = {language: [] for language in self._languages}
        for name, node in pairs:
            if not self._is_field(name):
                continue
            kind, texts = self._field(node)
            if texts and default not in texts:
                message = f"field {name.text!r} lacks the default language {default!r}"
                self._log.add(node.place, "language", message, f"add `{default}:`")
                continue
            for language in self._languages if texts else ():
                parts = self._parts(texts.get(language, texts[default]), kind, constants)
                by_language[language].append(Field(name.text, kind, parts))
        first = tuple(by_language[default])
        return tuple((lang, tuple(fs)) for lang, fs in by_language.items() if lang == default or tuple(fs) != first)

    def _is_field(self, name: Scalar) -> bool:
        if RULE_NAME.read(name, Log()) is None:
            self._log.add(name.place, "name", f"{name.text!r} cannot name a field", f"use {RULE_NAME.words}")
            return False
        return True

    def _field(self, node: Node) -> tuple[FieldKind, dict[str, Scalar]]:
        """Return a field's kind, and its text by language; no text after noting a mistake."""
        kind = FieldKind.TEXT
        if isinstance(node, Keys) and [name.text for name, _ in node.pairs] in (["link"], ["number"]):
            kind, node = FieldKind(node.pairs[0][0].text), node.pairs[0][1]
        if not isinstance(node, Keys) or is_braces(node):
            text = self._text(node)
            return kind, {} if text is None else {self._languages[0]: text}
        texts: dict[str, Scalar] = {}
        for language, value in node.pairs:
            if language.text not in self._languages:
                hint = hint_for(language.text, self._languages)
                self._log.add(language.place, "language", f"{language.text!r} is no language of this policy", hint)
            elif (text := self._text(value)) is not None:
                texts[language.text] = text
        return kind, texts

    def _text(self, node: Node) -> Scalar | None:
        return node if _TEXT.read(node, self._log) is not None and isinstance(node, Scalar) else None

    def _parts(self, written: Scalar, kind: FieldKind, constants: Constants) -> tuple[str | Expr, ...]:
        def compile_rule(whole: Scalar, text: str, offset: int) -> Expr | None:
            return self._rules.value(whole, text, offset, self._rules.offer, constants)

        parts = compile_text(written, compile_rule, self._log, link=kind is FieldKind.LINK)
        start = parts[0] if parts else ""
        if kind is FieldKind.LINK and not (isinstance(start, str) and _SAFE_LINK.match(start)):
            hint = "begin with https://, http://, mailto:, /, # or ?"
            self._log.add(written.place, "link", "the link has no address that is written out", hint)
        if kind is FieldKind.NUMBER and not _is_number(parts):
            hint = "write a number, or one {rule} that gives one"
            self._log.add(written.place, "number", "the field shows something else than a number", hint)
        return parts

    def _signed(self, keys: Keys, signed: Mapping[str, str] | None, digest: str) -> str:
        node = keys.get("signed")
        if signed is None or node is None:
            return ""
        if signed["digest"] != digest:
            message = "the text, or to whom it is told, is not what was signed"
            self._log.add(node.place, "signed", message, f"have it reviewed again; its digest is {digest}")
        return signed["by"]


def _is_number(parts: tuple[str | Expr, ...]) -> bool:
    if len(parts) != 1:
        return False
    part = parts[0]
    return number(part) is not None if isinstance(part, str) else part.type in (ValueType.INT, ValueType.NUMBER)


def audience(offer: str, when: Expr, unless: Iterable[Expr]) -> tuple[str, ...]:
    """Return to whom an offer is told, as a digest takes it: the offer's id and rules, written out."""
    return offer, *map(written_out, (when, *unless))


def content_digest(content: Content, told_to: tuple[str, ...]) -> str:
    """Return the digest that a reviewer signs: it changes with every edit of the text and of the offer's rules."""
    told = [
        [language, field.name, field.kind.value, *(p if isinstance(p, str) else [written_out(p)] for p in field.parts)]
        for language, fields in content
        for field in fields
    ]
    return hashlib.blake2b(json.dumps([told_to, told]).encode(), digest_size=8).hexdigest()
