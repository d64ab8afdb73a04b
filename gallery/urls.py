"""URLs of the gallery's contract, at the vendor's own paths."""

from django.urls import path, re_path

from gallery.api.album import ListCharacterImages, unknown_path

urlpatterns = [
    path("api/list-character-images", ListCharacterImages.as_view(), name="list-character-images"),
    # The rest of the vendor's paths; those of our own REST API answer for themselves.
    re_path(r"^api/(?!(?:moderation|schema|docs)/)", unknown_path),
]
