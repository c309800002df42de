"""The claims of a token that lives in a Secret. Source: pkg/serviceaccount/legacy.go."""

from cryptography.hazmat.primitives.asymmetric import ec

from steersman.api.core import Secret, ServiceAccount
from steersman.component import jwt
from steersman.component.keys import key_id
from steersman.component.legacyclaims import ACCOUNT, ACCOUNT_UID, ISSUER, NAMESPACE, SECRET
from steersman.controllers.tokens.controller import Sign


def signer(key: ec.EllipticCurvePrivateKey) -> Sign:
    """Signs with the key of service account tokens."""
    name = key_id(key.public_key())

    def sign(account: ServiceAccount, secret: Secret) -> str:
        meta = account.metadata
        claims = {
            "iss": ISSUER,
            NAMESPACE: meta.namespace,
            SECRET: secret.metadata.name,
            ACCOUNT: meta.name,
            ACCOUNT_UID: meta.uid,
            "sub": f"system:serviceaccount:{meta.namespace}:{meta.name}",
        }
        return jwt.signed(claims, key, name)

    return sign
