"""A KMS plugin that keeps no key at all."""

from steersman.storage.encryption.keyservice import DecryptRequest, EncryptResponse, StatusResponse
from steersman.storage.encryption.transformer import TransformError


class Kms:
    """Encrypts by reversing. Counts what it is asked."""

    def __init__(self) -> None:
        self.said = StatusResponse("v2", "ok", "key-1")
        self.encrypts_by = ""
        self.is_away = False
        self.asked: list[str] = []

    async def status(self) -> StatusResponse:
        self._note("status")
        return self.said

    async def encrypt(self, plaintext: bytes, uid: str) -> EncryptResponse:
        self._note("encrypt")
        assert uid
        return EncryptResponse(plaintext[::-1], self.encrypts_by or self.said.key_id, {"a.example.com": b"\xff"})

    async def decrypt(self, request: DecryptRequest) -> bytes:
        self._note("decrypt")
        assert request.annotations == {"a.example.com": b"\xff"}
        return request.ciphertext[::-1]

    async def close(self) -> None:
        self._note("close")

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if self.is_away:
            raise TransformError("rpc error: code = Unavailable desc = away")
