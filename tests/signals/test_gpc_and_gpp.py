"""Global Privacy Control and GPP strings: what opts out, and what is not understood opts out too."""

import json
from pathlib import Path

import pytest

from tactful import ValueRefused
from tactful.signals import GppString, OptOuts, Signals, gpc

VECTORS = json.loads((Path(__file__).parent / "gpc.json").read_text(encoding="utf-8"))["vectors"]
OUT = OptOuts(sale=True, sharing=True, advertising=True)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: Of the platform's own specification: a US privacy string beside an EU one, and two sections far apart.
EU_AND_US = "DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN"


def encoded(bits):
    bits += "0" * (-len(bits) % 6)
    return "".join(LETTERS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def fibonacci(number):
    row = [1, 2]
    while row[-1] <= number:
        row.append(row[-1] + row[-2])
    bits = ""
    for one in reversed([one for one in row if one <= number]):
        bits, number = ("1" + bits, number - one) if one <= number else ("0" + bits, number)
    return bits + "1"


def gpp(*sections):
    header, last = f"{3:06b}{1:06b}{len(sections):012b}", 0
    for number, _ in sections:
        header, last = header + "0" + fibonacci(number - last), number
    return "~".join([encoded(header), *(text for _, text in sections)])


def national(sale, sharing, advertising, gpc_segment=None):
    core = encoded(f"{1:06b}" + "01" * 6 + f"{sale:02b}{sharing:02b}{advertising:02b}" + "00" * 18)
    return core if gpc_segment is None else f"{core}.{encoded('01' + gpc_segment)}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["headers"]))
def test_global_privacy_control_is_exactly_one_and_nothing_else(vector):
    headers = [tuple(pair) for pair in vector["headers"]]

    assert gpc(headers) is vector["gpc"]
    assert Signals.of(headers).out == (OUT if vector["gpc"] else OptOuts())


def test_a_string_of_the_specification_is_read():
    found = GppString.read(EU_AND_US)

    assert (found.sections, found.out) == ((2, 6), OptOuts())
    assert (found.tcf.language, found.tcf.cmp) == ("EN", 31)


@pytest.mark.parametrize(
    ("sections", "out"),
    [
        ([(6, "1YYN")], OUT),
        ([(6, "1YNN")], OptOuts()),
        ([(6, "1---")], OptOuts()),
        ([(7, national(1, 2, 2))], OptOuts(sale=True)),
        ([(7, national(2, 1, 2))], OptOuts(sharing=True)),
        ([(7, national(2, 2, 1))], OptOuts(advertising=True)),
        ([(7, national(0, 0, 0))], OptOuts()),
        ([(7, national(2, 2, 2, "1"))], OUT),
        ([(7, national(2, 2, 2, "0"))], OptOuts()),
        ([(8, encoded(f"{1:06b}" + "01" * 3 + "10" + "01" + "00" * 15))], OptOuts(sharing=True, advertising=True)),
        ([(8, encoded(f"{1:06b}" + "01" * 3 + "01" + "10" + "00" * 15))], OptOuts(sale=True)),
        ([(9, "whatever")], OUT),
        ([(7, national(2, 2, 2)), (23, "BAAA")], OUT),
        ([], OptOuts()),
    ],
)
def test_each_section_opts_out_as_it_says_and_one_that_is_not_known_of_everything(sections, out):
    found = GppString.read(gpp(*sections))

    assert (found.sections, found.out) == (tuple(number for number, _ in sections), out)


def test_sections_can_be_written_as_a_range():
    header = encoded(f"{3:06b}{1:06b}{1:012b}" + "1" + fibonacci(6) + fibonacci(2))

    assert GppString.read(f"{header}~1YNN~{national(2, 2, 2)}~{national(2, 2, 2)}").sections == (6, 7, 8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "D",
        "CQdWToA",  # a TC string is none
        "DBA",  # the header ends too early
        gpp((6, "1YNN")) + "~1YNN",  # a section too many
        gpp((6, "1YNN")).partition("~")[0],  # one too few
        gpp((6, "2YNN")),
        gpp((6, "1Y")),
        gpp((6, "1XNN")),
        gpp((7, "B")),
        gpp((2, "CO")),
        gpp((7, national(2, 2, 2) + ".")),
        encoded(f"{3:06b}{1:06b}{1:012b}" + "1" + fibonacci(1) + fibonacci(60_000)),
        encoded(f"{3:06b}{1:06b}{1:012b}" + "0" + "0" * 60),
    ],
)
def test_what_is_malformed_is_refused_and_opts_out_of_everything(text):
    with pytest.raises(ValueRefused) as raised:
        GppString.read(text)

    assert len(text) < 5 or text not in str(raised.value)
    assert (Signals.of(gpp_string=text).out, Signals.of(gpp_string=text).malformed) == (OUT, ("gpp",))


def test_any_no_wins():
    permitting = Signals.of(gpp_string=gpp((7, national(2, 2, 2))))
    asked = Signals.of([("Sec-GPC", "1")], gpp_string=gpp((7, national(2, 2, 2))))

    assert (permitting.out, asked.out) == (OptOuts(), OUT)
    assert OptOuts(sale=True) | OptOuts(sharing=True) == OptOuts(sale=True, sharing=True)


def test_a_tc_string_within_counts_beside_one_of_its_own():
    within = Signals.of(gpp_string=EU_AND_US)

    assert len(within.tcf) == 1
    assert within.refuses(1)
    assert not Signals().refuses(1)  # without a string nothing is said
