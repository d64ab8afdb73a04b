"""A CSV file holds data, never formulas."""

import csv
import io

import pytest

from core.spreadsheets import BOM, csv_lines, safe_cell


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\nx", "＝1", "－1", "=HYPERLINK()"],
)
def test_a_formula_becomes_text(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "plain", "a=1", "图片", 5, -5, -0.5, True])
def test_other_values_stay_as_they_are(value):
    assert safe_cell(value) == value


def test_nothing_is_an_empty_cell_and_no_cell_holds_a_zero_byte():
    assert safe_cell(None) == ""
    assert safe_cell("a\0b") == "ab"
    assert safe_cell("\0=1") == "'=1"


def test_lines_read_back_as_they_were_with_the_mark_of_utf8_in_front():
    rows = [["head", "other"], ['a "quoted", word', "two\nlines"], ["图片", -3]]
    lines = list(csv_lines(rows))
    assert lines[0].startswith(BOM)
    read = list(csv.reader(io.StringIO("".join(lines).removeprefix(BOM))))
    assert read == [["head", "other"], ['a "quoted", word', "two\nlines"], ["图片", "-3"]]


def test_no_rows_make_no_lines():
    assert list(csv_lines([])) == []
