"""`serviceaccounts/token`: a token for a service account, from whoever issues them."""

from typing import Any

from steersman.api import core
from steersman.apimachinery.object import Object
from steersman.apiserver.collections import Collections
from steersman.apiserver.context import RequestContext
from steersman.apiserver.reviews import TokenIssuer
from steersman.apiserver.subresources.interface import Unsupported


class TokenHandler(Unsupported):
    """Hands the request to the issuer, with the account it is for."""

    def __init__(self, collections: Collections, issuer: TokenIssuer) -> None:
        self._collections = collections
        self._issuer = issuer

    async def create(self, context: RequestContext, obj: Any) -> Object:
        """The request, with the token."""
        await context.catch_up()
        accounts = self._collections.of(core.ServiceAccount)
        account = accounts.decoded(accounts.find(context.namespace, context.info.name))
        return await self._issuer.issue(context, account, obj)
