"""CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# What a spreadsheet takes for a formula, its full-width forms too; a tab or a line break before one
# is skipped by some.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # fmt: skip
# Without it Excel reads UTF-8 as the machine's old code page.
BOM = "\ufeff"


def safe_cell(value: Any) -> Any:
    """Text that would be a formula gets an apostrophe in front; numbers stay numbers.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return "" if value is None else value
    text = value.replace("\0", "")
    return (
        f"'{text}" if text.lstrip().startswith(_FORMULA) or text[:1] in {"\t", "\r", "\n"} else text
    )


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file line by line, its mark of UTF-8 first; the first row is the head."""
    line = io.StringIO()
    writer = csv.writer(line)
    line.write(BOM)
    for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
