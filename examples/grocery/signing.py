"""Bundles of the grocer's policy, signed as it demands: by marketing, which wrote it, and by legal, which read it.

The keys are made for one run and belong to nobody: for a look, not for a customer.
"""

from collections.abc import Mapping

import attrs

import tactful
from tactful import BundleError, Policy, bundle

TENANT = "grocer"
SIGNERS = ("marketing", "legal")


@attrs.frozen(repr=False)
class Signers:
    """
    Who signs, with a pair of keys each.

    Attributes:
        private: The private keys, by signer; they are kept nowhere.
        public: The public keys that whoever opens a bundle pins, by signer.
    """

    private: Mapping[str, str]
    public: Mapping[str, str]

    @classmethod
    def made(cls) -> "Signers":
        """Return signers with new keys."""
        pairs = {name: bundle.make_keys() for name in SIGNERS}
        return cls({name: one[0] for name, one in pairs.items()}, {name: one[1] for name, one in pairs.items()})

    @property
    def pinned(self) -> tuple[str, ...]:
        """The public keys, as `tactful.open` takes them."""
        return tuple(self.public.values())

    def bundle(self, policy: Policy, issued_us: int, keep_s: int) -> bytes:
        """
        Return a policy as a bundle: written and signed by the first, and signed by each other one thereafter.

        Args:
            policy: The policy.
            issued_us: From when it may be used [us since 1970].
            keep_s: For so long it may be used [s].
        """
        first, *others = self.private.values()
        raw = bundle.write(
            policy,
            private_key=first,
            tenant=TENANT,
            epoch=1,
            issued_us=issued_us,
            expires_us=issued_us + keep_s * 1_000_000,
        )
        for key in others:
            raw = bundle.add_signature(raw, private_key=key)
        return raw


def figures(policy: Policy, now_us: int) -> dict[str, object]:
    """Return how many signatures the policy demands, who signs, and how a bundle with one signature is refused."""
    return {
        "demanded": policy.values.signatures,
        "by": list(SIGNERS),
        "refused_with_one": refused_with_one(policy, now_us),
    }


def refused_with_one(policy: Policy, now_us: int) -> str:
    """Return the code under which an edge refuses the policy where the first has signed alone; empty if it does not."""
    signers = Signers.made()
    name = SIGNERS[0]
    raw = attrs.evolve(signers, private={name: signers.private[name]}).bundle(policy, now_us, 86_400)
    try:
        tactful.open(raw, key=signers.pinned, clock=lambda: now_us).close()
    except BundleError as error:
        return error.code
    return ""
