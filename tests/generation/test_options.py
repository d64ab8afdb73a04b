"""The catalogue of options: what is offered, in which words, and that every age is adult."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from characters.models import Option
from characters.options import set_preview
from tests.generation.signing import OPTIONS
from tests.media import samples

CATEGORIES = ["Age", "Ethnicity", "BodyType", "BreastSize", "ButtSize", "HairColor", "HairStyle"]
YOUNG = ["17", "0-17", "16-25", "18-17", "5+", "017-30", "teen", "", "18-25x", "-18", "18 - 25"]
YOUNG_LABELS = [
    "16", "17 to 25", "age 9", "016", "１６岁", "12岁", "sixteen", "Seventeen to twenty", "ten",
    "ｔｅｎ", "十岁", "十六岁", "一十七", "十几岁",
]  # fmt: skip
ADULT_LABELS = [
    "eighteen", "twenty-six", "often", "十八岁", "一十九岁", "三十六岁", "二十到三十",
    "一百一十六岁",
]  # fmt: skip


def test_every_category_is_offered_with_codes_and_labels(ada):
    data = ada.options()["data"]
    assert list(data) == CATEGORIES
    assert all(data.values())
    for items in data.values():
        assert all(set(item) == {"code", "label", "previewUrl"} for item in items)
    assert data["Age"][0] == {"code": "18-25", "label": "18 to 25", "previewUrl": None}


def test_body_type_and_hair_style_follow_the_gender(ada):
    def codes(category, **body):
        return {item["code"] for item in ada.options(**body)["data"][category]}

    assert "Stocky" not in codes("BodyType", gender="female") >= {"Curvy", "Slim"}
    assert "Curvy" not in codes("BodyType", gender="male") >= {"Stocky", "Slim"}
    assert "Undercut" not in codes("HairStyle", gender="female")
    assert codes("BodyType") >= {"Curvy", "Stocky"}
    assert codes("HairColor", gender="male") == codes("HairColor", gender="female")


def test_a_language_falls_back_to_english_and_then_to_the_code(ada):
    Option.objects.filter(code="black").update(label_zh="")
    Option.objects.filter(code="brown").update(label_zh="", label_en="")

    def labels(language):
        items = ada.options(language=language)["data"]["HairColor"]
        return {item["code"]: item["label"] for item in items}

    chinese = labels("zh")
    assert (chinese["silver"], chinese["black"], chinese["brown"]) == ("银色", "Black", "brown")
    assert labels("zh-CN") == chinese
    assert labels("fr")["silver"] == labels("en")["silver"] == "Silver"


def test_what_is_switched_off_is_not_offered(ada):
    Option.objects.filter(code="Asian").update(active=False)
    assert "Asian" not in {item["code"] for item in ada.options()["data"]["Ethnicity"]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "namespace is required"),
        ({"namespace": " "}, "namespace is required"),
        ({"namespace": "other"}, "namespace is invalid"),
        ({"namespace": 7}, "namespace is invalid"),
        ({"namespace": "custom_agent", "gender": "other"}, "gender is invalid"),
        ({"namespace": "custom_agent", "gender": ["male"]}, "gender is invalid"),
        ({"namespace": "custom_agent", "language": {}}, "language is invalid"),
    ],
)
def test_wrong_fields_are_10400(ada, body, message):
    answer = ada.post(OPTIONS, body)
    assert (answer.status_code, answer.json()["code"]) == (200, 10400)
    assert answer.json()["message"] == message


@pytest.mark.django_db
@pytest.mark.parametrize("code", YOUNG)
def test_an_age_below_18_cannot_be_stored_by_any_way(code):
    option = Option(category="Age", code=code, label_en="x")
    with pytest.raises(ValidationError):
        option.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        Option.objects.create(category="Age", code=code)
    with pytest.raises(IntegrityError), transaction.atomic():
        Option.objects.filter(category="Age", code="18-25").update(code=code)
    with pytest.raises(IntegrityError), transaction.atomic():
        Option.objects.bulk_create([Option(category="Age", code=code)])


@pytest.mark.django_db
@pytest.mark.parametrize("label", YOUNG_LABELS)
def test_nor_can_a_young_label_of_an_age(label):
    for name in ("label_en", "label_zh"):
        with pytest.raises(ValidationError):
            Option(category="Age", code="80+", **{name: label}).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("label", ADULT_LABELS)
def test_an_adult_label_in_words_can(label):
    Option(category="Age", code="80+", label_en=label, label_zh=label).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["18", "18-25", "60+", "99", "100-120"])
def test_adult_ages_can(code):
    Option.objects.filter(category="Age").delete()
    option = Option(category="Age", code=code, label_en=code)
    option.full_clean()
    option.save()


def test_a_preview_is_ours_small_and_without_metadata(ada):
    import io

    import httpx
    from PIL import Image

    option = Option.objects.get(category="HairColor", code="black")
    set_preview(option, samples.png(900, 600))
    option.save()
    item = next(i for i in ada.options()["data"]["HairColor"] if i["code"] == "black")
    path = item["previewUrl"].partition("/v1/")[2]
    answer = httpx.get(f"{ada.url}/v1/{path}")
    assert answer.status_code == 200
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, max(image.size)) == ("WEBP", 256)
    gone = httpx.get(f"{ada.url}/v1/{path.replace(option.preview_mark, '0' * 16)}")
    assert gone.status_code == 404


@pytest.mark.django_db
def test_operators_edit_the_catalogue_and_a_young_age_is_an_error_of_the_form(client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.factories import make_person

    client.force_login(make_person("olu", role="operator"))
    add = "/admin/characters/option/add/"
    fields = {"category": "Age", "code": "16-17", "label_en": "x", "label_zh": "", "gender": "",
              "position": "9"}  # fmt: skip
    answer = client.post(add, fields)
    assert answer.status_code == 200
    assert "code" in answer.context["adminform"].errors
    bad = SimpleUploadedFile("x.png", b"no picture")
    answer = client.post(add, {**fields, "code": "71-90", "picture": bad})
    assert "picture" in answer.context["adminform"].errors
    good = SimpleUploadedFile("x.png", samples.png_with_prompt())
    answer = client.post(add, {**fields, "code": "71-90", "picture": good})
    assert answer.status_code == 302
    option = Option.objects.get(code="71-90")
    assert option.preview_mark and b"secret" not in bytes(option.preview)
    assert client.get("/admin/characters/option/").status_code == 200
    change = f"/admin/characters/option/{option.pk}/change/"
    answer = client.post(change, {**fields, "code": "71-90", "without_picture": "on"})
    assert answer.status_code == 302
    assert Option.objects.get(code="71-90").preview is None


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "moderator", "lead"])
def test_others_read_it(client, role):
    from tests.factories import make_person

    client.force_login(make_person("who", role=role))
    assert client.get("/admin/characters/option/").status_code == 200
    assert client.get("/admin/characters/option/add/").status_code == 403
