"""What a member's page is compared with: DRF's own way to the same rows, and a constant."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.views import APIView

from accounts.authentication import BearerAuthentication
from bench.albums import CHARACTER
from gallery.models import ImageLog
from media import services as media


class ImageSerializer(ModelSerializer[ImageLog]):
    url = SerializerMethodField()

    class Meta:
        model = ImageLog
        fields = (
            "id", "upstream_id", "user_id", "archive_id", "message_id", "character_id",
            "created_at", "review_status", "url",
        )  # fmt: skip

    def get_url(self, image: ImageLog) -> str | None:
        found = media.pictures(subject_ids=[image.pk], purpose="client", user_id=None, ttl=3600)
        return found[image.pk].url if image.pk in found else None


class NewestFirst(CursorPagination):
    page_size = settings.GALLERY_PAGE_SIZE
    ordering = ("-created_at", "-id")


class PlainImages(ListAPIView[ImageLog]):
    """The same rows for the same key, each link asked for by its row, as a method field does."""

    authentication_classes = [BearerAuthentication]
    permission_classes = [IsAuthenticated]
    serializer_class = ImageSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[ImageLog]:
        since = timezone.now() - timedelta(days=90)
        return ImageLog.objects.visible().filter(character_id=CHARACTER, created_at__gte=since)


class Constant(APIView):
    """The same key, and as many bytes as a page of ours."""

    authentication_classes = [BearerAuthentication]
    permission_classes = [IsAuthenticated]
    body = b"x" * 7_540  # what a page of twenty weighs

    def get(self, request: Request, **_: Any) -> HttpResponse:
        return HttpResponse(self.body, content_type="application/json")
