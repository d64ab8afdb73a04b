"""The backend `sandbox`: draws a labelled placeholder itself and calls nobody."""

from upstream.generation.backends import Backend, ChatImageJob, CoverJob
from upstream.sandbox.pictures import placeholder

WIDTH, HEIGHT = 512, 768


class PlaceholderBackend(Backend):
    """The default without configuration: synthetic shapes that say what they stand for."""

    def cover(self, job: CoverJob) -> bytes:
        chosen = f"{job.options['gender']}, {job.options['age']}"
        basis = "placeholder by a reference" if job.reference else "placeholder"
        return placeholder(job.seed, WIDTH, HEIGHT, ("cover", chosen, basis))

    def chat_image(self, job: ChatImageJob) -> bytes:
        return placeholder(job.seed, WIDTH, HEIGHT, ("chat image", "placeholder"))
