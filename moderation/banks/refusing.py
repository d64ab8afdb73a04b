"""Before a picture that was made here leaves: whether a bank that rejects knows it, and keeping it
back.
"""

from media.services import Prepared
from moderation.banks.matching import BankHit, Print, find
from moderation.cases import NewCase, open_cases
from moderation.enums import BankAction, CaseKind, Priority, Why
from moderation.models import KeptBack
from moderation.store import SubjectKey


def refusing(picture: Prepared) -> BankHit | None:
    """The nearest entry of the banks that reject, own ones too; None when none knows the picture.

    By the very bytes and by the hash of the decoded picture, with what is committed by now.
    """
    hashed = picture.hashed
    known_by = None if hashed is None or hashed.is_flat else hashed.pdq
    [hits] = find([Print(known_by, picture.sha256)])
    return next((hit for hit in hits if hit.action == BankAction.REJECT), None)


def keep_back(*, subject: SubjectKey, hit: BankHit) -> None:
    """Has a person see the subject of a refused picture, also when a rule has rejected it; until
    one approves it no client does, also when the rejection is undone or none was possible."""
    KeptBack.objects.get_or_create(subject_id=subject[1], defaults={"subject_type": subject[0]})
    open_cases(
        [
            NewCase(
                subject_type=subject[0], subject_id=subject[1], kind=CaseKind.SECOND_LOOK,
                why=[Why.KNOWN_PICTURE, hit.words], priority=Priority.TOP,
            )
        ]
    )  # fmt: skip
