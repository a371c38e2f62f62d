"""Reads offers: one each, or one for every row of a CSV file."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

import attrs

from ..clock import NEVER_US
from ..expr import TRUE, Expr
from ..names import hint_for
from ..offers import Offer, OfferClass
from ..policy import Values
from .approvals_reader import read_approvals
from .format_types import ID
from .merged import Sections
from .periods import read_period
from .records import with_defaults
from .rows import CSV_MAX_BYTES, Rows
from .rulebook import Constants, Rulebook
from .sections import OFFER
from .source import Keys, Place, Scalar
from .treatments_reader import TreatmentsReader, audience
from .yaml_reader import decoded


@attrs.frozen
class Placed:
    """An offer, and where it stands."""

    offer: Offer
    place: Place


class OffersReader:
    """
    Reads the section `offers`.

    Attributes:
        ids: The ids of all offers that are written, right or wrong.
    """

    def __init__(
        self, sections: Sections, rules: Rulebook, values: Values, zone: ZoneInfo, files: Mapping[str, bytes]
    ) -> None:
        self.ids: set[str] = set()
        self._sections = sections
        self._log = sections.log
        self._rules = rules
        self._zone = zone
        self._files = files
        self._treatments = TreatmentsReader(rules, values.languages, self._log)
        purposes = sections.names("purposes")
        self._only_purpose = next(iter(purposes)) if len(purposes) == 1 else None

    def read(self) -> Iterator[Placed]:
        """Yield the offers that are right."""
        for name, keys in with_defaults(self._sections.keys("offers"), "offer", self._log):
            self.ids.add(name.text)
            if not self._sections.named(name, ID):
                continue
            if keys.get("each") is None:
                yield from self._offer(name.text, name, keys, {})
            else:
                yield from self._each(name, keys)

    def _each(self, name: Scalar, keys: Keys) -> Iterator[Placed]:
        shared = Keys(tuple(p for p in keys.pairs if p[0].text not in ("each", "id", "columns")), keys.place)
        table = Keys(tuple(p for p in keys.pairs if p[0].text in ("each", "id", "columns")), keys.place)
        types = attrs.evolve(OFFER, keys={n: OFFER.keys[n] for n in ("each", "id", "columns")}).read(table, self._log)
        file, each = types.get("each", ""), table.get("each")
        raw = self._files.get(file)
        if raw is None:
            there = [known for known in self._files if known.endswith(".csv")]
            if file and each is not None:
                message = f"there is no file {file!r} in the policy"
                self._log.add(each.place, "csv-file", message, hint_for(file, there) or "put it into the folder")
            return
        table_text = decoded(file, raw, CSV_MAX_BYTES, self._log)
        id_node = table.get("id")
        id_column = id_node if isinstance(id_node, Scalar) else Scalar("id", Place(file))
        rows = Rows(file, table_text or "", id_column, types.get("columns", {}), self._log)
        for row in rows if table_text is not None else ():
            id_ = f"{name.text}.{row.id}"
            self.ids.add(id_)
            fits = ID.read(Scalar(id_, row.place), self._log) is not None
            if rows.has_all(shared) and fits and row.values is not None:
                yield from self._offer(id_, attrs.evolve(name, place=row.place), rows.filled(shared, row), row.values)

    def _offer(self, id_: str, name: Scalar, keys: Keys, constants: Constants) -> Iterator[Placed]:
        found = OFFER.read(keys, self._log, name)
        purpose = found.get("purpose", self._only_purpose)
        if purpose is None and keys.get("purpose") is None:
            message = f"offer {id_!r} needs 'purpose': {OFFER.keys['purpose'].meaning}"
            self._log.add(name.place, "missing-key", message, "only a policy with one purpose takes it for granted")
        period = read_period(found["run"], self._zone, self._log) if "run" in found else None
        when = self._rules.rule(found["when"], self._rules.offer, constants) if "when" in found else None
        unless = tuple(self._unless(found.get("unless", ()), constants))
        told_to = audience(id_, when or TRUE, unless)
        written = keys.get("treatments")
        treatments = tuple(self._treatments.read(written, constants, told_to)) if written is not None else ()
        tactics = found.get("tactics", ())
        approvals = tuple(read_approvals(found.get("approvals", ()), tactics, self._zone, self._log))
        if not OFFER.complete(found) or purpose is None or not treatments:
            return
        offer = Offer(
            id=id_,
            intent=found["intent"],
            topic=found["topic"],
            purpose=purpose,
            treatments=treatments,
            offer_class=found.get("class", OfferClass.DEFAULT),
            owner=found.get("owner", ""),
            tags=found.get("tags", ()),
            from_us=period[0] if period else 0,
            until_us=period[1] if period else NEVER_US,
            when=when or TRUE,
            unless=unless,
            value=found.get("value", 1.0),
            chance=found.get("chance", 1.0),
            affinity=found.get("affinity", found["topic"]),
            channels=found.get("channels", ()),
            placements=found.get("placements", ()),
            tactics=tactics,
            approvals=approvals,
            asks=found.get("asks", ""),
            gives=found.get("gives", ""),
            satisfaction=found.get("satisfaction"),
            retention=found.get("retention"),
            moment=found.get("moment"),
        )
        yield Placed(offer, name.place)

    def _unless(self, clauses: tuple[Scalar, ...], constants: Constants) -> Iterator[Expr]:
        for clause in clauses:
            rule = self._rules.rule(clause, self._rules.offer, constants)
            if rule is not None:
                yield self._rules.protective(rule)
