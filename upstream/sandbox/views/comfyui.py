"""ComfyUI's HTTP routes: `/prompt`, `/history/{id}`, `/view`, `/interrupt`."""

from upstream.sandbox.engine import Refusal
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.world import World


def prompt(world: World, request: Request) -> Response:
    workflow = request.json().get("prompt")
    queued = world.engine.queue(workflow, seconds=world.tunables.generation_seconds)
    if isinstance(queued, Refusal):
        return reply(queued.body(), 400)
    return reply({"prompt_id": queued.id, "number": 1, "node_errors": {}})


def history(world: World, request: Request, prompt_id: str) -> Response:
    return reply(world.engine.history(prompt_id))


def view(world: World, request: Request) -> Response:
    data = world.engine.view(request.query.get("filename", ""))
    if data is None:
        return Response(404, b"not found", "text/plain")
    return Response(200, data, "image/png")


def interrupt(world: World, request: Request) -> Response:
    world.engine.interrupt(str(request.json().get("prompt_id", "")))
    return Response(200)


ROUTES: list[Route] = [
    route("POST", "/prompt", prompt, alone=False),
    route("GET", "/history/{prompt_id}", history, alone=False),
    route("GET", "/view", view, alone=False),
    route("POST", "/interrupt", interrupt, alone=False),
]
