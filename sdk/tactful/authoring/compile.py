"""From a folder of files to a compiled policy, or to all its mistakes at once."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from ..consent import LegalBasis, Purpose
from ..errors import Mistake, PolicyError, ValueRefused
from ..expr import TRUE, Expr
from ..limits import Always
from ..offers import Channel, Placement
from ..policy import Boost, Policy, Ranking, Segment, Values
from ..registry import Registry
from ..schema import Attribute, ContextAttribute, Value, ValueType, check_value
from ..topics import Topic
from .checks import check
from .format_types import COUNT, DURATION, NAME, Record, as_keys, nearest, with_defaults
from .guardrails_reader import read_guardrails
from .offers_reader import OffersReader, Placed
from .periods import zone_of
from .rulebook import Rulebook
from .rules import RuleError
from .sections import (
    ATTRIBUTE,
    BOOST,
    CHANNEL,
    CONTEXT,
    PLACEMENT,
    PURPOSE,
    RANKING,
    SECTIONS,
    SEGMENT,
    TOPIC,
    VALUES,
)
from .source import Items, Keys, Log, Node, Place, Scalar, parse

FILES_MAX: Final = 1000
_KINDS: Final = ("person", "household", "device")
#: Folders beside the policy that hold its own tests.
BESIDE: Final = ("personas", "tests", "keys")


@attrs.frozen
class Compiled:
    """A policy, and where its offers stand."""

    policy: Policy
    places: Mapping[str, Place]


def compile_folder(folder: Path | str, *, registry: Registry | None = None) -> Policy:
    """
    Return the policy of a folder.

    Args:
        folder: A folder of YAML files, and CSV files beside them.
        registry: The guardrails that it can name; None takes all that are installed.

    Raises:
        PolicyError: If there is any mistake; it holds all of them.
        ExtraMissing: If the extra `author` is not installed.
    """
    return compile_files(read_files(Path(folder)), registry=registry).policy


def read_files(folder: Path) -> dict[str, bytes]:
    """
    Return a folder's YAML and CSV files by their path in it, those of its personas and tests too.

    Raises:
        PolicyError: If there is no such folder, or it holds no policy.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml", ".csv") and p.is_file())
    if not paths or len(paths) > FILES_MAX:
        found = f"{len(paths)} files; at most {FILES_MAX} are read" if paths else "no .yaml file"
        mistake = Mistake(str(folder), 1, 1, "folder", f"the folder has {found}", "`tactful init` writes a policy")
        raise PolicyError((mistake,))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def compile_files(files: Mapping[str, bytes], *, registry: Registry | None = None) -> Compiled:
    """
    Return the policy of files by name; otherwise like `compile_folder`.

    Raises:
        PolicyError: If there is any mistake; it holds all of them.
    """
    log = Log()
    policy_files = {name: raw for name, raw in files.items() if name.partition("/")[0] not in BESIDE}
    sections = _sections(policy_files, log)
    compiled = _Compiler(sections, policy_files, registry or Registry.installed(), log).compiled()
    if log.mistakes:
        raise PolicyError(log.sorted())
    return compiled


def _sections(files: Mapping[str, bytes], log: Log) -> dict[str, Keys | Scalar]:
    """Return the sections of all files; a mapping may be spread over several."""
    sections: dict[str, Keys | Scalar] = {}
    for file in sorted(files):
        if file.endswith(".csv"):
            continue
        keys = parse(file, files[file], log)
        for name, node in keys.pairs if keys is not None else ():
            before = sections.get(name.text)
            if name.text not in SECTIONS:
                log.add(name.place, "unknown-key", f"there is no section {name.text!r}", nearest(name.text, SECTIONS))
            elif name.text == "name":
                if isinstance(node, Scalar):
                    sections["name"] = node
            elif isinstance(before, Keys):
                sections[name.text] = _merged(before, as_keys(node, name.text, log), log)
            else:
                sections[name.text] = as_keys(node, name.text, log)
    return sections


def _merged(one: Keys, other: Keys, log: Log) -> Keys:
    there = {name.text: name.place for name, _ in one.pairs}
    for name, _ in other.pairs:
        if name.text in there:
            first = there[name.text]
            log.add(name.place, "duplicate", f"{name.text!r} is there twice; first in {first.file}:{first.line}")
    return Keys((*one.pairs, *(pair for pair in other.pairs if pair[0].text not in there)), one.place)


class _Compiler:
    """Reads the sections in the order in which they need one another."""

    def __init__(
        self, sections: Mapping[str, Keys | Scalar], files: Mapping[str, bytes], registry: Registry, log: Log
    ) -> None:
        self._sections = sections
        self._files = files
        self._registry = registry
        self._log = log
        self._places: dict[tuple[str, str], Place] = {}

    def compiled(self) -> Compiled:
        log = self._log
        values, zone = self._values()
        attributes, context = tuple(self._attributes()), tuple(self._context())
        purposes = tuple(self._purposes())
        names = tuple(name.text for name, _ in self._section("segments").pairs)
        rules = Rulebook(attributes, context, names, tuple(p.name for p in purposes), log)
        offers = tuple(OffersReader(rules, values.languages, zone, self._files, log).read(self._section("offers")))
        name = self._sections.get("name")
        policy = Policy(
            name=name.text if isinstance(name, Scalar) and name.text else "policy",
            values=values,
            channels=tuple(Channel(n, **found) for n, found in self._records("channels", CHANNEL)),
            placements=tuple(self._placements()),
            topics=tuple(Topic(n, **found) for n, found in self._records("topics", TOPIC)),
            purposes=purposes,
            attributes=attributes,
            offers=tuple(placed.offer for placed in offers),
            context=context,
            segments=tuple(self._segments(rules)),
            ranking=self._ranking(rules, attributes),
            guardrails=read_guardrails(
                self._maybe("guardrails"), self._maybe("caps"), self._registry, values.dial, log
            ),
            identifiers=tuple(self._identifiers()),
        )
        check(policy, self._places, offers, log)
        self._whole(policy)
        places = {placed.offer.id: placed.place for placed in offers}
        return Compiled(self._with_conditions(policy, rules, offers), places)

    def _section(self, name: str) -> Keys:
        found = self._sections.get(name)
        return found if isinstance(found, Keys) else Keys((), Place("policy"))

    def _maybe(self, name: str) -> Keys | None:
        return self._section(name) if name in self._sections else None

    def _records(self, section: str, record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, keys in with_defaults(self._section(section), record.words, self._log, record.short):
            self._places[section, name.text] = name.place
            found = record.read(keys, self._log)
            if all(key in found for key, spec in record.keys.items() if spec.required):
                yield name.text, found

    def _values(self) -> tuple[Values, str]:
        found = VALUES.read(self._section("values"), self._log)
        zone = found.pop("zone", "UTC")
        if zone_of(zone) is None:
            self._log.add(self._section("values").place, "zone", f"there is no time zone {zone!r}")
            zone = "UTC"
        renamed = {{"reserve": "reserve_s", "token": "token_s"}.get(key, key): value for key, value in found.items()}
        return Values(**renamed), zone

    def _attributes(self) -> Iterator[Attribute]:
        for group, node in self._section("profile").pairs:
            keys = as_keys(node, f"group {group.text!r}", self._log)
            for name, own in with_defaults(keys, ATTRIBUTE.words, self._log, ATTRIBUTE.short):
                if ("profile", name.text) in self._places:
                    self._log.add(name.place, "duplicate", f"attribute {name.text!r} is there twice")
                    continue
                self._places["profile", name.text] = name.place
                self._identifier_like(name)
                found = ATTRIBUTE.read(own, self._log)
                if "type" in found:
                    found["absent"] = self._absent(found)
                    found["max_age_s"] = found.pop("max_age", None)
                    yield Attribute(name.text, **found)

    def _context(self) -> Iterator[ContextAttribute]:
        for name, found in self._records("context", CONTEXT):
            found["absent"] = self._absent(found)
            yield ContextAttribute(name, **found)

    def _absent(self, found: dict[str, Any]) -> Value | None:
        node, type_ = found.get("absent"), found["type"]
        if node is None:
            return None
        value = plain_value(node, type_)
        try:
            return check_value(type_, value)
        except ValueRefused as error:
            self._log.add(node.place, "type", f"absent: {error}")
            return None

    def _purposes(self) -> Iterator[Purpose]:
        for name, found in self._records("purposes", PURPOSE):
            if not NAME.fullmatch(name):
                place = self._places["purposes", name]
                self._log.add(place, "name", f"{name!r} is no name for a rule", "use letters, digits and _")
            regimes = found.pop("markets", ())
            yield Purpose(name, legal_basis=found.pop("basis", LegalBasis.CONSENT), regimes=regimes, **found)

    def _placements(self) -> Iterator[Placement]:
        for name, found in self._records("placements", PLACEMENT):
            fallback = found.pop("fallback", None)
            fields = as_keys(fallback, "fallback", self._log, "title").pairs if fallback is not None else ()
            texts = tuple((key.text, value.text) for key, value in fields if isinstance(value, Scalar))
            yield Placement(name, fallback=texts, **found)

    def _segments(self, rules: Rulebook) -> Iterator[Segment]:
        counts = {n.text: COUNT.read(v, self._log) for n, v in self._section("counts").pairs}
        known = {n.text for n, _ in self._section("segments").pairs}
        for counted, _ in self._section("counts").pairs:
            if counted.text not in known:
                hint = nearest(counted.text, known)
                self._log.add(counted.place, "unknown-segment", f"there is no segment {counted.text!r}", hint)
        for name, found in self._records("segments", SEGMENT):
            self._identifier_like(Scalar(name, self._places["segments", name]))
            when = rules.rule(found["when"], rules.offer)
            yield Segment(name, when or TRUE, found.get("say", ""), found.get("size", counts.get(name)))

    def _ranking(self, rules: Rulebook, attributes: tuple[Attribute, ...]) -> Ranking:
        section = self._section("ranking")
        self._places["ranking", "ranking"] = section.place
        found = RANKING.read(section, self._log)
        boosts = found.pop("boosts", None)
        read = [BOOST.read(n, self._log) for n in (boosts.items if isinstance(boosts, Items) else ())]
        made = [
            Boost(**{**one, "when": self._moment(one["when"], rules)})
            for one in read
            if {"when", "times"} <= one.keys()
        ]
        scores = {a.name for a in attributes if a.type is ValueType.SCORES}
        if found.get("affinity", next(iter(scores), None)) not in scores and "affinity" in found:
            hint = nearest(found["affinity"], scores) or "declare one with type: scores"
            self._log.add(section.place, "ranking", f"there is no attribute {found['affinity']!r} of type scores", hint)
        ranking = Ranking(boosts=tuple(made), **found)
        if ranking.ceiling < ranking.absent:
            self._log.add(section.place, "ranking", "the ceiling is below the affinity of what is absent")
        return ranking

    def _moment(self, node: Node, rules: Rulebook) -> Expr:
        return rules.rule(node, rules.moment) or TRUE

    def _identifiers(self) -> Iterator[tuple[str, str]]:
        for name, node in self._section("identifiers").pairs:
            kind = node.text if isinstance(node, Scalar) else ""
            if kind in _KINDS:
                yield name.text, kind
            else:
                self._log.add(node.place, "choice", f"{kind!r} is no kind of identifier", nearest(kind, _KINDS))

    def _identifier_like(self, name: Scalar) -> None:
        if not NAME.fullmatch(name.text):
            self._log.add(name.place, "name", f"{name.text!r} is no name for a rule", "use letters, digits and _")

    def _whole(self, policy: Policy) -> None:
        for section in ("channels", "placements", "topics", "purposes", "offers"):
            if not getattr(policy, section) and not self._log.mistakes:
                message = f"the policy has no {section}"
                self._log.add(self._section(section).place, "missing-section", message, f"add the section `{section}:`")

    def _with_conditions(self, policy: Policy, rules: Rulebook, offers: Iterable[Placed]) -> Policy:
        """Return the policy with its guardrails' conditions compiled; only if nothing else is wrong with it."""
        if self._log.mistakes or not offers:
            return policy
        conditions: dict[str, Expr] = {}
        policy, guardrails = self._registry.asked(policy)
        place = self._section("guardrails").place
        for found in guardrails:
            if found.broken is not None:
                self._log.add(place, "guardrail", f"guardrail {found.name!r} is broken: {found.broken}")
            for rule_id, rule in found.rules:
                if isinstance(rule, Always) or rule.condition in conditions:
                    continue
                try:
                    conditions[rule.condition] = rules.condition(rule.condition)
                except RuleError as error:
                    self._log.add(place, "guardrail", f"the condition of {rule_id}: {error}")
        return attrs.evolve(policy, conditions=tuple(sorted(conditions.items())))


def plain_value(node: Node, type_: ValueType) -> object:
    """Return what is written at a node as a value of a type, as far as that goes; `check_value` judges it."""
    if isinstance(node, Items):
        item = {ValueType.INTS: ValueType.INT, ValueType.NUMBERS: ValueType.NUMBER}.get(type_, ValueType.TEXT)
        return [plain_value(one, item) for one in node.items]
    if isinstance(node, Keys):
        return {name.text: plain_value(value, ValueType.NUMBER) for name, value in node.pairs}
    text = node.text
    try:
        match type_:
            case ValueType.INT:
                return int(text)
            case ValueType.NUMBER:
                return float(text)
            case ValueType.BOOL:
                return {"true": True, "false": False}.get(text, text)
            case ValueType.DURATION:
                seconds = DURATION.read(node, Log())
                return text if seconds is None else seconds * 1_000_000
    except ValueError:
        return text
    return text
