"""Ages below 18 that are written in words: of options and of what comes from upstream."""

import re
import unicodedata

# Ten to seventeen, in English and in Chinese; “twenty-six”, “二十六” and “十八” are none of them.
_YOUNG_WORDS = re.compile(
    r"\bten\b|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|(?<![一二三四五六七八九几幾数數百千])一?十[一二三四五六七]?(?![八九])"
)


def is_young_in_words(text: str) -> bool:
    return bool(_YOUNG_WORDS.search(unicodedata.normalize("NFKC", text).casefold()))
