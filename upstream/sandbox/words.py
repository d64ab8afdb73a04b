"""The words of the sandbox's records: names, biographies, prompts, and one hash to choose them."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

NAMES = (
    "白洲梓",
    "Mira Solenne",
    "沈知微",
    "Captain Hale Orrin",
    "顾南枝",
    "Iris Quill",
    "林听雪",
    "Dr. Tobias Wren",
    "苏晚晴",
    "Ondine Marsh",
    "陆云深",
    "Juniper Ash",
    "نورة الشامي",
    "Kestrel Vane",
    "江浸月",
    "רוני ברק",
    "Professor Elm",
    "叶清歌",
    '<b>Bold</b> & "Quoted"',
    "Sable Thorne",
    "程砚秋",
    "Nova Castellan",
    "桜井美月",
    "سامر القاضي",
    "Wilhelmina O’Dare",
    "<script>alert(1)</script>",
    "谢长留",
    "Lantern Keeper 🏮",
    "한서윤",
    "Astrid Fjell",
    "周不言",
    "Marlowe Finch",
    "Ælfgifu of the Weald",
    "温如许",
    "Baptiste Corail",
    "{{ template }} ${name} %s",
    "秦时月",
    "Théodora Lune",
    "裴照野",
    "The Cartographer Who Has Walked Every Coast Twice And Still Draws Each Map From Memory Alone",
)
BIOS = (
    "Vanitas Vanitatum Et Omnia Vanitas",
    "A lighthouse keeper of forty who answers every letter that the sea brings.",
    "退休的星图绘师，四十二岁，喜欢在雨夜讲述航海故事。",
    "Runs a night-time tea house; knows every guest by the sound of their steps.",
    "三十岁的植物学家，在山顶温室里培育会发光的花。",
    "Engineer of bridges, collector of clocks, terrible at cards.",
    "古董书店店主，二十八岁，说话慢，记性好。",
    "امرأة في الثلاثين تصنع الخرائط وتعرف كل طريق في المدينة القديمة.",
    "A retired detective who paints hills. <em>Not</em> a fan of small talk.",
    "前宇航员，三十五岁，如今在海边开一家修表铺。",
    "",
)
ROLE_PROMPTS = (
    "You are a warm, adult companion who speaks in short sentences and asks one question back.",
    "你是一位成年的旅行作家，语气温和，善于描述风景。",
    "Stay in the role of a retired astronomer. Never mention that you are a model.",
    "",
)
SCENES = (
    "a wide valley at sunrise, layered hills, soft light",
    "日落时分的海岸线，远处有灯塔，暖色调",
    "a quiet harbour at blue hour, lanterns, calm water",
    "雨后的竹林，晨雾，柔和的光线",
    "snowy mountains under a large moon, stars",
    "秋天的湖面倒映着红叶，长焦镜头",
    "abstract composition of circles and soft gradients",
    "一座山顶温室，玻璃反射着晚霞",
    "desert dunes, long shadows, clear sky",
    "城市屋顶的夜景，霓虹与星空",
)
NEGATIVES = ("blurry, watermark, text", "低质量，模糊，水印", "lowres, jpeg artifacts, frame")
MODELS = ("scenery-xl-1.2", "watercolor-v3", "night-sky-turbo", "山水-v2")
SAMPLERS = ("euler_a", "dpmpp_2m_karras", "ddim")
ASSET_NAMES = (
    "雀国华",
    "studio portrait A",
    "开场镜头",
    "voice sample 03",
    "回眸",
    "backdrop – dunes",
    "صورة الملف",
    "<i>draft</i>",
    "夜景素材",
    "turntable",
)


def pick(seed: int, *parts: object) -> int:
    """A 64-bit number that depends on nothing but its arguments."""
    key = ":".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def choose(items: Sequence[T], seed: int, *parts: object) -> T:
    """The item that `pick` points at."""
    return items[pick(seed, *parts) % len(items)]


def uuid_of(seed: int, *parts: object) -> str:
    """A UUID (version 4 in form) that depends on nothing but its arguments."""
    key = ":".join(map(str, (seed, *parts)))
    text = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
