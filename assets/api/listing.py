"""Contract 4 as server: `POST /v1/private-avatar/assets/list`."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from accounts.authentication import KEY_NEEDED, OptionalBearerAuthentication, api_key_of
from accounts.enums import Scope
from accounts.models import ApiKey
from assets.api import schemas
from assets.api.base import AssetsView, Declined, metadata
from assets.api.bodies import read_query
from assets.listing import Query, Shown, UnknownGroup, list_assets
from core.contracts import json_response


class ListAssets(AssetsView):
    authentication_classes = [OptionalBearerAuthentication]
    http_method_names = ["post"]

    @extend_schema(
        operation_id="list_private_avatar_assets",
        tags=["assets"],
        summary="Private avatar assets",
        auth=KEY_NEEDED,
        request=schemas.ListRequest,
        responses={200: schemas.ListAnswer, **schemas.ERRORS},
        examples=schemas.EXAMPLES,
    )
    def post(self, request: Request) -> HttpResponse:
        """Assets of all sources, or of the one that the key is narrowed to, newest first unless
        asked otherwise. What waits for its review is `Processing`, what was rejected `Failed` with
        the code `ContentRejected`; filters work on what is shown. `URL` is present in active ones
        whose bytes are here: a link of ours, good for 12 hours and until the next decision."""
        key = _key(request)
        query = read_query(self.json_object(request))
        try:
            shown, total = list_assets(query, user_id=key.user_id, source=key.source)
        except UnknownGroup as error:
            text = f"The group {error.group_id} does not exist."
            raise Declined(404, "NotFound.group_id", text) from error
        return json_response(_answer(query, shown, total))


def _key(request: Request) -> ApiKey:
    key = api_key_of(request)
    if key is None:
        raise NotAuthenticated("The API key is missing.")
    if Scope.ASSETS not in key.scopes:
        raise PermissionDenied("This API key does not have the scope assets.")
    return key


def _answer(query: Query, shown: list[Shown], total: int) -> dict[str, Any]:
    return {
        "ResponseMetadata": metadata(),
        "Result": {
            "Total": total,
            "PageNumber": query.page,
            "PageSize": query.size,
            "Items": [_item(each) for each in shown],
        },
    }


def _item(shown: Shown) -> dict[str, Any]:
    asset = shown.asset
    item: dict[str, Any] = {
        "Id": asset.upstream_id or str(asset.pk),
        "GroupId": asset.group.upstream_id,
        "Status": shown.status,
        "AssetType": asset.asset_type,
        "Name": asset.name,
        "CreateTime": f"{asset.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "UpdateTime": f"{asset.updated_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    if shown.url is not None:
        item["URL"] = shown.url
    if shown.error_code:
        item["Error"] = {"Code": shown.error_code, "Message": shown.error_message}
    return item
