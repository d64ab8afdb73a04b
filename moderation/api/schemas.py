"""The shapes of the moderation REST API, for validation where it is plain and for OpenAPI
everywhere.
"""

from typing import Any

from rest_framework import serializers

from moderation.enums import (
    Action,
    BankAction,
    CaseKind,
    Outcome,
    ReportKind,
    ReviewStatus,
    Seen,
    Severity,
)


class SubjectRefSchema(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()


class QueueSchema(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    subject_type = serializers.CharField(allow_null=True)
    open = serializers.IntegerField()
    claimed = serializers.IntegerField()
    overdue = serializers.IntegerField()
    oldest_opened_at = serializers.DateTimeField(allow_null=True)


class ClaimRequest(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=100, default=20)


class ClaimTheseRequest(serializers.Serializer[Any]):
    cases = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=100)


class RenewRequest(serializers.Serializer[Any]):
    """Without `cases` everything that the caller holds: a page renews only what it shows."""

    cases = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=500)


class ImageSchema(serializers.Serializer[Any]):
    url = serializers.CharField(allow_null=True)
    thumb_url = serializers.CharField(allow_null=True)
    poster_url = serializers.CharField(allow_null=True, help_text="A clip's still.")
    seconds = serializers.FloatField(allow_null=True, help_text="Of a clip.")
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    mime = serializers.CharField(allow_null=True)
    state = serializers.CharField()


class SubjectSchema(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    review_status = serializers.ChoiceField(ReviewStatus.choices)
    hidden = serializers.BooleanField()
    held = serializers.BooleanField()
    title = serializers.CharField()
    text = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    upstream_id = serializers.CharField()
    image = ImageSchema(allow_null=True)
    context = serializers.DictField()  # type: ignore[assignment]


class LeaseSchema(serializers.Serializer[Any]):
    token = serializers.UUIDField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class CaseSchema(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    queue = serializers.CharField()
    kind = serializers.ChoiceField(CaseKind.choices)
    priority = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    why = serializers.ListField(child=serializers.CharField())
    family = serializers.UUIDField(allow_null=True)
    claim = LeaseSchema()
    subject = SubjectSchema()


class ClaimAnswer(serializers.Serializer[Any]):
    cases = CaseSchema(many=True)
    open = serializers.IntegerField()


class CasesAnswer(serializers.Serializer[Any]):
    cases = CaseSchema(many=True)


class RenewAnswer(serializers.Serializer[Any]):
    class Renewed(serializers.Serializer[Any]):
        id = serializers.UUIDField()
        expires_at = serializers.DateTimeField()

    cases = Renewed(many=True)


class ReleaseRequest(serializers.Serializer[Any]):
    claim_token = serializers.UUIDField()


class ReleasedAnswer(serializers.Serializer[Any]):
    released = serializers.IntegerField()


class DecisionRow(serializers.Serializer[Any]):
    """On a claimed case, on a claimed family (every case of it), or on a subject."""

    case = serializers.UUIDField(required=False)
    family = serializers.UUIDField(required=False)
    claim_token = serializers.UUIDField(required=False)
    subject = SubjectRefSchema(required=False)
    action = serializers.ChoiceField(
        [*(a for a in Action.values if a not in {"undo", "follow"}), "skip"]
    )
    reason = serializers.CharField(required=False, allow_blank=True)
    note = serializers.CharField(required=False, allow_blank=True)
    seen = serializers.ChoiceField(Seen.choices, required=False)
    expected = serializers.ChoiceField(ReviewStatus.choices, required=False)


class DecisionsRequest(serializers.Serializer[Any]):
    decisions = serializers.ListField(child=DecisionRow(), min_length=1, max_length=1000)


class ResultSchema(serializers.Serializer[Any]):
    """`row`, where families were decided: the place in the request of the row that it answers."""

    row = serializers.IntegerField(required=False)
    subject = SubjectRefSchema(allow_null=True)
    status = serializers.ChoiceField(Outcome.choices)
    review_status = serializers.ChoiceField(ReviewStatus.choices, allow_null=True)
    decision = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_null=True)


class BatchSchema(serializers.Serializer[Any]):
    batch = serializers.UUIDField()
    results = ResultSchema(many=True)


class ActorSchema(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    role = serializers.CharField(allow_null=True)


class DecisionSchema(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    batch = serializers.UUIDField()
    subject = SubjectRefSchema()
    action = serializers.CharField()
    to = serializers.CharField()
    hidden = serializers.BooleanField()
    held = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    reason_version = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    actor = ActorSchema()
    queue = serializers.CharField(allow_null=True)
    why = serializers.ListField(child=serializers.CharField())
    family = serializers.UUIDField(allow_null=True)
    seen = serializers.CharField()
    reverses = serializers.IntegerField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a keyword of Python, so it joins by name."""
        return super().get_fields() | {"from": serializers.CharField()}


class DecisionsPage(serializers.Serializer[Any]):
    items = DecisionSchema(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class SubjectRow(serializers.Serializer[Any]):
    type = serializers.CharField()
    id = serializers.UUIDField()
    review_status = serializers.CharField()
    hidden = serializers.BooleanField()
    held = serializers.BooleanField()
    title = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    upstream_id = serializers.CharField()
    first_seen_at = serializers.DateTimeField()
    reviewed_at = serializers.DateTimeField(allow_null=True)


class SubjectsPage(serializers.Serializer[Any]):
    items = SubjectRow(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class TimelineEntry(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    event = serializers.CharField()


class SubjectDetail(SubjectSchema):
    timeline = TimelineEntry(many=True)


class ReasonSchema(serializers.Serializer[Any]):
    slug = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    version = serializers.IntegerField()
    digit = serializers.IntegerField(allow_null=True)
    guide = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`label` is an attribute of every field of DRF, so it joins by name."""
        return super().get_fields() | {"label": serializers.CharField()}


class ReasonsAnswer(serializers.Serializer[Any]):
    items = ReasonSchema(many=True)


class NoteRequest(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)


class ReportTarget(serializers.Serializer[Any]):
    """`id`: ours, or the upstream's own."""

    type = serializers.CharField(max_length=64)
    id = serializers.CharField(max_length=255)


class ReportRequest(serializers.Serializer[Any]):
    """Give `subject` or `url`: one of our picture links (an expired one, too) or a subject's page.

    `reporter`: who says it, in the client's own words; the account itself when left out.
    `category`: a reason's slug, or the client's own word. `kind` appeal: against a decision.
    """

    subject = ReportTarget(required=False)
    url = serializers.CharField(required=False, max_length=2_000)
    kind = serializers.ChoiceField(ReportKind.choices, default=ReportKind.REPORT)
    reporter = serializers.CharField(required=False, max_length=255)
    category = serializers.CharField(required=False, allow_blank=True, max_length=50, default="")
    text = serializers.CharField(required=False, allow_blank=True, max_length=4_000, default="")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if ("subject" in given) == ("url" in given):
            raise serializers.ValidationError({"subject": ["Give either subject or url."]})
        return given


class ReportSchema(serializers.Serializer[Any]):
    """`outcome`: what somebody judged after it; `reason`: of a rejection."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(ReportKind.choices)
    subject = SubjectRefSchema()
    reporter = serializers.CharField()
    category = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    status = serializers.ChoiceField(["open", "closed"])
    outcome = serializers.ChoiceField(
        [ReviewStatus.APPROVED, ReviewStatus.REJECTED], allow_null=True
    )
    reason = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class ReportsPage(serializers.Serializer[Any]):
    items = ReportSchema(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class MeAnswer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    blur = serializers.IntegerField()
    greyscale = serializers.BooleanField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    decisions_today = serializers.IntegerField()
    shift_started_at = serializers.DateTimeField(allow_null=True)


class PrecedentsRequest(serializers.Serializer[Any]):
    subjects = serializers.ListField(child=SubjectRefSchema(), min_length=1, max_length=50)


class PrecedentSchema(serializers.Serializer[Any]):
    """`distance`: in how many of 256 bits the pictures' hashes differ, at most 31."""

    subject = SubjectRefSchema()
    distance = serializers.IntegerField()
    review_status = serializers.ChoiceField(ReviewStatus.choices)
    reason = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    by = serializers.CharField()
    actor_kind = serializers.CharField()
    thumb_url = serializers.CharField(allow_null=True)


class PrecedentsAnswer(serializers.Serializer[Any]):
    """Subjects without precedents are left out."""

    class Item(serializers.Serializer[Any]):
        subject = SubjectRefSchema()
        precedents = PrecedentSchema(many=True)

    items = Item(many=True)


class ExposureRequest(serializers.Serializer[Any]):
    class Picture(serializers.Serializer[Any]):
        subject = serializers.UUIDField()
        seen = serializers.ChoiceField(Seen.choices)

    pictures = serializers.ListField(child=Picture(), min_length=1, max_length=500)


class ExposureAnswer(serializers.Serializer[Any]):
    shown = serializers.IntegerField()
    revealed = serializers.IntegerField()
    by_severity = serializers.DictField(child=serializers.IntegerField())


class HashSchema(serializers.Serializer[Any]):
    pdq = serializers.CharField(required=False, min_length=64, max_length=64)
    sha256 = serializers.CharField(required=False, min_length=64, max_length=64)


class MatchRequest(serializers.Serializer[Any]):
    """Exactly one of the three lists."""

    images = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=1000, help_text="base64"
    )
    hashes = HashSchema(many=True, required=False)
    urls = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=1000,
        help_text="links to pictures that this server gave to the same person",
    )  # fmt: skip


class MatchSchema(serializers.Serializer[Any]):
    bank = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    distance = serializers.IntegerField()
    action = serializers.ChoiceField(BankAction.choices)
    subject = SubjectRefSchema(allow_null=True)


class MatchResult(serializers.Serializer[Any]):
    """`error` alone, or the rest."""

    pdq = serializers.CharField(required=False, allow_null=True)
    quality = serializers.IntegerField(required=False, allow_null=True)
    matches = MatchSchema(
        many=True, required=False, help_text="of each bank at most the 20 nearest entries"
    )
    more = serializers.IntegerField(
        required=False, help_text="how many entries were left out, of banks with more than 20"
    )
    error = serializers.CharField(required=False)


class MatchAnswer(serializers.Serializer[Any]):
    results = MatchResult(many=True)
