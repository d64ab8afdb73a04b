"""What may be written to a log: URLs without their queries, nothing that looks like a secret."""

import re

HIDDEN = "…"
RULES = [
    # The query of a URL or path: signatures, cursors, search terms.
    (re.compile(r"(?P<kept>(?:https?://|/)[^\s?\"'<>\\]*\?)[^\s\"'<>\\]+"), rf"\g<kept>{HIDDEN}"),
    # user:password@ in a URL.
    (re.compile(r"(?P<kept>://)[^\s/@\"']*:[^\s/@\"']*@"), rf"\g<kept>{HIDDEN}@"),
    (re.compile(r"(?P<kept>\b(?:Bearer|Basic|Token) )[^\s\"',\\]+", re.IGNORECASE),
     rf"\g<kept>{HIDDEN}"),
    (
        re.compile(
            r"(?P<kept>\b[\w-]*(?:password|passwd|secret|token|api_?key|authorization|signature"
            r"|cookie|prompt)[\w-]*(?:\\?[\"'])?\s*[:=]\s*(?:\\?[\"'])?)[^\s\"',;})\\…]+",
            re.IGNORECASE,
        ),
        rf"\g<kept>{HIDDEN}",
    ),
    # The token in a media link is all that it takes to see the picture.
    (re.compile(r"(?P<kept>/media/)[\w-]+~[\w-]+"), rf"\g<kept>{HIDDEN}"),
    # PostgreSQL names the offending values of a row there.
    (re.compile(r"(?P<kept>\bDETAIL:  ?)[^\n\"\\]*"), rf"\g<kept>{HIDDEN}"),
]  # fmt: skip


def scrub(text: str) -> str:
    """`text` with queries, passwords, keys, prompts and row values replaced by an ellipsis."""
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text
