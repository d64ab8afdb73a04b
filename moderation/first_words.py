"""The word list that a new Gatehouse starts with: few terms, to be filled by leads in the admin.

Ages under 18 are refused. A pattern's first branch swallows adult ages that end like a child's
(“twenty-one years old”, “二十七岁”); its group is what is marked.
"""

from typing import NamedTuple

from moderation.enums import Severity, TermAction, TermKind, TermLanguage

_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred and"
_SMALL = "two|three|four|five|six|seven|eight|nine"
_ONES = f"one|{_SMALL}"
_TEENS = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
_YOUNG = "1[0-7]|[1-9]"
# Not `\b`: a letter may stand before the number, and “girl17岁” has no boundary there.
_START = "(?:^|[^0-9])"
_OLD = r"[\s-]+years?[\s-]+(?:old|of[\s-]+age)\b"
# What numbers of “aged nine hundred” go on with.
_MORE = r"[\s-]+(?:hundred|thousand|million)"
_LIMIT = "1[2-8]|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
_SUI = r"\s*[周週]?\s*[岁歲歳]"


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
    _age(rf"{_START}((?:{_YOUNG})[\s-]*(?:years?|yrs?|y)[\s./-]*(?:old\b|o\b|of[\s-]+age\b))", _EN),
    _age(rf"\bage[ds]?\s*(?:of\b|[:=])?\s*((?:{_YOUNG})\b)", _EN),
    _age(rf"\b(?:{_TENS})[\s-]+(?:{_ONES}){_OLD}|\b((?:{_TEENS}|{_ONES}){_OLD})", _EN),
    _age(
        rf"\bage[ds]?\s*(?:of\b|[:=])?\s*(?:(?:{_TEENS}){_MORE}|((?:{_TEENS})\b))",
        _EN,
    ),
    # “In an age two kings fought” and “aged two-tone leather” say nothing of an age.
    _age(
        rf"\b(?:aged|age\s*[:=]|at\s+age|(?:at|by|from|since|until|to)\s+the\s+age\s+of)\s*"
        rf"(?:(?:{_SMALL}){_MORE}|({_SMALL})(?:[^a-z0-9-]|-year|$))",
        _EN,
    ),
    # In words that are someone's: “under 18 cm” and “in under 15.” are not.
    _age(
        rf"\bin\s+under\s|\b((?:under|younger\s+than)[\s-]*(?:{_LIMIT}))"
        r"(?:'?s\b|[\s-]*(?:years?[\s-]+old|girl|boy|child|kid|teen|student|model)|\s+(?:and|or)\b"
        r"|\s*[岁歲歳的]|\s*[.,;:!?)\"]+(?:\s|$)|\s*$)",
        _EN,
    ),
    _age(r"\b((?:under|below)\s+(?:the\s+)?age\s+(?:of\s+)?(?:18|eighteen)\b)", _EN),
    _age(
        r"\bunder\s+age(?:\s+(?:of\s+)?(?:19|[2-9][0-9]|[0-9]{3,})\b|-old\b|\s+of\s+[a-z])"
        r"|\b(under\s+age\b|under\s+aged\s+(?:girl|boy|child|kid|teen))",
        _EN,
    ),
    _age(rf"{_START}((?:{_YOUNG}){_SUI})", _ZH),
    _age(
        r"(?:[百千万萬][零〇一二三四五六七八九十]*|[二三四五六七八九几幾数數]十[一二三四五六七八九]?"
        rf"|[廿卅][一二三四五六七八九]?|十[八九]){_SUI}"
        rf"|((?:十[一二三四五六七]?|[一二两兩三四五六七八九]){_SUI})",
        _ZH,
    ),
    _age(rf"([未不][满滿]\s*(?:18|十八){_SUI}|\b18{_SUI}以下)", _ZH),
    _word("underage", _EN, Severity.CRITICAL, TermAction.REFUSE, "minor-safety"),
    _word("underaged", _EN, Severity.CRITICAL, TermAction.REFUSE, "minor-safety"),
    _word("未成年", _ZH, Severity.CRITICAL, TermAction.REFUSE, "minor-safety"),
    _word("make a bomb", _EN, Severity.HIGH, TermAction.QUEUE, "illegal-goods"),
    _word("制作炸弹", _ZH, Severity.HIGH, TermAction.QUEUE, "illegal-goods"),
    _word("buy followers", _EN, Severity.LOW, TermAction.MARK, "spam"),
    _word("加微信", _ZH, Severity.LOW, TermAction.MARK, "spam"),
)
