"""Something on every page: each state of a subject, a case, a run, a task, and people at work."""

import os
import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from characters.models import Option
from gallery.models import ImageDetail, ImageLog
from media.services import store_bytes
from moderation import cases, handover, search
from moderation.actors import Actor
from moderation.enums import BankAction, ExportState, JobKind, JobState, ReportKind, ScanState
from moderation.models import (
    Bank,
    BankEntry,
    BankMatch,
    BankScan,
    Export,
    Job,
    Note,
    Term,
)
from moderation.reports import Statement, report
from moderation.services import Request, decide
from tests.console.conftest import with_bytes
from tests.factories import (
    make_asset,
    make_case,
    make_character,
    make_cover,
    make_fault,
    make_image,
    make_person,
    make_reason,
    make_run,
    make_source,
)
from tests.media.samples import video, wav
from upstream.enums import RunStatus

# What people wrote is Chinese here, so that on a Chinese page Latin sentences are the console's.
PROMPT = "一座红色的灯塔，柔和的光"


def fill(*, admin: User, image: ImageLog) -> dict[str, object]:
    """The ids for the {names} of walking.PAGES."""
    return _subjects(admin, image) | _runs() | _tasks(admin) | _banks(image) | _policy() | _people()


def _subjects(admin: User, image: ImageLog) -> dict[str, object]:
    actor = Actor.person(admin)
    make_reason("violence", severity="high", label_zh="暴力")
    make_reason("minor-safety", severity="critical", label_zh="未成年人安全")
    results, images = [], {}
    for number, action in enumerate(("approve", "reject", "escalate", "hold")):
        images[action] = subject = with_bytes(make_image(prompt=PROMPT), seed=number + 2)
        wanted = Request(action=action, subject=subject.subject_key, reason="violence", note="为何")
        results += [decide(requests=[wanted], actor=actor) for _ in range(2)]
    late = make_asset(case=False, name="肖像")
    make_case(late, due_at=timezone.now() - timedelta(minutes=5))
    for _ in range(3):
        with_bytes(make_image(prompt=PROMPT), seed=9)
    said = Statement(ReportKind.REPORT, "bob", "violence", "太红了")
    report(subject=image.subject_key, said=said, client=make_person("client", role="viewer"))
    Note.objects.create(
        subject_type=image.subject_type(), subject_id=image.pk, user=admin, text="请看。"
    )
    handover.write(user=admin, text="请留意图库来源。")
    ImageDetail.objects.filter(image=image).update(prompt=PROMPT)
    search.fill()
    character = make_character(name="海员", bio="一位成年海员。", origin_prompt="你是成年海员。")
    return {
        "image": image.pk, "asset": late.pk, "character": character.pk,
        "rejected": images["reject"].pk, **_other_pictures(),
        "batch": results[0].batch, "decision": results[0].results[0].decision,
    }  # fmt: skip


def _other_pictures() -> dict[str, object]:
    """A cover, a clip and a sound, each with bytes of its kind."""
    clip = make_asset(name="短片", asset_type="Video")
    sound = make_asset(name="声音", asset_type="Audio")
    for subject, data in ((clip, video("webm")), (sound, wav())):
        store_bytes(data=data, subject_type=subject.subject_type(), subject_id=subject.pk)
    return {"cover": with_bytes(make_cover(), seed=8).pk, "clip": clip.pk, "sound": sound.pk}


def _runs() -> dict[str, object]:
    partial = make_run(status=RunStatus.PARTIAL, failed=1, notes=["Previews only."], error="503")
    make_fault(partial)
    make_run(source=make_source("running"), status=RunStatus.RUNNING, expected=100, seen=20)
    make_run(source=make_source("broken"), status=RunStatus.FAILED)
    make_source("shut", circuit_open_until=timezone.now() + timedelta(minutes=9))
    return {"run": partial.pk, "source": make_source("edited", token="tok").pk}


def _tasks(admin: User) -> dict[str, object]:
    asked = {
        "type": "gallery.imagelog", "query": {"user": "u-1"}, "action": "reject",
        "reason": "violence",
    }  # fmt: skip
    now = timezone.now()

    def make(**fields: Any) -> Job:
        return Job.objects.create(
            user=admin,
            **{"kind": JobKind.DECIDE, "parameters": asked, "batch": uuid.uuid4(), **fields},
        )

    make()
    make(kind=JobKind.REPLAY, parameters={}, state=JobState.CANCELLED, finished_at=now)
    running = make(state=JobState.RUNNING, started_at=now, expected=900, done=300)
    done = make(
        state=JobState.SUCCEEDED, started_at=now, finished_at=now, expected=9, done=9,
        outcomes={"applied": 7, "conflict": 2}, errors={},
    )  # fmt: skip
    taken = {"user": admin, "listing": "gallery.imagelog", "format": "csv", "rows": 3}
    export = Export.objects.create(state=ExportState.COMPLETE, expected=3, **taken)
    Export.objects.create(state=ExportState.RUNNING, filters={"user": "u-1"}, **taken)
    return {"task": running.pk, "done": done.pk, "export": export.pk}


def _banks(image: ImageLog) -> dict[str, object]:
    bank = Bank.objects.create(
        slug="partners", action=BankAction.REJECT, reason="violence", note="三月的名单"
    )
    Bank.objects.create(slug="own", own=True, action=BankAction.MARK, active=False)
    entries = [
        BankEntry.objects.create(
            bank=bank, key=uuid.uuid4(), pdq=os.urandom(32), quality=90, label=f"p-{number}"
        )
        for number in range(3)
    ]
    scan = BankScan.objects.create(
        bank=bank, state=ScanState.RUNNING, expected=9000, seen=3000, started_at=timezone.now()
    )
    BankScan.objects.create(bank=bank, state=ScanState.DONE, expected=90, seen=90, hits=1)
    match = BankMatch.objects.create(
        bank=bank, entry=entries[0], subject_type=image.subject_type(), subject_id=image.pk,
        file_id=uuid.uuid4(), distance=7, action=BankAction.FIRST, batch=uuid.uuid4(),
    )  # fmt: skip
    return {"bank": bank.pk, "entry": entries[0].pk, "match": match.pk, "scan": scan.pk}


def _policy() -> dict[str, object]:
    option = Option.objects.first()
    term = Term.objects.first()
    assert option and term, "migrations bring the first ones"
    return {"reason": make_reason("violence").pk, "term": term.pk, "option": option.pk}


def _people() -> dict[str, object]:
    moderator = make_person("moderator", role="moderator")
    cases.claim(user=moderator, queue="images", limit=2)
    return {"user": moderator.pk}
