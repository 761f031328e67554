"""Bedrock's refusals, read. Pure.

A name says what is wrong: in a header (`x-amzn-errortype`), in the body (`__type`), in
a stream's frame (`:exception-type`). It tells more than the status, which is 400 or 403
for a wrong key and 424 for a model that failed.
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from podd.errors import ProviderError, ProviderFault
from podd.providers.complaint import Complaints
from podd.providers.rejection import Rejection

PROVIDER: Final = "bedrock"

_FAULTS: Final[Mapping[str, ProviderFault]] = {
    "throttlingexception": "rate_limited",
    "toomanyrequestsexception": "rate_limited",
    "servicequotaexceededexception": "quota",
    "modeltimeoutexception": "timed_out",
    "requesttimeoutexception": "timed_out",
    "modelnotreadyexception": "overloaded",
    "serviceunavailableexception": "overloaded",
    "serviceunavailable": "overloaded",
    "modelerrorexception": "server_error",
    "modelstreamerrorexception": "server_error",
    "internalserverexception": "server_error",
    "internalfailure": "server_error",
    "unrecognizedclientexception": "auth",
    "invalidclienttokenid": "auth",
    "invalidsignatureexception": "auth",
    "signaturedoesnotmatch": "auth",
    "incompletesignature": "auth",
    "incompletesignatureexception": "auth",
    "missingauthenticationtoken": "auth",
    "missingauthenticationtokenexception": "auth",
    "expiredtoken": "auth",
    "expiredtokenexception": "auth",
    "requestexpired": "auth",
    "accessdenied": "refused",
    "accessdeniedexception": "refused",
    "notauthorized": "refused",
    "optinrequired": "refused",
    "resourcenotfoundexception": "not_found",
    "unknownoperationexception": "not_found",
    "validationexception": "bad_request",
    "validationerror": "bad_request",
    "serializationexception": "bad_request",
}
#: Where one name stands for several reasons, these words tell them apart.
_SAID: Final[tuple[tuple[str, re.Pattern[str], ProviderFault], ...]] = (
    # A quota of a day is not there again after a minute.
    ("throttlingexception", re.compile(r"\bper day\b", re.IGNORECASE), "quota"),
    (
        "validationexception",
        re.compile(r"model identifier is invalid", re.IGNORECASE),
        "not_found",
    ),
    (
        "accessdeniedexception",
        re.compile(r"authentication failed|api key", re.IGNORECASE),
        "auth",
    ),
)


class BedrockComplaints(Complaints):
    """Amazon's refusals: what all servers say, and names in a header or a frame."""

    def from_rejection(self, rejection: Rejection) -> ProviderError:
        """Read an HTTP answer that is no success."""
        name = rejection.headers.get("x-amzn-errortype", "")
        plain = replace(rejection, body=_plain(rejection.body, name))
        return super().from_rejection(plain)

    def from_exception(self, data: bytes, name: str = "") -> ProviderError:
        """Read an error of this name; a document in place of an answer names itself."""
        return self.from_document(_plain(data, name))

    def from_words(self, name: str, message: str) -> ProviderError:
        """Read an error that is no document."""
        return self.from_document(_complaint(name, message))


COMPLAINTS: Final = BedrockComplaints(
    PROVIDER,
    {**_FAULTS, **{f"{name}: {fault}": fault for name, _, fault in _SAID}},
    # An invalid request may be one that is too long, which only its words tell.
    decisive=frozenset(_FAULTS.values()) - {"bad_request"},
)


def is_error(document: Mapping[str, Any]) -> bool:
    """Whether this stands where an answer should, and is a refusal."""
    return not document.keys().isdisjoint({"__type", "message", "Message", "error"})


def _plain(body: bytes, name: str) -> bytes:
    """Put name and message where the shared reading looks for them."""
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _complaint(name, body.decode("utf-8", "replace")) if name else body
    if not isinstance(document, dict):
        return body
    told = document.get("__type")
    name = name or (told if isinstance(told, str) else "")
    message = document.get("message") or document.get("Message")
    if not name and "Message" not in document:
        return body
    return _complaint(name, message if isinstance(message, str) else body.decode())


def _complaint(name: str, message: str) -> bytes:
    # Names come with a namespace in front or a URL behind.
    name = name.split(":", 1)[0].rpartition("#")[2].lower()
    for general, words, fault in _SAID:
        if name == general and words.search(message):
            name = f"{general}: {fault}"
    return msgspec.json.encode({"error": {"message": message, "code": name}})
