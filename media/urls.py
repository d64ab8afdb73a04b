"""URLs of media."""

from django.urls import path

from media.views import serve

app_name = "media"
urlpatterns = [path("media/<str:token>", serve, name="bytes")]
