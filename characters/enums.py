"""What a character's looks are chosen from."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Gender(models.TextChoices):
    MALE = "male", _("Male")
    FEMALE = "female", _("Female")


class Category(models.TextChoices):
    """The categories of the options, by the vendor's names."""

    AGE = "Age", _("Age")
    ETHNICITY = "Ethnicity", _("Ethnicity")
    BODY_TYPE = "BodyType", _("Body type")
    BREAST_SIZE = "BreastSize", _("Breast size")
    BUTT_SIZE = "ButtSize", _("Butt size")
    HAIR_COLOR = "HairColor", _("Hair colour")
    HAIR_STYLE = "HairStyle", _("Hair style")

    @property
    def field(self) -> str:
        """Its name in the body of a cover: `bodyType` for `BodyType`."""
        return str(self.value[0].lower() + self.value[1:])


class ErrorCode(models.TextChoices):
    """The words of contract 5's errors; for programs, so nobody translates them."""

    VALIDATION_ERROR = "VALIDATION_ERROR"
    UNAUTHORIZED = "UNAUTHORIZED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    INTERNAL_ERROR = "INTERNAL_ERROR"
