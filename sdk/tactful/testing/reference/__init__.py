"""The reference engine: what a decision is, one treatment at a time, one rule at a time, and nothing remembered.

It is written to be right by reading, and shares no code with plan and engine: they must give what it gives. Read
`decide.py` first; it is the way of a decision, and each of its steps is the file of that name.
"""

from .answer import Answer, Pick, Situation
from .decide import Reference

__all__ = ["Answer", "Pick", "Reference", "Situation"]
