"""Authoring: from a policy's folder to a compiled policy, with every mistake at its place (extra `author`)."""

from .compile import Compiled, compile_files, compile_folder, read_files
from .document import document
from .init import init
from .lint import Finding, lint
from .personas import Persona, PolicyTest
from .run_tests import Outcome, Suite, decide_for, load_suite

__all__ = [
    "Compiled",
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
]
