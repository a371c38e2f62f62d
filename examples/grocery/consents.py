"""Consents by a rule, as the data has none. It stands for no real household: a number, hashed, falls into a share.

The same seed always gives the same consents. Shares are plausible for a grocer's loyalty card, and made up.
"""

import hashlib
from collections.abc import Iterable, Mapping

import attrs

from tactful import Consent, Consents, ConsentState, How

SEED = 2017
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US


@attrs.frozen
class Share:
    """So many of the households say this: in words, and as a consent's state, way and age."""

    of: float
    words: str
    state: ConsentState
    how: How
    age_days: int


#: By purpose; the share that is left said nothing.
SHARES: Mapping[str, tuple[Share, ...]] = {
    "offers": (
        Share(0.60, "agreed", ConsentState.GIVEN, How.EXPLICIT, 200),
        Share(0.12, "agreed, and confirmed it by mail", ConsentState.GIVEN, How.DOUBLE_OPT_IN, 90),
        Share(0.08, "the box was ticked for them", ConsentState.GIVEN, How.PRE_TICKED, 300),
        Share(0.03, "had to agree to get the card", ConsentState.GIVEN, How.FORCED, 300),
        Share(0.04, "agreed three years ago, and never since", ConsentState.GIVEN, How.EXPLICIT, 1200),
        Share(0.05, "took it back", ConsentState.WITHDRAWN, How.EXPLICIT, 20),
    ),
    "partners": (
        Share(0.20, "agreed", ConsentState.GIVEN, How.EXPLICIT, 150),
        Share(0.20, "the box was ticked for them", ConsentState.GIVEN, How.PRE_TICKED, 150),
        Share(0.15, "refused", ConsentState.REFUSED, How.EXPLICIT, 150),
    ),
}
SILENT = "said nothing"
#: Words for a yes that counts; who did not say so to offers is not asked about partners.
AGREED = ("agreed", "agreed, and confirmed it by mail")


def share_of(household: int, purpose: str, seed: int = SEED) -> Share | None:
    """Return what a household says to a purpose; None if it said nothing."""
    if purpose == "partners" and not agreed(household, "offers", seed):
        return None
    digest = hashlib.blake2b(f"{seed}/{purpose}/{household}".encode(), digest_size=8).digest()
    draw = int.from_bytes(digest) / 2**64
    for share in SHARES[purpose]:
        draw -= share.of
        if draw < 0:
            return share
    return None


def agreed(household: int, purpose: str, seed: int = SEED) -> bool:
    """Return whether a household said a yes that counts."""
    share = share_of(household, purpose, seed)
    return share is not None and share.words in AGREED


def consents_of(household: int, now_us: int, seed: int = SEED) -> Consents:
    """Return a household's consents at a moment [us since 1970], known to be true an hour before."""
    said = {purpose: share_of(household, purpose, seed) for purpose in SHARES}
    records = [
        Consent(purpose, share.state, share.how, now_us - share.age_days * _DAY_US)
        for purpose, share in said.items()
        if share is not None
    ]
    return Consents(tuple(records), now_us - _HOUR_US)


def mix(households: Iterable[int], purpose: str, seed: int = SEED) -> dict[str, int]:
    """Return how many households say what to a purpose."""
    counts = {share.words: 0 for share in SHARES[purpose]} | {SILENT: 0}
    for household in households:
        share = share_of(household, purpose, seed)
        counts[SILENT if share is None else share.words] += 1
    return counts
