"""Random score models: short shortlists, so that some offers are scored and some are not."""

from ...expr import TRUE
from ...score_model import Feature, ScoreModel, Term
from .chance import Chance
from .rules import Rules
from .words import TAGS, Words


def score_model(chance: Chance, words: Words) -> ScoreModel:
    """Return a model over the words of a policy."""
    rules = Rules(chance, words.moment, words.values)
    terms = tuple(
        Term(
            chance.of((-3.0, -0.5, 0.75, 2.0)),
            chance.of(tuple(Feature)),
            rules.condition() if chance.happens(0.6) else TRUE,
            offers=("o0", chance.name(("o1", "o2"))) if chance.happens(0.4) else (),
            topics=(chance.name(words.topics),) if chance.happens(0.4) else (),
            tags=chance.some(TAGS) if chance.happens(0.2) else (),
        )
        for _ in range(chance.of((1, 2, 4)))
    )
    return ScoreModel(terms, chance.of((0.0, -1.5, 1.0)), chance.of((1, 2, 3, 50)))
