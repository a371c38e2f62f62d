"""The house under test: the guardrail as it is. Mutants are run through the same checks by `mutants.survives`."""

import pytest

from .houses import House


@pytest.fixture
def house() -> House:
    return House()
