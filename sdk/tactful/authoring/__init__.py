"""Authoring: from a policy's folder to a compiled policy, with every mistake at its place (extra `author`)."""

from .as_markdown import as_markdown
from .comparing import Change
from .compile import compile_files, compile_folder
from .diff import Difference, diff
from .document import Document, document
from .findings import Finding
from .folder import read_files
from .init import init
from .lint import lint
from .personas import Persona
from .review import review
from .run_tests import Outcome, Suite, decide_for, load_suite, read_suite
from .tests_reader import PolicyTest

__all__ = [
    "Change",
    "Difference",
    "Document",
    "Finding",
    "Outcome",
    "Persona",
    "PolicyTest",
    "Suite",
    "as_markdown",
    "compile_files",
    "compile_folder",
    "decide_for",
    "diff",
    "document",
    "init",
    "lint",
    "load_suite",
    "read_files",
    "read_suite",
    "review",
]
