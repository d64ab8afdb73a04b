"""The body of `POST /v1/chat/image`: its fields, the agent that it names, its text's standing."""

import re
from collections.abc import Mapping
from typing import Any

from accounts.models import ApiKey
from characters.models import Character, ImageConfig
from characters.viewers import Viewer, viewer_of_call
from characters.visibility import find_character
from core.envelope import Code, Declined
from core.signing import compact_json
from moderation.enums import ReviewStatus
from moderation.words import find_terms, refusal
from upstream.generation.kinds import PromptRefused

MAX_ID, MAX_TEXT = 255, 4_000
DEFAULT_LANGUAGE = "zh"
_REFUSED = {ReviewStatus.REJECTED, ReviewStatus.PURGED}
# What PostgreSQL cannot hold, in a text or escaped in JSON.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")


def read_chat_image(body: Mapping[str, Any], *, key: ApiKey, user_id: str) -> dict[str, Any]:
    """What a worker needs. Fields come first, then the agent, then the policy.

    Raises Declined in the contract's words, and PromptRefused.
    """
    agent_id = _text(body, "agentId", MAX_ID)
    conversation_id = _text(body, "conversationId", MAX_ID)
    text = _text(body, "text", MAX_TEXT)
    language, metadata = _language(body), _metadata(body)
    character = _agent(agent_id, key=key, user_id=user_id)
    if not ImageConfig.objects.filter(character=character).exists():
        raise Declined(Code.INVALID, "Agent missing image generation config")
    _check_policy(text)
    return {
        "character": str(character.pk),
        "agent_id": character.upstream_id or str(character.pk),
        "conversation_id": conversation_id,
        "text": text,
        "language": language,
        "metadata": metadata,
    }


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Declined(Code.INVALID, f"{name} is required")
    if len(value) > most:
        raise Declined(Code.INVALID, f"{name} is too long")
    if _UNSTORABLE.search(value):
        raise Declined(Code.INVALID, f"{name} is invalid")
    return value.strip()


def _language(body: Mapping[str, Any]) -> str:
    value = body.get("language")
    if value is None or value == "":
        return DEFAULT_LANGUAGE
    if not isinstance(value, str) or not re.fullmatch(
        r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*", value
    ):
        raise Declined(Code.INVALID, "language is invalid")
    return value


def _metadata(body: Mapping[str, Any]) -> str:
    """As JSON text: it goes back as it came, to the digits of its numbers."""
    value = body.get("metadata")
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        raise Declined(Code.INVALID, "metadata is invalid")
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", compact_json(value))


def _agent(agent_id: str, *, key: ApiKey, user_id: str) -> Character:
    """By our id or the upstream's; a private one for its author alone. Raises Declined."""
    caller = viewer_of_call(key=key, user_id=user_id)
    character = find_character(agent_id, source_ids=caller.source_ids)
    if character is None or not _is_drawn(character, caller):
        raise Declined(Code.NOT_FOUND, "Agent not found")
    return character


def _is_drawn(character: Character, caller: Viewer) -> bool:
    blocked = character.hidden or character.held or character.deleted_at is not None
    if blocked or character.review_status in _REFUSED:
        return False
    return character.is_public or caller.owns(character)


def _check_policy(text: str) -> None:
    """Raises PromptRefused with the reason of the gravest word that is refused."""
    (hits,) = find_terms([text])
    if hit := refusal(hits):
        raise PromptRefused(hit.reason or str(hit.severity))
