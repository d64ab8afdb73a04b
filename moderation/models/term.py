"""The word and pattern list of the policy, each edit a new version."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.enums import Severity, TermAction, TermKind, TermLanguage
from moderation.models.policy import Reason


class Term(models.Model):
    """A word, phrase or regular pattern that texts are searched for. Never deleted: switched
    off.
    """

    text = models.CharField(
        _("word or pattern"),
        max_length=500,
        help_text=_(
            "Words match whatever the case, width, accents and invisible characters, also with gaps"
            " between their letters; Chinese inside any text, other scripts as whole words."
            " Patterns are regular expressions (RE2) over the text in small letters; a group"
            " says what of it is marked."
        ),
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=TermKind.choices, default=TermKind.WORD
    )
    language = models.CharField(_("language"), max_length=2, choices=TermLanguage.choices)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    action = models.CharField(
        _("action"),
        max_length=10,
        choices=TermAction.choices,
        default=TermAction.QUEUE,
        help_text=_(
            "Refuse: nothing is generated from such a text, and content with it comes first."
            " Queue: its case comes sooner. Mark: it is only marked for the moderator."
        ),
    )
    reason = models.ForeignKey(
        Reason, models.PROTECT, to_field="slug", related_name="+", verbose_name=_("reason")
    )
    active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("word list")
        ordering: ClassVar = ["text"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["text", "kind"], name="term_unique"),
        ]

    def __str__(self) -> str:
        return self.text


class TermVersion(models.Model):
    """A term as it stood after an edit; append-only. The newest row is the list's version."""

    term = models.ForeignKey(Term, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    content = models.JSONField(_("content"))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # A plain id, as in the decision log: the row is append-only and outlives the account.
    created_by = models.BigIntegerField(_("created by"), null=True)

    class Meta:
        verbose_name = _("version of a term")
        verbose_name_plural = _("versions of terms")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["term", "version"], name="termversion_unique")
        ]

    def __str__(self) -> str:
        return f"{self.term_id} v{self.version}"
