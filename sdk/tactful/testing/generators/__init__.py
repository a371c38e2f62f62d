"""Random policies, customers and moments, from a seed: wild ones (all that the nouns allow) and well-formed ones."""

from .cases import Case, case
from .policies import policy

__all__ = ["Case", "case", "policy"]
