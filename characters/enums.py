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
