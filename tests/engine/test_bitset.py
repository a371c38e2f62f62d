"""Sets as bits: what goes in comes out, few numbers or many, near or far."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.bitset import bits_of, indices_of

NUMBERS = st.sets(st.integers(0, 5000))
#: So many that they are read by their digits.
MANY = st.sets(st.integers(0, 400), min_size=120)


@given(NUMBERS | MANY)
def test_what_is_set_is_read_in_order(numbers):
    assert list(indices_of(bits_of(numbers))) == sorted(numbers)


@given(NUMBERS | MANY)
def test_bits_are_the_sum_of_powers_of_two_however_often_a_number_comes(numbers):
    assert bits_of([*numbers, *numbers]) == sum(1 << number for number in numbers)


@given(st.integers(0, 1 << 700))
def test_an_integer_is_made_of_the_bits_that_are_read(bits):
    assert bits_of(indices_of(bits)) == bits
