"""Several ways to say who one is, tried in order."""

from steersman.apimachinery.status import Unauthorized
from steersman.apiserver.attributes import Authenticator, Presented
from steersman.apiserver.authn.anonymous import Anonymous
from steersman.apiserver.user import UserInfo


class UnionAuthenticator:
    """The first that knows the client says who it is. Who presents nothing may be anonymous; who presents what nobody
    knows is refused."""

    def __init__(self, authenticators: tuple[Authenticator, ...], anonymous: Anonymous | None = None) -> None:
        self._authenticators = authenticators
        self.anonymous = anonymous or Anonymous()

    async def authenticate(self, presented: Presented) -> UserInfo | None:
        """Source of Authenticator.authenticate."""
        refused: Unauthorized | None = None
        for authenticator in self._authenticators:
            try:
                user = await authenticator.authenticate(presented)
            except Unauthorized as error:
                refused = error
                continue
            if user is not None:
                return user
        if refused is not None:
            raise refused
        return self.anonymous.user(presented)
