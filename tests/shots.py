"""Which pages `make screenshots` takes pictures of: who sees them, where, and what is pressed."""

from dataclasses import dataclass

CARD = "#frame[data-state=ready]"
IMAGES = "/admin/queues/images/"
BANKS = "/admin/moderation/bank/"


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it; `press` are keys, `wait` and `then` selectors that are waited
    for before and after them.

    `seek`: the next card until this selector shows. `cut`: addresses that get no answer.
    `full`: all of the page, not only the first screen. `manual`: it also goes to docs/images, in
    English and in Chinese.
    """

    name: str
    who: str
    path: str
    press: tuple[str, ...] = ()
    wait: str = ""
    then: str = ""
    seek: str = ""
    cut: str = ""
    offline: bool = False
    full: bool = False
    manual: bool = False


REVIEW = [
    Shot("review", "moderator", IMAGES, wait=CARD, manual=True),
    Shot("reasons", "moderator", IMAGES, ("r",), CARD, manual=True),
    Shot("reasons-all", "moderator", IMAGES, ("r", "0"), CARD),
    Shot("escalate", "moderator", IMAGES, ("e",), CARD),
    Shot("history", "moderator", IMAGES, ("h",), CARD, "#history .past", manual=True),
    Shot("keys", "moderator", IMAGES, ("?",), CARD, manual=True),
    Shot("filter", "moderator", IMAGES, ("/",), CARD),
    Shot("context", "moderator", IMAGES, ("c",), CARD),
    Shot("family", "moderator", IMAGES, wait=CARD, seek="#family"),
    Shot("offline", "moderator", IMAGES, ("a",), CARD, offline=True),
    Shot("review-character", "moderator", "/admin/queues/characters/", wait=CARD),
    Shot("review-asset", "moderator", "/admin/queues/assets/", wait=CARD),
    Shot("review-escalation", "lead", "/admin/queues/escalations/", wait=CARD),
    Shot("clear", "moderator", "/admin/queues/covers/", wait="#state-clear:not([hidden])"),
    Shot("unclaimed", "lead", "/admin/queues/covers/", cut="**/claim/",
         wait="#state-error:not([hidden])"),
    Shot("denied", "moderator", "/admin/queues/escalations/"),
    # The page stays in the grid once it was chosen: what comes in focus comes before.
    Shot("grid", "moderator", IMAGES, ("g",), CARD, manual=True),
    Shot("grid-selected", "moderator", IMAGES, ("Control+a", "r"), ".cell"),
]  # fmt: skip

PAGES = [
    Shot("dashboard", "lead", "/admin/", manual=True),
    Shot("dashboard-all", "lead", "/admin/", full=True),
    Shot("queues", "lead", "/admin/queues/", manual=True),
    Shot("subject", "lead", "{subject}", manual=True),
    Shot("subject-all", "lead", "{subject}", full=True),
    Shot("character", "lead", "{character}", full=True),
    Shot("batch", "moderator", "{batch}", full=True),
    Shot("search", "lead", "/admin/search/"),
    Shot("search-found", "lead", "/admin/search/?q=light"),
    Shot("search-nothing", "lead", "/admin/search/?q=zeppelin"),
    Shot("bulk", "lead", "/admin/bulk/gallery.imagelog/?status=pending", full=True),
    Shot("task", "lead", "{task}"),
    Shot("tasks", "lead", "/admin/tasks/"),
    Shot("export", "lead", "/admin/exports/{export}/"),
    Shot("hand-over", "lead", "/admin/handover/", manual=True),
    Shot("month", "lead", "/admin/month/", manual=True),
    Shot("month-all", "lead", "/admin/month/", full=True),
    Shot("assignments", "lead", "/admin/assignments/", manual=True),
    Shot("preferences", "moderator", "/admin/preferences/", manual=True),
    Shot("password", "moderator", "/admin/password_change/"),
    Shot("manual", "moderator", "/admin/manual/"),
    Shot("manual-leads", "lead", "/admin/manual/leads/", full=True),
    Shot("images", "lead", "/admin/gallery/imagelog/", manual=True),
    Shot("run", "operator", "{run}"),
    Shot("source", "operator", "{source}", full=True),
    Shot("source-new", "operator", "/admin/upstream/source/add/", full=True),
    Shot("person", "admin", "{person}", full=True),
    Shot("person-new", "admin", "/admin/accounts/user/add/", full=True),
    Shot("key-new", "admin", "/admin/accounts/apikey/add/", full=True),
    Shot("reason", "lead", "{reason}", full=True),
    Shot("term", "lead", "{term}", full=True),
    Shot("term-new", "lead", "/admin/moderation/term/add/", full=True),
    Shot("option", "lead", "{option}", full=True),
    Shot("decision", "lead", "{decision}", full=True),
    Shot("banks", "lead", BANKS),
    Shot("bank", "lead", "{bank}", full=True),
    Shot("bank-new", "lead", f"{BANKS}add/", full=True),
    Shot("bank-entries", "lead", "/admin/moderation/bankentry/"),
    Shot("bank-matches", "lead", "/admin/moderation/bankmatch/"),
    Shot("bank-scans", "lead", "/admin/moderation/bankscan/"),
    Shot("not-found", "lead", "/admin/queues/nothing/"),
    Shot("not-allowed", "moderator", "/admin/month/"),
    Shot("failed", "moderator", "file:templates/500.html"),
]

SHOTS = [*REVIEW, *PAGES]
