"""`--token-auth-file`: lines of token, user, uid and, in quotes, groups.

Source: apiserver/pkg/authentication/token/tokenfile.
"""

import csv
import io
from collections.abc import Mapping

from steersman.apiserver.user import UserInfo
from steersman.component.log import get_logger

_log = get_logger(__name__)


class TokenFileError(ValueError):
    """A file that isn't such a list."""


def tokens_of(text: str, name: str) -> Mapping[str, UserInfo]:
    """Users by token; name: the file's, for what is wrong with it. TokenFileError."""
    users: dict[str, UserInfo] = {}
    try:
        for number, record in enumerate((one for one in csv.reader(io.StringIO(text), strict=True) if one), 1):
            if len(record) < 3:
                raise TokenFileError(
                    f"token file '{name}' must have at least 3 columns (token, user name, user uid), "
                    f"found {len(record)}"
                )
            token, user, uid = record[:3]
            if not token:
                _log.warning("empty token has been found in token file", file=name, record=number)
                continue
            if token in users:
                _log.warning("duplicate token has been found in token file", file=name, record=number)
            groups = tuple(record[3].split(",")) if len(record) > 3 else ()
            users[token] = UserInfo(user, uid, groups)
    except csv.Error as error:
        raise TokenFileError(f"token file '{name}': {error}") from error
    return users
