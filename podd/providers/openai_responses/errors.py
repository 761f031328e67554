"""A Responses API server's refusals, read. Pure.

The codes of a response that failed are those of `ResponseError`, see
https://platform.openai.com/docs/api-reference/responses/object#responses-object-error.
Most of what concerns a picture is the fault of who sent it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.errors import ProviderFault
from podd.providers.complaint import Complaints
from podd.providers.openai_chat.errors import FAULTS

PROVIDER: Final = "openai_responses"

_FAULTS: Final[Mapping[str, ProviderFault]] = {
    **FAULTS,
    "bio_policy": "content_filter",
    "image_content_policy_violation": "content_filter",
    "misalignment_policy_violation": "content_filter",
    # OpenAI says so of a prompt against its policies, other servers of any bad request.
    "invalid_prompt": "bad_request",
    "data_residency_mismatch": "refused",
    "vector_store_timeout": "timed_out",
    **dict.fromkeys(
        (
            *("invalid_image", "invalid_image_format", "invalid_base64_image"),
            *("invalid_image_url", "image_too_large", "image_too_small"),
            *("image_parse_error", "invalid_image_mode", "image_file_too_large"),
            *("unsupported_image_media_type", "empty_image_file"),
            *("failed_to_download_image", "image_file_not_found"),
        ),
        "bad_request",
    ),
}

COMPLAINTS: Final = Complaints(PROVIDER, _FAULTS)
