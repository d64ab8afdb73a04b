"""Fixtures of the signed contracts: keys, and clients of the endpoints over real HTTP."""

import pytest

from tests.generation.signing import Signing


@pytest.fixture
def ada(server, transactional_db) -> Signing:
    """A client with a signing key of her own at the session's web server."""
    return Signing.of("ada", server.url)


@pytest.fixture
def ben(server, transactional_db) -> Signing:
    return Signing.of("ben", server.url)
