"""Where Converse is asked for. Pure.

Endpoints: https://docs.aws.amazon.com/general/latest/gr/bedrock.html
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, quote

from podd.errors import ManifestError
from podd.providers.bedrock.errors import COMPLAINTS
from podd.providers.keys import Vendor

#: An API key of Bedrock's, sent as it is. What signs requests is `access`'s business.
API_KEY: Final = "AWS_BEARER_TOKEN_BEDROCK"

#: Regions whose hosts end in something else than `amazonaws.com`, as AWS' own clients
#: list them (botocore's partitions.json).
_SUFFIXES: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
)
_SUFFIX: Final = "amazonaws.com"
#: A region becomes part of a host, so it can be nothing else.
_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{1,20}){1,3}-\d{1,2}"
#: Anyone may have a name below amazonaws.com (load balancers, buckets); these are the
#: service's own, private endpoints (VPC) and dual-stack ones included.
_OWN_HOST: Final = re.compile(
    rf"(?:[a-z0-9-]+\.)?bedrock-runtime(?:-fips)?\.(?P<region>{_REGION})\."
    rf"(?:api\.aws|(?:vpce\.)?(?:{'|'.join(re.escape(s) for _, s in _SUFFIXES)}"
    rf"|{re.escape(_SUFFIX)}))"
)
_STREAM: Final = "converse-stream"
_WHOLE: Final = "converse"


def vendor_of(region: str) -> Vendor:
    """Name the vendor's host in a region.

    Raises:
        ManifestError: it is no region's name.
    """
    if not re.fullmatch(_REGION, region):
        raise ManifestError(
            path="manifest",
            key="model.region",
            reason=f"{region!r} is no region of AWS",
            hint="for example us-east-1",
        )
    endings = (end for start, end in _SUFFIXES if region.startswith(start))
    host = f"bedrock-runtime.{region}.{next(endings, _SUFFIX)}"
    return Vendor(base_url=f"https://{host}", host=host, variables=(API_KEY,))


def owned_region(address: SplitResult) -> str | None:
    """Give the region of an address that is the vendor's own, over TLS; else None."""
    found = _OWN_HOST.fullmatch(address.hostname or "")
    return found["region"] if found and address.scheme == "https" else None


def url_of(address: SplitResult, model: str, *, stream: bool) -> str:
    """Complete a base URL as the vendor's own client does. A query stays.

    Raises:
        ProviderError: the model's id would change the path.
    """
    if model in {"", ".", ".."}:
        raise COMPLAINTS.failed("not_found", f"{model!r} is no model's id")
    action = _STREAM if stream else _WHOLE
    path = f"{address.path.rstrip('/')}/model/{quote(model, safe='-._~')}/{action}"
    return address._replace(path=path, fragment="").geturl()
