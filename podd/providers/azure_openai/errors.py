"""Azure's refusals, read. Pure.

The codes are OpenAI's, the status as text, or Azure's own words:
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter and
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/quota.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.errors import ProviderError, ProviderFault
from podd.providers.complaint import Complaints
from podd.providers.openai_chat.errors import FAULTS
from podd.providers.rejection import Rejection

PROVIDER: Final = "azure_openai"

_FAULTS: Final[Mapping[str, ProviderFault]] = {
    **FAULTS,
    "responsibleaipolicyviolation": "content_filter",
    "deploymentnotfound": "not_found",
    "ratelimitreached": "rate_limited",
}


class _AzureComplaints(Complaints):
    """Says besides what is most often behind a refusal."""

    def from_rejection(self, rejection: Rejection) -> ProviderError:
        error = super().from_rejection(rejection)
        if error.fault == "not_found" and not rejection.is_redirect:
            error.message += (
                "; model.name is the name of the deployment and not of its model,"
                " model.base_url the endpoint of the resource that holds it"
            )
        return error


COMPLAINTS: Final = _AzureComplaints(PROVIDER, _FAULTS)
