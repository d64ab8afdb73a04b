"""The sandbox's users and their fixed, public credentials: they open nothing but the sandbox."""

# ruff: noqa: S105 - these are meant to be known

from dataclasses import dataclass

MEMBER_TOKEN = "sandbox-member-token"  # reads whole albums; owns some private characters
MEMBER_TOKEN_REFRESHED = "sandbox-member-token-2"  # what REFRESH_TOKEN is exchanged for
EXPIRED_TOKEN = "sandbox-expired-token"  # always 401: exchange REFRESH_TOKEN
REFRESH_TOKEN = "sandbox-refresh-token"
NON_MEMBER_TOKEN = "sandbox-non-member-token"  # sees six previews an album
BANNED_TOKEN = "sandbox-banned-token"  # always 401
ASSETS_TOKEN = "sandbox-assets-token"  # the private avatar assets (MEMBER_TOKEN works too)
SIGNED_KEY = "sandbox-key"
SIGNED_SECRET = "sandbox-secret"
# Keys that are signed correctly and then refused as the vendor refuses them.
LIMITED_KEY = "sandbox-limited-key"  # 10400 "Too many requests, please try again later"
SPENT_KEY = "sandbox-spent-key"  # 10400 "API key usage limit reached"
DISABLED_KEY = "sandbox-disabled-key"  # "Invalid API key" under status 200

SIGNED_SECRETS = dict.fromkeys((SIGNED_KEY, LIMITED_KEY, SPENT_KEY, DISABLED_KEY), SIGNED_SECRET)


@dataclass(frozen=True)
class User:
    """Who calls; `member` sees whole albums."""

    id: str
    name: str
    member: bool = False


_NAMES = (
    "alice",
    "bob",
    "charlie",
    "晓雨",
    "دانا",
    "noa",
    "tomás",
    "yuki",
    "李明",
    "priya",
    "olu",
    "zoë",
)
USERS = tuple(
    User(id=f"8ebc8550-6d4b-4dd0-967b-3e1367a4{number:04x}", name=name, member=number == 0)
    for number, name in enumerate(_NAMES)
)
MEMBER, NON_MEMBER = USERS[0], USERS[1]

TOKENS = {
    MEMBER_TOKEN: MEMBER,
    MEMBER_TOKEN_REFRESHED: MEMBER,
    NON_MEMBER_TOKEN: NON_MEMBER,
    ASSETS_TOKEN: User(id="sandbox-assets", name="assets"),
}
