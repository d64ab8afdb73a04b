"""What a content app adds to generation: its parameters, its subject, its answer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string

from core.envelope import Code, Declined
from upstream.enums import GenerationKind
from upstream.generation.backends import Backend, Job
from upstream.models import GenerationRequest

# How much longer than its caller waits a worker may take: the picture is kept all the same.
LONGER = 10


class PromptRefused(Declined):
    """A text that the policy refuses. `reason` is its slug there; the text goes nowhere."""

    def __init__(self, reason: str) -> None:
        super().__init__(Code.INVALID, f"Prompt refused: {reason}", {"reason": reason})
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PictureRefused:
    """A picture that was made and kept, and must not leave. `reason` is told to the caller, what it
    is like (`detail`) to those who may read generation requests."""

    reason: str
    detail: str


class Generation(ABC):
    """One kind of picture. A class for each in settings.GENERATIONS, made once."""

    kind: ClassVar[GenerationKind]

    @property
    @abstractmethod
    def seconds(self) -> int:
        """How long a caller waits before it is told that the generation failed."""

    @abstractmethod
    def job(self, request: GenerationRequest) -> Job:
        """What a backend needs; reads the database. Raises GenerationFailed."""

    @abstractmethod
    def make(self, backend: Backend, job: Any) -> bytes:
        """Asks the backend; no database. Raises GenerationFailed."""

    @abstractmethod
    def prepare(self, data: bytes) -> Any:
        """Whatever of `complete` needs no database: decoding above all. Raises GenerationFailed."""

    @abstractmethod
    def complete(
        self, request: GenerationRequest, prepared: Any
    ) -> dict[str, Any] | PictureRefused:
        """Makes the subject, whose id is the request's, with its picture and its case, in the
        caller's transaction. The answer's data, without the picture; or that it must not leave."""

    @abstractmethod
    def data(self, request: GenerationRequest, stored: dict[str, Any]) -> dict[str, Any]:
        """The answer's data with the picture, which must still be one to show. Raises Declined."""

    def source_id(self, request: GenerationRequest) -> int | None:
        """The generation source that this request names; None: the default."""
        return None


def generation_of(kind: str) -> Generation:
    made: Generation = import_string(settings.GENERATIONS[kind])()
    return made
