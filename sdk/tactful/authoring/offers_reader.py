"""Reads offers: one each, or one for every row of a CSV file; with treatments, content and sign-offs."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ..clock import NEVER_US
from ..errors import ValueRefused
from ..expr import TRUE, Const, Expr
from ..familiarity import Familiarity
from ..offers import Field, FieldKind, Offer, OfferClass, Treatment
from ..schema import ValueType, check_value
from .content import compile_text, literal
from .format_types import Type, as_keys, choice, nearest, with_defaults
from .periods import read_period
from .rulebook import Rulebook
from .sections import OFFER, SIGNED, TREATMENT
from .source import Items, Keys, Log, Node, Place, Scalar

ROWS_MAX: Final = 100_000
_ROW: Final = re.compile(r"\{\s*row\.(\w+)\s*\}")
_SAFE_LINK: Final = re.compile(r"(https?://|mailto:|/(?!/)|#|\?)", re.IGNORECASE)
Row = Mapping[str, Const]


@attrs.frozen
class Placed:
    """An offer, and where it stands."""

    offer: Offer
    place: Place


class OffersReader:
    """Reads the section `offers`."""

    def __init__(
        self, rules: Rulebook, languages: tuple[str, ...], zone: str, files: Mapping[str, bytes], log: Log
    ) -> None:
        self._rules = rules
        self._languages = languages
        self._zone = zone
        self._files = files
        self._log = log

    def read(self, section: Keys) -> Iterator[Placed]:
        """Yield the offers of a section."""
        for name, keys in with_defaults(section, "offer", self._log):
            if keys.get("each") is None:
                yield from self._offer(name.text, name.place, keys, {})
            else:
                yield from self._each(name, keys)

    def _each(self, name: Scalar, keys: Keys) -> Iterator[Placed]:
        each, id_node, columns = keys.get("each"), keys.get("id"), keys.get("columns")
        file = each.text if isinstance(each, Scalar) else ""
        id_column = id_node.text if isinstance(id_node, Scalar) else "id"
        types = {}
        for column, node in as_keys(columns, "columns", self._log).pairs if columns is not None else ():
            types[column.text] = choice(ValueType, "type").read(node, self._log) or ValueType.TEXT
        own = Keys(tuple(p for p in keys.pairs if p[0].text not in ("each", "id", "columns")), keys.place)
        place = each.place if each is not None else keys.place
        for number, row in enumerate(self._rows(file, place, id_column), 2):
            consts = self._consts(row, types, file, number)
            written = {name: text for name, text in row.items() if text is not None}
            yield from self._offer(f"{name.text}.{row[id_column]}", name.place, _fill(own, written), consts)

    def _rows(self, file: str, place: Place, id_column: str) -> Iterator[dict[str, str]]:
        raw = self._files.get(file)
        if raw is None:
            there = [name for name in self._files if name.endswith(".csv")]
            self._log.add(place, "csv-file", f"there is no file {file!r} in the policy", nearest(file, there))
            return
        try:
            reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
            columns = reader.fieldnames or []
            if id_column not in columns:
                self._log.add(
                    Place(file), "csv-column", f"there is no column {id_column!r}", nearest(id_column, columns)
                )
                return
            seen: dict[str, int] = {}
            for number, row in enumerate(reader, 2):
                if None in row or None in row.values():
                    self._log.add(Place(file, number), "csv-row", f"the row does not have {len(columns)} columns")
                elif row[id_column] in seen:
                    first = seen[row[id_column]]
                    self._log.add(Place(file, number), "duplicate", f"id {row[id_column]!r} is in row {first} already")
                else:
                    seen[row[id_column]] = number
                    yield row
                if number > ROWS_MAX:
                    self._log.add(Place(file, number), "csv-size", f"more than {ROWS_MAX} rows")
                    return
        except (csv.Error, UnicodeDecodeError) as error:
            self._log.add(Place(file), "csv-file", f"this is no CSV file in UTF-8: {error}")

    def _consts(self, row: Mapping[str, str], types: Mapping[str, ValueType], file: str, number: int) -> Row:
        consts: dict[str, Const] = {}
        for column, text in row.items():
            type_ = types.get(column, ValueType.TEXT)
            value: object = text
            try:
                if type_ in (ValueType.INT, ValueType.NUMBER):
                    value = int(text) if type_ is ValueType.INT else float(text)
                elif type_ is ValueType.BOOL:
                    value = {"true": True, "false": False}[text]
                consts[f"row.{column}"] = Const(type_, check_value(type_, value))
            except (ValueError, KeyError, ValueRefused):
                self._log.add(Place(file, number), "csv-value", f"column {column!r}: expected {type_.value}")
        return consts

    def _offer(self, id_: str, place: Place, keys: Keys, row: Row) -> Iterator[Placed]:
        found = OFFER.read(keys, self._log)
        treatments = tuple(self._treatments(found.get("treatments"), row))
        if not {"intent", "topic", "purpose"} <= found.keys() or not treatments:
            return
        period = read_period(found["run"], self._zone, self._log) if "run" in found else (0, NEVER_US)
        offer = Offer(
            id=id_,
            intent=found["intent"],
            topic=found["topic"],
            purpose=found["purpose"],
            treatments=treatments,
            offer_class=found.get("class", OfferClass.DEFAULT),
            owner=found.get("owner", ""),
            tags=found.get("tags", ()),
            from_us=period[0] if period else 0,
            until_us=period[1] if period else NEVER_US,
            when=self._rule(found.get("when"), row) or TRUE,
            unless=tuple(self._unless(found.get("unless"), row)),
            value=found.get("value", 1.0),
            chance=found.get("chance", 1.0),
            affinity=found.get("affinity", found["topic"]),
            channels=found.get("channels", ()),
            placements=found.get("placements", ()),
        )
        yield Placed(offer, place)

    def _rule(self, node: Node | None, row: Row) -> Expr | None:
        return None if node is None else self._rules.rule(node, self._rules.offer, row)

    def _unless(self, node: Node | None, row: Row) -> Iterator[Expr]:
        for clause in node.items if isinstance(node, Items) else () if node is None else (node,):
            rule = self._rule(clause, row)
            if rule is not None:
                yield self._rules.protective(rule)

    def _treatments(self, node: Node | None, row: Row) -> Iterator[Treatment]:
        if node is None:
            return
        items = node.items if isinstance(node, Items) else (node,)
        seen: set[str] = set()
        for number, item in enumerate(items, 1):
            keys = as_keys(item, "treatment", self._log, "title")
            known = Keys(tuple(p for p in keys.pairs if p[0].text in TREATMENT.keys), keys.place)
            found = TREATMENT.read(known, self._log)
            content = self._content([p for p in keys.pairs if p[0].text not in TREATMENT.keys], keys.place, row)
            id_ = found.get("id", f"t{number}")
            if id_ in seen:
                self._log.add(keys.place, "duplicate", f"treatment {id_!r} is there twice")
            seen.add(id_)
            if content:
                yield Treatment(
                    id=id_,
                    content=content,
                    raise_to=found.get("tone", Familiarity.GENERIC),
                    lift=found.get("lift", 1.0),
                    signed_by=self._signed(found.get("signed"), content),
                    channels=found.get("channels", ()),
                )

    def _content(
        self, pairs: list[tuple[Scalar, Node]], place: Place, row: Row
    ) -> tuple[tuple[str, tuple[Field, ...]], ...]:
        default = self._languages[0]
        if not pairs:
            self._log.add(
                place, "content", "the treatment says nothing", "give it a field, as in title: Olives half price"
            )
            return ()
        by_language: dict[str, list[Field]] = {language: [] for language in self._languages}
        for name, node in pairs:
            kind, texts = self._field(node)
            if default not in texts:
                self._log.add(node.place, "language", f"field {name.text!r} lacks the default language {default!r}")
                continue
            for language in self._languages:
                text = texts.get(language, texts[default])
                by_language[language].append(Field(name.text, kind, self._parts(text, kind, row)))
        spoken = {language: tuple(fields) for language, fields in by_language.items() if fields}
        first = spoken.get(default, ())
        return tuple(
            (language, fields) for language, fields in spoken.items() if language == default or fields != first
        )

    def _field(self, node: Node) -> tuple[FieldKind, dict[str, Scalar]]:
        """Return a field's kind, and its text by language."""
        kind = FieldKind.TEXT
        if isinstance(node, Keys) and len(node.pairs) == 1 and node.pairs[0][0].text in ("link", "number"):
            kind, node = FieldKind(node.pairs[0][0].text), node.pairs[0][1]
        if isinstance(node, Scalar):
            return kind, {self._languages[0]: node}
        text: Type[Scalar] = Type("a text", lambda n, log: n if isinstance(n, Scalar) else _no_text(n, log))
        if not isinstance(node, Keys) or (node.flow and not {n.text for n, _ in node.pairs} & set(self._languages)):
            text.read(node, self._log)
            return kind, {}
        texts: dict[str, Scalar] = {}
        for language, value in node.pairs:
            if language.text not in self._languages:
                hint = nearest(language.text, self._languages)
                self._log.add(language.place, "language", f"{language.text!r} is no language of this policy", hint)
            elif (found := text.read(value, self._log)) is not None:
                texts[language.text] = found
        return kind, texts

    def _parts(self, node: Scalar, kind: FieldKind, row: Row) -> tuple[str | Expr, ...]:
        def compile_rule(text: str, place: Place) -> Expr | None:
            return self._rules.value(text, place, self._rules.offer, row)

        parts = literal(compile_text(node, compile_rule, self._log))
        start = parts[0] if parts else ""
        if kind is FieldKind.LINK and not (isinstance(start, str) and _SAFE_LINK.match(start)):
            hint = "begin with https://, http://, mailto: or /"
            self._log.add(node.place, "link", "the link has no address that is written out", hint)
        return parts

    def _signed(self, node: Node | None, content: tuple[tuple[str, tuple[Field, ...]], ...]) -> str:
        if node is None:
            return ""
        found = SIGNED.read(node, self._log)
        digest = content_digest(content)
        if found.get("digest") != digest:
            self._log.add(
                node.place, "signed", "the text was edited after it was signed", f"its digest is {digest} now"
            )
            return ""
        return str(found.get("by", ""))


def content_digest(content: tuple[tuple[str, tuple[Field, ...]], ...]) -> str:
    """Return the digest that a reviewer signs: it changes with every edit of the text."""
    return hashlib.blake2b(repr(content).encode(), digest_size=4).hexdigest()


def _no_text(node: Node, log: Log) -> None:
    hint = 'a text with {…} needs quotes, as in title: "{profile.first_name}, hello"'
    log.add(node.place, "quotes", "expected a text", hint)


def _fill(node: Keys, row: Mapping[str, str]) -> Keys:
    """Return keys with each `{row.x}` replaced by the row's text; rules and content keep theirs, as they are typed."""

    def fill(part: Node) -> Node:
        if isinstance(part, Scalar):
            return attrs.evolve(part, text=_ROW.sub(lambda m: row.get(m[1], m[0]), part.text))
        if isinstance(part, Items):
            return Items(tuple(fill(item) for item in part.items), part.place)
        return Keys(tuple((name, fill(value)) for name, value in part.pairs), part.place, part.flow)

    kept = ("when", "unless", "treatments")
    return Keys(tuple((n, v if n.text in kept else fill(v)) for n, v in node.pairs), node.place, node.flow)
