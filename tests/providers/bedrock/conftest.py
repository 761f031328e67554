"""A request's body, built as the provider does and checked by botocore's model."""

from __future__ import annotations

from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
import msgspec
import pytest

from podd.core.context.conversation import UserItem
from podd.core.context.request import ModelRequest, Sampling, Surface, ToolSpec
from podd.providers.bedrock.blocks import encode_item
from podd.providers.bedrock.family import family_of
from podd.providers.bedrock.request import encode

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
LOOK = ToolSpec("look", "Look around.", {"type": "object"})


@pytest.fixture(scope="module")
def shape() -> Any:
    loaded = botocore.loaders.Loader().load_service_model(
        "bedrock-runtime", "service-2"
    )
    service = botocore.model.ServiceModel(loaded, "bedrock-runtime")
    return service.operation_model("ConverseStream").input_shape


@pytest.fixture
def body(shape):
    """Build a body, and have botocore check its names and types."""

    def build(*items, model=CLAUDE, tools=(LOOK,), system="Be brief.", **more):
        choice = more.pop("choice", "auto")
        surface = Surface(model, system, tools, Sampling(**more))
        request = ModelRequest(surface, items or (UserItem("hello"),), choice)
        encoded = [encode_item(item, family_of(model)) for item in request.items]
        written = encode(request, encoded)
        assert written == encode(request, encoded)
        found = msgspec.json.decode(written)
        validated = {"modelId": model, **found}
        report = botocore.validate.ParamValidator().validate(validated, shape)
        assert not report.has_errors(), report.generate_report()
        return found

    return build
