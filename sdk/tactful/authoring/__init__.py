"""Authoring: from a policy's folder to a compiled policy, with every mistake at its place (extra `author`)."""

from .compile import Compiled, compile_files, compile_folder, read_files

__all__ = ["Compiled", "compile_files", "compile_folder", "read_files"]
