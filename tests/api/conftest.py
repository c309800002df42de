from collections.abc import AsyncIterator

import pytest
from tests.api.server import Served, serving


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with serving() as served:
        answer = await served.post("/api/v1/namespaces", {"metadata": {"name": "default"}})
        assert answer.status == 201
        yield served
