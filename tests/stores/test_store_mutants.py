"""Every law of the kit catches a store that breaks it: a mutant each, and the kit is complete in this."""

import time
from contextlib import nullcontext

import attrs
import pytest

from tactful import Consents, Contact, Disclosure, LogLimits, MemoryStore, OutboxLimits, StoreError, wall_clock
from tactful.ledger import MemoryLedger
from tactful.strict import MemoryStrictCaps
from tactful.testing.stores import StoreConformance
from tactful_adapters.sqlite import SQLiteStore

MUTANTS = {}


def breaks(*laws):
    def keep(mutant):
        MUTANTS.update(dict.fromkeys((f"test_{law}" for law in laws), mutant))
        return mutant

    return keep


@breaks("what_is_put_comes_back")
class ForgetsTypes(MemoryStore):
    def profile(self, customer):
        found = super().profile(customer)
        kept = {name: attrs.evolve(one, value=_number(one.value)) for name, one in found.attributes.items()}
        return attrs.evolve(found, attributes=kept)


def _number(value):
    return int(value) if isinstance(value, bool) else value


@breaks("what_was_never_put_is_absent")
class InventsStrangers(MemoryStore):
    def consents(self, customer):
        return super().consents(customer) or Consents((), 0)


@breaks("customers_are_apart")
class EndsAtNul(MemoryStore):
    def put_profile(self, snapshot):
        return super().put_profile(attrs.evolve(snapshot, customer=snapshot.customer.partition("\0")[0]))

    def profile(self, customer):
        return super().profile(customer.partition("\0")[0])


@breaks("customers_are_listed_in_order")
class ListsTheLastAgain(MemoryStore):
    def customers(self, after, count):
        return sorted(id_ for id_ in self._profiles if id_ >= after)[:count]


@breaks("contacts_of_many_are_those_of_each")
class CountsTheIdAlone(MemoryStore):
    def contacts_of(self, customers, since_us):
        found = {one: self._ledger.recent([one], since_us) for one in customers}
        return {one: theirs for one, theirs in found.items() if theirs}


@breaks("consents_of_many_are_those_of_each")
class HearsTheIdAlone(MemoryStore):
    def consents_of(self, customers):
        return {one: self._consents[one] for one in customers if one in self._consents}


@breaks("households_of_many_are_those_of_each")
class TellsTheFirstHousehold(MemoryStore):
    def households_of(self, customers):
        linked = {one: [link.value for link in self.links(one) if link.name == "household"] for one in customers}
        return {one: homes[0] for one, homes in linked.items() if homes}


@breaks("household_contacts_of_many_are_those_of_each")
class CountsWhoMovedOut(MemoryStore):
    def household_contacts_of(self, households, since_us):
        linked = {one: self._graph._links.get(("household", one), {}) for one in households}
        found = {one: self._ledger.recent(list(theirs), since_us) for one, theirs in linked.items()}
        return {one: theirs for one, theirs in found.items() if theirs}


@breaks("an_older_snapshot_changes_nothing")
class TakesTheLast(MemoryStore):
    def _put_profile(self, snapshot):
        self._profiles[snapshot.customer] = snapshot
        return True


@breaks("consents_that_arrive_silence_nothing_newer")
class TakesTheLastConsents(MemoryStore):
    def _put_consents(self, customer, consents):
        self._consents[customer] = consents
        return True


@breaks("a_later_epoch_replaces_whatever_the_clocks_say")
class TrustsClocks(MemoryStore):
    def _put_consents(self, customer, consents):
        before = self._consents.get(customer)
        return (before is None or consents.at_us >= before.at_us) and super()._put_consents(customer, consents)


@breaks("only_a_newer_explicit_yes_lifts_a_no")
class ForgetsNoes(MemoryStore):
    def _put_consents(self, customer, consents):
        self._consents[customer] = consents
        return True


@breaks("what_is_said_here_alone_is_first_hand")
class TellsItself(MemoryStore):
    def add_consent(self, customer, consent):
        if self.consents(customer) is None:
            self.put_consents(customer, Consents((), consent.at_us))
        super().add_consent(customer, consent)


@breaks("what_somebody_told_is_first_hand_no_more")
class TakesCopiesForFirstHand(MemoryStore):
    def _put_consents(self, customer, consents):
        taken = super()._put_consents(customer, consents)
        if consents.is_first_hand:
            kept = self._consents[customer]
            self._consents[customer] = Consents.first_hand(kept.records, kept.at_us)
        return taken


@breaks("what_is_told_of_one_bounds_what_is_merged_with_it")
class TakesOneForAll(MemoryStore):
    def consents(self, customer):
        found = super().consents(customer)
        kept = [self._consents[one] for one in self._members(customer) if one in self._consents]
        if any(one.is_first_hand for one in kept):
            return Consents.first_hand(found.records, found.at_us)
        return found


@breaks("what_waits_is_counted_by_class")
class CountsWithdrawalsTwice(MemoryStore):
    def outbox_waiting(self):
        found = super().outbox_waiting()
        return {**found, "exposure": attrs.evolve(found["exposure"], count=len(self.outbox_take(99)))}


@breaks("what_is_refused_holds_nothing_up_and_can_be_tried_again")
class LosesRefused(MemoryStore):
    def outbox_refuse(self, codes):
        return self.outbox_ack(codes)


@breaks("a_contact_takes_effect_once")
class SendsTwice(MemoryStore):
    def record(self, contacts, disclosures=()):
        new = super().record(contacts, disclosures)
        self._outbox.add(contacts[new:])
        return new


@breaks("contacts_are_kept_all_or_none")
class KeepsHalf(MemoryStore):
    def record(self, contacts, disclosures=()):
        return sum(super(KeepsHalf, self).record([contact], disclosures) for contact in contacts)


@breaks("the_tail_tells_all_in_the_order_of_recording")
class CountsAnew(MemoryStore):
    def tail(self, after, count):
        return tuple(enumerate((one for _, one in super().tail(0, 99)), 1))[after : after + count]


@breaks("a_household_has_the_contacts_of_all_who_belong_to_it")
class TakesGuessesForMembers(MemoryStore):
    def household_contacts(self, household, since_us):
        linked = self._graph._links.get(("household", household), ())
        members = [one for customer in linked for one in self._members(customer)]
        return self._ledger.recent(members, since_us)


@breaks("contacts_come_from_a_moment_oldest_first")
class BeginsLate(MemoryStore):
    def contacts(self, customer, since_us):
        return super().contacts(customer, since_us + 1)


@breaks("the_outbox_keeps_the_order_until_it_is_acknowledged")
class TakesOut(MemoryStore):
    def outbox_take(self, count):
        taken = super().outbox_take(count)
        self.outbox_ack([number for number, _ in taken])
        return taken


@breaks("a_withdrawal_that_is_passed_over_holds_up_nobody_else")
class LetsTheYesOvertakeTheNo(MemoryStore):
    def outbox_take(self, count):
        every = (
            *self._outbox._waiting[-1].items(),
            *(pair for rows in self._outbox._waiting[:-1] for pair in rows.items()),
        )
        return tuple(pair for pair in every if pair[0] not in self._outbox._passed)[:count]


@breaks("any_number_can_be_passed_over")
class PassesOverAThousand(MemoryStore):
    def outbox_pass_over(self, codes):
        super().outbox_pass_over(dict(list(codes.items())[:1_000]))


@breaks("what_is_passed_over_is_kept_and_told_of_until_it_has_arrived")
class ForgetsWhatItPassesOver(SQLiteStore):
    def close(self):
        if not self._file.closed:
            with self._file.writing() as connection:
                connection.execute("UPDATE outbox SET passed = NULL")
        super().close()


@breaks("withdrawals_can_be_read_from_where_one_left_off")
class ReadsFromTheStart(MemoryStore):
    def outbox_withdrawals(self, after, count):
        return super().outbox_withdrawals(0, count)


@breaks("a_full_outbox_drops_exposures_first_and_no_withdrawal", "a_full_outbox_is_full_in_bytes_too")
class NeverFull(MemoryStore):
    def __init__(self, *, outbox):
        super().__init__()


@breaks("what_the_centre_knows_is_not_sent_to_it")
class SendsItBack(MemoryStore):
    def put_many(self, profiles=(), consents=None, contacts=()):
        return super().put_many(profiles, consents) + self.record(contacts)


@breaks("a_register_is_claimed_once")
class ClaimsInTwoSteps(MemoryStore):
    def claim_register(self, name, value):
        kept = self.register(name)
        if kept is None:
            time.sleep(0.01)
            self._registers[name] = value
        return value if kept is None else kept


@breaks("a_register_only_rises")
class RaisesInTwoSteps(MemoryStore):
    def raise_register(self, name, number):
        kept = int(self.register(name) or 0)
        if kept < number:
            time.sleep((50 - number) / 2000)  # the greatest is the first to be kept
            self._registers[name] = str(number).encode()
        return max(kept, number)


@breaks("the_strongest_identifier_decides")
class CookiesArePeople(MemoryStore):
    def __init__(self, *, outbox):
        super().__init__(outbox=outbox, kinds={"card": "person", "cookie": "person", "email": "person"})


@breaks("identifiers_have_one_form")
class TakesTextAsItIs(MemoryStore):
    def identify(self, identifiers):
        return super().identify({name: value.casefold() for name, value in identifiers.items()})


@breaks("an_unsure_link_identifies_nobody")
class BelievesAnything(MemoryStore):
    def __init__(self, *, outbox):
        super().__init__(outbox=outbox, confidence_min=0.0)


@breaks("an_identifier_of_a_person_stands_for_one")
class GivesCardsAway(MemoryStore):
    def link(self, identifiers, *, customer=None, **how):
        try:
            return super().link(identifiers, customer=customer, **how)
        except StoreError:
            self.unlink(identifiers)
            return super().link(identifiers, customer=customer, **how)


@breaks("merged_customers_are_one")
class KeepsFirstAttributes(MemoryStore):
    def profile(self, customer):
        merges = self._graph.merges(customer)
        found = [self._profiles[one] for one in merges.members(customer) if one in self._profiles]
        return attrs.evolve(found[0], attributes={**found[-1].attributes, **found[0].attributes}) if found else None


@breaks("a_merge_lets_no_yes_silence_a_no", "a_merge_takes_the_weaker_yes")
class PoolsConsents(MemoryStore):
    """What looks right at first: all records of both, and the newest speaks."""

    def consents(self, customer):
        members = self._graph.merges(customer).members(customer)
        found = [self._consents[one] for one in members if one in self._consents]
        records = tuple(record for consents in found for record in consents.records)
        return Consents(records, min(one.at_us for one in found)) if found else None


@breaks("a_split_brings_back_who_had_what")
class MovesRows(MemoryStore):
    def merge(self, customer, other):
        root = super().merge(customer, other)
        histories = self._ledger._histories
        for contact in histories.pop(other, ()):
            histories.setdefault(root, []).append(contact)
        return root


@breaks("an_erased_customer_is_gone")
class ErasesOneId(MemoryStore):
    def erase(self, customer):
        self.split(customer)
        return super().erase(customer)


@breaks("no_more_room_is_given_than_the_cap_allows")
class GivesWhatIsWanted(MemoryStore):
    def reserve(self, asks):
        return super().reserve([attrs.evolve(ask, count=ask.count + ask.wanted) for ask in asks])


@breaks("subjects_and_values_have_room_apart")
class TrimsSubjects(MemoryStore):
    def reserve(self, asks):
        return super().reserve([attrs.evolve(ask, subject=ask.subject.strip()) for ask in asks])


@breaks("room_lapses_unless_it_is_confirmed")
class ForgetsLateWords(MemoryStore):
    def confirm(self, units):
        now_us = wall_clock()
        return super().confirm([unit for unit in units if self._strict._units[unit].ends_us > now_us])


@breaks("room_that_is_given_back_is_free")
class TakesBackWhatWasUsed(MemoryStore):
    def release(self, units):
        known = [unit for unit in units if unit in self._strict._units]
        for unit in known:
            self._strict._drop(unit)
        return len(known)


@breaks("merged_ids_have_one_cap")
class CapsEachId(MemoryStore):
    def __init__(self, **options):
        super().__init__(**options)
        self._strict = MemoryStrictCaps(wall_clock)


class LooksThenGives(MemoryStrictCaps):
    def reserve(self, asks):
        return tuple(self._given(ask, wall_clock()) for ask in asks)

    def _given(self, ask, now_us):
        left = ask.count - len(self._units)
        time.sleep(0.001)
        return super()._given(attrs.evolve(ask, count=len(self._units) + left), now_us) if left > 0 else ()


@breaks("many_that_ask_at_once_get_no_more_together")
class LooksThenGivesRoom(MemoryStore):
    def __init__(self, **options):
        super().__init__(**options)
        self._strict = LooksThenGives(wall_clock)

    def reserve(self, asks):
        return self._strict.reserve(asks)


@breaks("a_closed_store_takes_no_calls", "a_closed_store_gives_no_room")
class NeverCloses(MemoryStore):
    def close(self):
        pass


class LooksThenLeapsLedger(MemoryLedger):
    def __init__(self, lock):
        super().__init__()
        self._lock = lock

    def keep(self, contacts):
        new = [contact for contact in contacts if contact.id not in self._contacts]
        self._lock.release()
        time.sleep(0.001)
        self._lock.acquire()
        for contact in new:
            self._contacts[contact.id] = contact
            self._histories.setdefault(contact.customer, []).append(contact)
        return new


@breaks("threads_do_not_disturb_each_other")
class LooksThenLeaps(MemoryStore):
    def __init__(self, **options):
        super().__init__(**options)
        self._ledger = LooksThenLeapsLedger(self._lock)


@breaks("what_was_kept_is_there_again")
class LosesTheOutbox(SQLiteStore):
    def __init__(self, path, *, outbox):
        super().__init__(path, outbox=outbox)
        self.outbox_ack([number for number, _ in self.outbox_take(99)])


class BoundedLog(MemoryStore):
    """A store whose log is bounded as the kit asks."""


@breaks("a_logged_decision_comes_back")
class LogsAnIdOnce(MemoryStore):
    def log_decisions(self, records):
        return super().log_decisions([one for one in records if self.logged_decision(one.id) is None])


@breaks("the_log_tells_from_a_moment_to_another_oldest_first")
class CountsWhatItTold(MemoryStore):
    def logged(self, since_us, until_us):
        told = 0
        while told < len(self._decisions._records):
            for record in self._decisions._records[told : told + 500]:
                told += 1
                if since_us <= record.at_us < until_us:
                    yield record


@breaks("decisions_are_logged_all_or_none")
class LogsHalf(MemoryStore):
    def log_decisions(self, records):
        return sum(super(LogsHalf, self).log_decisions([record]) for record in records)


@breaks("a_full_log_drops_the_oldest")
class DropsWhatCameFirst(BoundedLog):
    def log_decisions(self, records):
        kept = records[-self._decisions._limits.rows_max :]
        self._decisions.dropped += len(records) - len(kept)
        return super().log_decisions(kept)


@breaks("a_full_log_is_full_in_bytes_too")
class CountsRowsAlone(BoundedLog):
    def __init__(self, *, outbox, log):
        super().__init__(outbox=outbox, log=LogLimits(rows_max=log.rows_max))


@breaks("what_comes_in_after_an_erasure_is_unlinked")
class TakesWhatComesLate(MemoryStore):
    def erase(self, customer):
        gone = super().erase(customer)
        self._erased_us = {}
        return gone


@breaks("an_erasure_unlinks_what_was_logged")
class KeepsTheTruths(MemoryStore):
    """What looks right at first: without the pseudonym nobody is named."""

    def erase(self, customer):
        before = list(self._decisions._records)
        gone = super().erase(customer)
        after = self._decisions._records
        after[:] = [attrs.evolve(new, truths=old.truths) for new, old in zip(after, before, strict=True)]
        return gone


@breaks("evidence_comes_back")
class ShowsOneOfEach(MemoryStore):
    def read_evidence(self, access):
        seen = set()
        for row in super().read_evidence(access):
            if row.id not in seen:
                yield row
            seen.add(row.id)


@breaks("evidence_is_kept_all_or_none")
class KeepsHalfTheEvidence(MemoryStore):
    def keep_evidence(self, rows):
        return sum(super(KeepsHalfTheEvidence, self).keep_evidence([row]) for row in rows)


@breaks("no_look_at_evidence_goes_unseen")
class TellsAfterwards(MemoryStore):
    """Who stops early was never there."""

    def read_evidence(self, access):
        yield from super().read_evidence(access)
        if self._accesses.pop() and any(row.id == access.decision for row in self._evidence.values()):
            self._accesses.append(access)


@breaks("evidence_ends_with_its_time")
class ShowsUntilItIsForgotten(MemoryStore):
    def read_evidence(self, access):
        return super().read_evidence(attrs.evolve(access, at_us=-1))


@breaks("looks_at_evidence_are_kept_for_their_time")
class KeepsLooksForGood(BoundedLog):
    def forget_evidence(self, now_us):
        looks = list(self._accesses)
        gone = super().forget_evidence(now_us)
        self._accesses.clear()
        self._accesses.extend(looks)
        return gone


@breaks("an_erasure_takes_the_evidence")
class ErasesVisitorsToo(MemoryStore):
    def erase(self, customer):
        return {**super().erase(customer), "evidence": self._erase_evidence([b""])}


@breaks("evidence_has_a_bound")
class KeepsAnyEvidence(BoundedLog):
    def __init__(self, *, outbox, log):
        super().__init__(outbox=outbox)


@breaks("a_disclosure_comes_back")
class TellsTheNewestFirst(MemoryStore):
    def disclosures(self, customer, now_us):
        return super().disclosures(customer, now_us)[::-1]


@breaks("a_disclosure_takes_effect_once")
class KeepsTheLastWord(MemoryStore):
    def record(self, contacts, disclosures=()):
        for one in disclosures:
            self._disclosures._rows.pop(one.id, None)
        return super().record(contacts, disclosures)


@breaks("a_disclosure_is_kept_with_its_exposure_or_not_at_all")
class DisclosesFirst(MemoryStore):
    """What looks right at first: the record is there before anything is shown."""

    def record(self, contacts, disclosures=()):
        super().record([], disclosures)
        return super().record(contacts)


@breaks("a_disclosure_is_no_contact")
class DisclosesByContacts(MemoryStore):
    def record(self, contacts, disclosures=()):
        passed = [Contact(one.id, one.customer, "disclosure", one.at_us) for one in disclosures]
        return super().record([*contacts, *passed], disclosures) - len(passed)


@breaks("a_disclosure_ends_with_its_time")
class TellsUntilItIsForgotten(MemoryStore):
    def disclosures(self, customer, now_us):
        return super().disclosures(customer, -1)


@breaks("an_erasure_takes_the_customer_off_disclosures")
class ForgetsThatItDisclosed(MemoryStore):
    """A late second word then brings the customer back."""

    def erase(self, customer):
        gone = super().erase(customer)
        rows = self._disclosures._rows
        for id_ in [id_ for id_, one in rows.items() if one.customer is None]:
            del rows[id_]
        return gone


@breaks("a_full_outbox_drops_disclosures_last")
class DropsDisclosuresFirst(MemoryStore):
    def __init__(self, *, outbox):
        super().__init__(outbox=outbox)
        self._outbox._limits = DisclosuresFirst(outbox.rows_max)


class DisclosuresFirst(OutboxLimits):
    @staticmethod
    def rank(one):
        return {2: 0, 0: 1, 1: 2}.get(OutboxLimits.rank(one), 3)


@breaks("disclosures_are_there_again")
class DisclosesInMemory(SQLiteStore):
    def __init__(self, path, *, outbox):
        super().__init__(path, outbox=outbox)
        self.forget_disclosures(2**63 - 1)


@breaks("all_that_is_held_is_told")
class TellsWhatIsStillTold(MemoryStore):
    """What is kept of disclosures whose time is over is held all the same."""

    def held(self, customer):
        found = super().held(customer)
        return attrs.evolve(found, disclosures=tuple(self.disclosures(customer, 99)))


@breaks("nothing_of_another_is_told")
class LeaksTheHousehold(MemoryStore):
    def held(self, customer):
        found = super().held(customer)
        homes = [one.value for one in found.links if one.name == "household"]
        shared = [one for home in homes for one in self.household_contacts(home, 0)]
        return attrs.evolve(found, contacts=tuple(dict.fromkeys((*found.contacts, *shared))))


@breaks("of_nobody_nothing_is_held")
class HoldsVisitors(MemoryStore):
    def held(self, customer):
        found = super().held(customer)
        return found if customer else attrs.evolve(found, decisions=tuple(self._decisions.of([b""])))


@breaks("an_erasure_takes_all_that_is_held")
class ForgetsTheOutbox(MemoryStore):
    def erase(self, customer):
        waits = [one for one in self.held(customer).waiting if isinstance(one, Disclosure)]
        gone = super().erase(customer)
        self._outbox.add(waits)
        return gone


@breaks("what_comes_late_brings_nobody_back")
class BringsBack(MemoryStore):
    def _in_time(self, events):
        return list(events), []


@breaks("an_erasure_is_owed_until_it_is_settled")
class OwesTogether(MemoryStore):
    def settle_erasure(self, keeper, customers):
        return sum(super(OwesTogether, self).settle_erasure(one, customers) for one in list(self._owed))


@breaks("an_erasure_settles_nothing_that_is_owed_beside")
class SettlesByItself(MemoryStore):
    def erase(self, customer):
        self._owed.clear()
        return super().erase(customer)


@breaks("what_is_owed_is_there_again")
class OwesInMemory(SQLiteStore):
    owe_erasure, owed_erasures = MemoryStore.owe_erasure, MemoryStore.owed_erasures

    def __init__(self, *where, **how):
        super().__init__(*where, **how)
        self._owed = {}

    def _open(self):
        return nullcontext()


# Processes are started by the kit, and import the store by its name.
ISLANDS = """
import os, pathlib
from tactful_adapters.sqlite import SQLiteStore

class Islands(SQLiteStore):
    @classmethod
    def from_url(cls, url, **how):
        return super().from_url(f"{url}-{os.getpid()}", **how)
"""


class TheKit(StoreConformance):
    def __init__(self, mutant):
        self.mutant = mutant
        self.persistent = issubclass(mutant, SQLiteStore)

    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):  # noqa: B008 - frozen
        if issubclass(self.mutant, BoundedLog):
            return self.mutant(outbox=outbox, log=log)
        return self.mutant(where / "edge.db", outbox=outbox) if self.persistent else self.mutant(outbox=outbox)


def laws():
    return {name for name in dir(StoreConformance) if name.startswith("test_")}


@pytest.mark.parametrize("law", sorted(MUTANTS))
def test_a_mutant_breaks_its_law(law, tmp_path):
    with pytest.raises(AssertionError):
        getattr(TheKit(MUTANTS[law]), law)(tmp_path)


def test_stores_of_their_own_are_caught(tmp_path, monkeypatch):
    (tmp_path / "islands.py").write_text(ISLANDS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    from islands import Islands  # noqa: PLC0415 - written just now

    kit = TheKit(Islands)
    kit.shared_between_processes = True
    kit.url = lambda where: f"sqlite:///{where / 'edge.db'}"
    with pytest.raises(AssertionError):
        kit.test_processes_share_one_truth(tmp_path)


def test_every_law_has_its_mutant():
    assert laws() == set(MUTANTS) | {"test_processes_share_one_truth"}
