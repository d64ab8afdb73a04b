"""The shapes of contract 4 for OpenAPI; requests are read and answers written by the view."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema_serializer
from rest_framework import serializers

from assets.api.bodies import LARGEST_PAGE, LAST_PAGE, MODELS, ORDERS, PAGE_SIZE
from assets.enums import AssetStatus, AssetType, GroupType
from assets.listing import SORTS


@extend_schema_serializer(component_name="AssetFilter")
class Filter(serializers.Serializer[Any]):
    GroupIds = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, allow_null=True
    )
    GroupType = serializers.ChoiceField(GroupType.choices, required=False, allow_null=True)
    Statuses = serializers.ListField(
        child=serializers.ChoiceField(AssetStatus.choices), required=False, allow_null=True
    )
    Name = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, max_length=255,
        help_text="Part of the name, in whatever case.",
    )  # fmt: skip


@extend_schema_serializer(component_name="ListAssetsRequest")
class ListRequest(serializers.Serializer[Any]):
    model = serializers.ChoiceField(MODELS, help_text="Routes to the vendor's model.")
    Filter = Filter(required=False, allow_null=True)
    PageNumber = serializers.IntegerField(
        required=False, allow_null=True, default=1, min_value=1, max_value=LAST_PAGE
    )
    PageSize = serializers.IntegerField(
        required=False, allow_null=True, default=PAGE_SIZE, min_value=1, max_value=LARGEST_PAGE
    )
    SortBy = serializers.ChoiceField(
        list(SORTS), required=False, allow_null=True, default="CreateTime"
    )
    SortOrder = serializers.ChoiceField(ORDERS, required=False, allow_null=True, default="Desc")


@extend_schema_serializer(component_name="AssetError")
class Problem(serializers.Serializer[Any]):
    Code = serializers.CharField()
    Message = serializers.CharField()


@extend_schema_serializer(component_name="AssetItem")
class Item(serializers.Serializer[Any]):
    Id = serializers.CharField()
    GroupId = serializers.CharField()
    Status = serializers.ChoiceField(AssetStatus.choices)
    AssetType = serializers.ChoiceField(AssetType.choices)
    Name = serializers.CharField(allow_blank=True)
    URL = serializers.URLField(required=False, help_text="Of active ones; good for 12 hours.")
    CreateTime = serializers.DateTimeField()
    UpdateTime = serializers.DateTimeField()
    Error = Problem(required=False, help_text="Of failed ones.")


@extend_schema_serializer(component_name="AssetResponseMetadata")
class Metadata(serializers.Serializer[Any]):
    RequestId = serializers.CharField()
    Action = serializers.CharField()
    Version = serializers.CharField()
    Service = serializers.CharField()
    Region = serializers.CharField()


@extend_schema_serializer(component_name="AssetFailureMetadata")
class FailureMetadata(Metadata):
    Error = Problem()


@extend_schema_serializer(component_name="ListAssetsResult")
class Result(serializers.Serializer[Any]):
    Total = serializers.IntegerField()
    PageNumber = serializers.IntegerField()
    PageSize = serializers.IntegerField()
    Items = Item(many=True)


@extend_schema_serializer(component_name="ListAssetsResponse")
class ListAnswer(serializers.Serializer[Any]):
    ResponseMetadata = Metadata()
    Result = Result()


@extend_schema_serializer(component_name="ListAssetsFailure")
class ErrorAnswer(serializers.Serializer[Any]):
    ResponseMetadata = FailureMetadata()


ERRORS = {
    400: OpenApiResponse(ErrorAnswer, "A parameter is missing or wrong"),
    401: OpenApiResponse(ErrorAnswer, "No key, or one that is not valid"),
    403: OpenApiResponse(ErrorAnswer, "The key may not list assets"),
    404: OpenApiResponse(ErrorAnswer, "There is no such group"),
    413: OpenApiResponse(ErrorAnswer, "The body is too large"),
    429: OpenApiResponse(ErrorAnswer, "The key is over its limits"),
    500: OpenApiResponse(ErrorAnswer, "A failure of ours"),
}
_METADATA = {
    "RequestId": "20260601191715C9DAA092032F19CEC367",
    "Action": "ListAssets",
    "Version": "2024-01-01",
    "Service": "ark",
    "Region": "cn-beijing",
}
_ITEM = {
    "Id": "asset-20260318071009-xxxxx",
    "GroupId": "group-20260601191715-9q47m",
    "Status": "Active",
    "AssetType": "Image",
    "Name": "雀国华",
    "URL": "https://gatehouse.example.org/media/TOKEN.png",
    "CreateTime": "2026-03-18T07:10:09Z",
    "UpdateTime": "2026-03-18T07:10:12Z",
}
_REJECTED = {
    **{name: value for name, value in _ITEM.items() if name != "URL"},
    "Id": "asset-20260318071008-xxxxx",
    "Status": "Failed",
    "Error": {"Code": "ContentRejected", "Message": "The content was rejected."},
}
EXAMPLES = [
    OpenApiExample(
        "Some of a group",
        {
            "model": MODELS[0],
            "Filter": {
                "GroupIds": ["group-20260601191715-9q47m"],
                "GroupType": "AIGC",
                "Statuses": ["Active", "Failed"],
                "Name": "雀国华",
            },
            "PageNumber": 1,
            "PageSize": 10,
            "SortBy": "GroupId",
            "SortOrder": "Asc",
        },
        request_only=True,
    ),
    OpenApiExample(
        "A page",
        {
            "ResponseMetadata": _METADATA,
            "Result": {
                "Total": 2,
                "PageNumber": 1,
                "PageSize": 10,
                "Items": [_ITEM, _REJECTED],
            },
        },
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample(
        "An unknown group",
        {
            "ResponseMetadata": _METADATA
            | {"Error": {"Code": "NotFound.group_id", "Message": "The group x does not exist."}}
        },
        response_only=True,
        status_codes=["404"],
    ),
]
