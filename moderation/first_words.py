"""The word list that a new Gatehouse starts with: few terms, to be filled by leads in the admin.

Ages under 18 are refused. A pattern's first branch swallows adult ages that end like a child's
(“twenty-one years old”, “二十七岁”); its group is what is marked.
"""

from typing import NamedTuple

from moderation.enums import Severity, TermAction, TermKind, TermLanguage

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred and"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"


class FirstTerm(NamedTuple):
    text: str
    kind: str
    language: str
    severity: str
    action: str
    reason: str


def _age(pattern: str, language: str) -> FirstTerm:
    return FirstTerm(
        pattern, TermKind.PATTERN, language, Severity.CRITICAL, TermAction.REFUSE, "minor-safety"
    )


def _word(text: str, language: str, severity: str, action: str, reason: str) -> FirstTerm:
    return FirstTerm(text, TermKind.WORD, language, severity, action, reason)


_EN, _ZH = TermLanguage.ENGLISH, TermLanguage.CHINESE

FIRST_WORDS = (
    _age(r"\b((?:1[0-7]|[1-9])[\s-]*(?:years?|yrs?|y)[\s./-]*(?:old\b|o\b))", _EN),
    _age(r"\bage[ds]?\s*[:=]?\s*((?:1[0-7]|[1-9])\b)", _EN),
    _age(
        rf"\b(?:{_TENS})[\s-]+(?:{_ONES})[\s-]+years?[\s-]+old\b"
        rf"|\b((?:{_TEENS}|{_ONES})[\s-]+years?[\s-]+old\b)",
        _EN,
    ),
    _age(r"\b((?:1[0-7]|[1-9])\s*周?岁)", _ZH),
    _age(
        r"(?:百[零〇一二三四五六七八九十]*|[二三四五六七八九]十[一二三四五六七八九]?|十[八九])\s*周?岁"
        r"|((?:十[一二三四五六七]?|[一二三四五六七八九])\s*周?岁)",
        _ZH,
    ),
    _word("underage", _EN, Severity.CRITICAL, TermAction.REFUSE, "minor-safety"),
    _word("未成年", _ZH, Severity.CRITICAL, TermAction.REFUSE, "minor-safety"),
    _word("make a bomb", _EN, Severity.HIGH, TermAction.QUEUE, "illegal-goods"),
    _word("制作炸弹", _ZH, Severity.HIGH, TermAction.QUEUE, "illegal-goods"),
    _word("buy followers", _EN, Severity.LOW, TermAction.MARK, "spam"),
    _word("加微信", _ZH, Severity.LOW, TermAction.MARK, "spam"),
)
