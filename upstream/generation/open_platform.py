"""The backend `open-platform`: the signed contracts as client."""

from collections.abc import Callable

from upstream.clients.errors import UpstreamError
from upstream.clients.generation import GeneratedImage, GenerationClient
from upstream.generation.backends import Backend, ChatImageJob, CoverJob, GenerationFailed
from upstream.sources import endpoint_of


class OpenPlatformBackend(Backend):
    """The job's id goes out as X-Request-ID: whoever takes over from a dead worker asks for the
    same picture, and nothing is generated twice."""

    def cover(self, job: CoverJob) -> bytes:
        if job.reference is not None:
            raise GenerationFailed("reference_unsupported", "the platform has no such picture")
        return self._made(
            lambda client: client.cover(
                user_id=job.user_id, request_id=job.id, options=dict(job.options)
            )
        )

    def chat_image(self, job: ChatImageJob) -> bytes:
        return self._made(
            lambda client: client.chat_image(
                user_id=job.user_id,
                request_id=job.id,
                agent_id=job.agent_id,
                conversation_id=job.conversation_id,
                text=job.text,
                language=job.language,
                metadata=job.metadata,
            )
        )

    def _made(self, call: Callable[[GenerationClient], GeneratedImage]) -> bytes:
        assert self.source is not None
        try:
            with GenerationClient(endpoint_of(self.source)) as client:
                return call(client).data
        except UpstreamError as error:
            # An upstream's own words may repeat the prompt: only its code is kept.
            vendor = f", {error.vendor_code}" if error.vendor_code else ""
            raise GenerationFailed(error.code, f"the platform refused{vendor}") from error
