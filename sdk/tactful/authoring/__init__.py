"""Authoring: from a policy's folder to a compiled policy, with every mistake at its place (extra `author`)."""

from .compile import compile_files, compile_folder
from .document import document
from .folder import read_files
from .init import init
from .lint import Finding, lint
from .personas import Persona
from .review import review
from .run_tests import Outcome, Suite, decide_for, load_suite
from .tests_reader import PolicyTest

__all__ = [
    "Finding",
    "Outcome",
    "Persona",
    "PolicyTest",
    "Suite",
    "compile_files",
    "compile_folder",
    "decide_for",
    "document",
    "init",
    "lint",
    "load_suite",
    "read_files",
    "review",
]
