"""What a source can be asked about a policy before it is used. No adapter is named here."""

from typing import Protocol, runtime_checkable

from .policy import Policy


@runtime_checkable
class ChecksPolicy(Protocol):
    """A source that looks, when an edge is opened, whether it and the policy speak of the same things."""

    def check_policy(self, policy: Policy) -> None:
        """
        Tell of what the policy does not have, or has otherwise.

        Raises:
            UsageError: If it cannot be meant; what only hides something is told in the log.
        """
        ...
