"""URLs of the gallery's contract and of chat images, at the vendors' own paths."""

from django.urls import path, re_path

from gallery.api.album import ListCharacterImages, unknown_path
from gallery.api.chat_image import ChatImageView

urlpatterns = [
    path("api/list-character-images", ListCharacterImages.as_view(), name="list-character-images"),
    path("v1/chat/image", ChatImageView.as_view(), name="chat-image"),
    # The rest of the vendor's paths; those of our own REST API answer for themselves.
    re_path(r"^api/(?!(?:moderation|schema|docs)/)", unknown_path),
]
