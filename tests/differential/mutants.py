"""Mistakes that the engine could have: each must make it differ from the reference, in the case of its seed."""

from .mutating import Mutant

MUTANTS = [
    # what exists
    Mutant("plan.visibility", "min(ages) * SECOND_US + 1 if ages", "min(ages) * SECOND_US if ages", 1),
    Mutant("plan.visibility", "if not attribute.purposes or purpose in attribute.purposes", "if True", 1),
    Mutant("plan.visibility", "if not hide.purposes or purpose in hide.purposes:", "if True:", 1),
    Mutant("engine.mask", "found.confidence < demand.confidence", "found.confidence <= demand.confidence", 0),
    Mutant("engine.mask", "or found.source not in demand.sources", "", 0),
    Mutant("engine.mask", "or (demand.first_party and not found.first_party)", "", 10),
    Mutant("engine.mask", "if gone >> demand.slot & 1:", "if False:", 2),
    Mutant("engine.mask", "if now_us < begins_us:", "if False:", 11),
    Mutant("engine.mask", "empty |= 1 << demand.slot", "pass", 4),
    Mutant("engine.mask", "view[demand.slot] = demand.absent", "pass", 1),
    Mutant("engine.mask", "until_us = min(until_us, until)", "pass", 0),
    Mutant("engine.mask", "if demand.name in snapshot.unreadable:", "if False:", 0),
    Mutant("engine.customer", "attributes[name].value if name in attributes else None if", "None if", 0),
    Mutant("engine.customer", "None if name in snapshot.unreadable else absent", "absent", 0),
    # what guardrails ask
    Mutant("plan.bounds", "condition = negate(condition)", "pass", 1),
    Mutant("plan.bounds", "if broken is not None:", "if False:", 3),
    Mutant("plan.bounds", "blind = scope.bits if basis < Familiarity.PERSONAL else 0", "pass", 0),
    Mutant("plan.bounds", "allow &= ~scope.bits", "pass", 1),
    Mutant("plan.bounds", "labels.tone > tone", "labels.tone >= tone", 0),
    Mutant("plan.bounds", " or catalog.entries[index].labels.basis > basis", "", 1),
    Mutant(
        "plan.bounds", "if channel.tone < Familiarity.PERSONAL or channel.basis < Familiarity.PERSONAL:", "if False:", 3
    ),
    Mutant(
        "plan.fuse",
        "emitter.surely_false(bound.condition), allow",
        "ast.UnaryOp(ast.Not(), emitter.surely_true(bound.condition)), allow",
        1,
    ),
    Mutant(
        "engine.guard", "if here is not None and here.since_us <= now_us < here.until_us:", "if here is not None:", 4
    ),
    Mutant("engine.guard", "return here.allow & allow, here.flags | flags", "return here.allow, here.flags | flags", 3),
    Mutant("engine.guard", "return here.allow & allow, here.flags | flags", "return here.allow & allow, here.flags", 2),
    Mutant("engine.guard", "until_us = min(until_us, said.until_us)", "pass", 23),
    Mutant("engine.guard", "if at_us is not None and at_us > now_us + SKEW_US:", "if False:", 1),
    Mutant("plan.plan", "flags |= flags_of[id(bound)]", "pass", 1),
    Mutant("plan.plan", "lineage.append(at)\n        at = above.get(at)", "lineage.append(at)\n        break", 23),
    Mutant("plan.bounds", "if until_us != NEVER_US:", "if False:", 0),
    # what the middle keeps
    Mutant("engine.middle", " & ~limited.withheld", "", 0),
    Mutant("engine.middle", "effects.blind | limited.blind", "effects.blind", 1),
    Mutant("engine.middle", "flags & plan.hide_flags", "0", 2),
    Mutant(
        "engine.middle",
        "if there is not None and there.since_us <= now_us < there.until_us:",
        "if there is not None:",
        0,
    ),
    Mutant(
        "engine.middle", "there = here.standings.get(hides)", "there = next(iter(here.standings.values()), None)", 24
    ),
    # who is eligible
    Mutant("engine.qualify", "allow = there.allow & plan.running(now_us)", "allow = there.allow", 1),
    Mutant("engine.qualify", "allow &= lookup.allow.get(context[lookup.slot], lookup.otherwise)", "pass", 1),
    Mutant("engine.qualify", "allow &= met", "pass", 1),
    Mutant("engine.qualify", "min(until, until_us, here.until_us)", "min(until_us, here.until_us)", 12),
    Mutant(
        "plan.fuse",
        "return emitter.surely_false(requirement.expr)",
        "return ast.UnaryOp(ast.Not(), emitter.surely_true(requirement.expr))",
        1,
    ),
    Mutant("plan.fuse", "return emitter.known(requirement.expr)", "return ast.Constant(True)", 0),
    Mutant("plan.fuse", "if now < t < u: u = t", "if now < t < u: pass", 4),
    Mutant("plan.fuse", "elif now == t < u: u = t + 1", "elif now == t < u: pass", 114),
    Mutant("plan.fuse", 'if any(name.startswith("context.") for name in names):\n        return True', "pass", 0),
    Mutant("plan.index", "if value not in test.values:", "if value in test.values:", 1),
    Mutant(
        "plan.plan",
        "entry.offer.from_us <= now_us < entry.offer.until_us",
        "entry.offer.from_us <= now_us <= entry.offer.until_us",
        5,
    ),
    Mutant("plan.plan", "if start <= now_us < end:", "if start:", 4),
    Mutant("plan.plan", "may(entry.offer.channels) and may(entry.treatment.channels)", "may(entry.offer.channels)", 2),
    # what caps count
    Mutant("engine.count", "if inside >= count:", "if inside > count:", 2),
    Mutant("engine.count", "if at_us > now_us - cap.within_us", "if at_us >= now_us - cap.within_us", 12),
    Mutant("engine.count", "if cap.suppress_us:", "if False:", 8),
    Mutant(
        "engine.count",
        "past = [at_us for at_us, ends_us, _ in counted if ends_us > now_us]",
        "past = [at_us for at_us, ends_us, _ in counted]",
        1,
    ),
    Mutant("engine.count", '(cap.cap.of == "channel" and value != channel)', "False", 19),
    Mutant("engine.count", "if len(counted) >= count and", "if len(counted) > count and", 6),
    Mutant("engine.count", "return self.since_us <= now_us - self.plan.longest_window_us", "return True", 3),
    Mutant(
        "engine.count",
        "if before.until_us == NEVER_US or contact.until_us is not None:\n                return",
        "",
        10,
    ),
    Mutant("engine.count", "or not limited.since_us <= now_us < limited.until_us:", "or False:", 0),
    Mutant("engine.record", "* SECOND_US\n    for slot", "\n    for slot", 0),
    Mutant("plan.caps", "return Reach(softened.bits, scope.bits)", "return Reach(softened.bits, 0)", 1),
    Mutant("plan.caps", "(contact.topic,) if cap.exact else topics.above(contact.topic)", "(contact.topic,)", 17),
    Mutant(
        "plan.caps", "(contact.topic,) if cap.exact else topics.above(contact.topic)", "topics.above(contact.topic)", 6
    ),
    # what an offer is worth
    Mutant("plan.worth", "* (1 - self._margin)", "", 2),
    Mutant("plan.worth", "key=lambda i: (self.treatments[i][1], -self.treatments[i][0], i)", "key=lambda i: i", 2),
    Mutant("plan.worth", "base=offer.value * offer.chance", "base=offer.value", 0),
    Mutant("plan.worth", "any(t in boost.topics for t in above)", "offer.topic in boost.topics", 10),
    Mutant(
        "engine.rank",
        "factor = min(scores.get(ranked.offer.affinity, factor), self._ceiling)",
        "factor = scores.get(ranked.offer.affinity, factor)",
        0,
    ),
    Mutant("engine.rank", "if scores is not None and not ranked.bits & self._blind:", "if scores is not None:", 0),
    Mutant(
        "engine.rank",
        "and ranked.offer.affinity in scores and not ranked.bits & self._blind",
        "and ranked.offer.affinity in scores",
        0,
    ),
    Mutant("engine.rank", "if helping and not ranked.helps:", "if False:", 1),
    Mutant(
        "engine.rank",
        "key=lambda pair: (not pair[1].helps, -pair[0], pair[1].index)",
        "key=lambda pair: (-pair[0], pair[1].index)",
        60,
    ),
    Mutant("engine.rank", "key = (blind, boosts)", "key = blind", 10),
    Mutant("engine.rank", "while heap and -heap[0][0] > bound:", "while heap and -heap[0][0] >= 0:", 1),
    Mutant("engine.rank", "min(max([self._absent, *tops])", "min(max([self._absent])", 39),
    Mutant("engine.rank", "self.highest *= max(times, 1.0)", "pass", 36),
    # what fills the page
    Mutant("engine.compose", "failing = bool(shares)", "failing = False", 4),
    Mutant("engine.compose", "if same >= most:", "if same > most:", 0),
    Mutant("engine.compose", "quota.left -= 1", "pass", 6),
    Mutant("engine.compose", "counts.append(int(limit.share * slots + _EPSILON))", "pass", 1),
    Mutant(
        "engine.compose",
        "chosen.remove(inside[-1])\n                gone.append((quota.id, inside[-1]))",
        "gone.append((quota.id, inside[0]))\n                chosen.remove(inside[0])",
        4,
    ),
    Mutant("engine.compose", "self._free[at] -= 1", "pass", 1),
    Mutant("plan.pages", "(not placement.intents or offer.intent in placement.intents)", "True", 2),
    Mutant("plan.pages", "(not offer.placements or placement.name in offer.placements)", "True", 1),
    # what is told of it
    Mutant("engine.explain", "taken >= quota.left", "taken > quota.left", 1),
    Mutant("engine.explain", "quotas = [id_ for id_, one in moment.dropped if one.ranked is offer]", "quotas = []", 4),
    Mutant("engine.explain", "placement.per_topic is not None and same >= placement.per_topic", "False", 0),
    # what agreeing comes to, and how much a label says
    Mutant("consent", "now_us < record.until_us", "now_us <= record.until_us", 23),
    Mutant("consent", "and len(yes) == len(own)", "", 6),
    Mutant("consent", "record.purpose in lineage", "record.purpose == lineage[0]", 23),
    Mutant("consent", "record.channel in (None, channel)", "True", 10),
    Mutant("consent", "if record.state in GIVEN and record.at_us > now_us + SKEW_US:", "if False:", 23),
    Mutant("labels", "and not treatment.signed_by", "", 2),
    Mutant("labels", "max(text.familiarity, treatment.raise_to)", "text.familiarity", 0),
    Mutant("labels", "segment.size >= self._min_segment", "segment.size > self._min_segment", 6),
]
