"""The product's URLs, and what they are compared with: a stock admin, DRF's own lists."""

from django.urls import URLPattern, URLResolver, path
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from bench.plain_api import Constant, PlainImages
from config.urls import urlpatterns as product_urls
from gallery.models import ImageLog


class StockImages(ModelAdmin):
    list_display = (
        "message_id", "review_status", "user_id", "character_id", "source", "created_at",
    )  # fmt: skip
    list_filter = ("review_status",)
    list_select_related = ("source",)
    list_per_page = 50


stock = UnfoldAdminSite(name="stock")
stock.register(ImageLog, StockImages)

urlpatterns: list[URLPattern | URLResolver] = [
    path("stock/", stock.urls),
    path("plain/images/", PlainImages.as_view()),
    path("plain/constant/", Constant.as_view()),
    *product_urls,
]
