"""Mistakes in the ranking by a score model, each of which the comparison with the reference engine must catch."""

from .mutating import Mutant

MODEL_MUTANTS = [
    Mutant("engine.shortlist", "len(found) < self._scoring.model.shortlist", "len(found) < 1"),
    Mutant("engine.shortlist", "len(found) < self._scoring.model.shortlist", "True"),
    Mutant("engine.shortlist", "(not pair[1].helps, -pair[0], pair[1].index)", "(-pair[0], pair[1].index)"),
    Mutant("engine.shortlist", "return self._ranking.best(open_)", "return None"),
    Mutant("engine.shortlist", "found.append((worth * score, offer))", "found.append((worth, offer))"),
    Mutant("engine.shortlist", "found.append((worth * score, offer))", "found.append((score, offer))"),
    Mutant("engine.rank", "if scores is None or self.blind >> ranked.start & 1:", "if scores is None:"),
    Mutant(
        "engine.rank",
        "min(scores.get(ranked.offer.affinity, self.ranking.absent), self.ranking.ceiling)",
        "self.ranking.absent",
    ),
    Mutant("engine.rank", ", self.ranking.absent), self.ranking.ceiling)", ", self.ranking.absent), 1e9)"),
    Mutant("plan.scoring", "if holds(*arguments):", "if True:"),
    Mutant("plan.scoring", "acting = ranked.terms & holding", "acting = holding"),
    Mutant("plan.scoring", "Feature.ONE: self.model.intercept", "Feature.ONE: 0.0"),
    Mutant("plan.scoring", " + by_chance * ranked.offer.chance", ""),
    Mutant("plan.scoring", "holding = self._always", "holding = 0"),
    Mutant("plan.worth", "terms=_concerning(catalog, terms, offer)", "terms=-1"),
]
