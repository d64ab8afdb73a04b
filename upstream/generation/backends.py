"""What stands behind generation: one small interface, and which source it is chosen by."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from upstream.models import Source


class GenerationFailed(Exception):
    """No picture, for good. `code` is one word that may be told to the caller; `detail` is for
    operators, and holds neither prompt nor credential."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Job:
    """What every picture needs. `id`: 32 hexadecimal digits, the same however often it is tried.

    `text` is what shall be drawn. `seconds`: how long the backend may take. `backend_id`: the id
    under which the backend has the job already, "" when it has not; `keep_id` stores it.
    """

    id: str
    user_id: str
    seconds: float
    text: str = field(repr=False)
    backend_id: str = ""
    keep_id: Callable[[str], None] = field(default=lambda backend_id: None, repr=False)

    @property
    def seed(self) -> int:
        """The same for every try, another for every request."""
        return int(self.id[-12:], 16)


@dataclass(frozen=True, kw_only=True)
class CoverJob(Job):
    """`options`: the page's body by its own names, without the reference. `reference`: bytes of a
    picture to go by."""

    options: Mapping[str, str]
    reference: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class ChatImageJob(Job):
    """`agent_id` is the character's upstream id; `workflow` its ComfyUI workflow in API format."""

    agent_id: str
    conversation_id: str
    language: str
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    workflow: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Backend(ABC):
    """Makes pictures: blocking calls that hold no database connection. Both raise
    GenerationFailed, and return the bytes of a picture of any common type."""

    def __init__(self, source: Source | None) -> None:
        self.source = source

    @abstractmethod
    def cover(self, job: CoverJob) -> bytes: ...

    @abstractmethod
    def chat_image(self, job: ChatImageJob) -> bytes: ...
