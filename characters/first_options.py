"""The options that a new installation starts with: neutral words, adult ages."""

from typing import NamedTuple


class FirstOption(NamedTuple):
    """`gender` "": offered for everyone."""

    category: str
    code: str
    label_en: str
    label_zh: str
    gender: str = ""


FIRST_OPTIONS = (
    FirstOption("Age", "18-25", "18 to 25", "18-25岁"),
    FirstOption("Age", "26-35", "26 to 35", "26-35岁"),
    FirstOption("Age", "36-50", "36 to 50", "36-50岁"),
    FirstOption("Age", "51-70", "51 to 70", "51-70岁"),
    FirstOption("Ethnicity", "Asian", "Asian", "亚洲"),
    FirstOption("Ethnicity", "African", "African", "非洲"),
    FirstOption("Ethnicity", "European", "European", "欧洲"),
    FirstOption("Ethnicity", "Latina", "Latin American", "拉丁美洲"),
    FirstOption("Ethnicity", "Arab", "Arab", "阿拉伯"),
    FirstOption("BodyType", "Slim", "Slim", "苗条"),
    FirstOption("BodyType", "Athletic", "Athletic", "健美"),
    FirstOption("BodyType", "Curvy", "Curvy", "丰满", "female"),
    FirstOption("BodyType", "Stocky", "Stocky", "魁梧", "male"),
    FirstOption("BreastSize", "Small", "Small", "小"),
    FirstOption("BreastSize", "Medium", "Medium", "中"),
    FirstOption("BreastSize", "Large", "Large", "大"),
    FirstOption("ButtSize", "Small", "Small", "小"),
    FirstOption("ButtSize", "Medium", "Medium", "中"),
    FirstOption("ButtSize", "Large", "Large", "大"),
    FirstOption("HairColor", "black", "Black", "黑色"),
    FirstOption("HairColor", "brown", "Brown", "棕色"),
    FirstOption("HairColor", "blonde", "Blonde", "金色"),
    FirstOption("HairColor", "silver", "Silver", "银色"),
    FirstOption("HairStyle", "Long", "Long", "长发"),
    FirstOption("HairStyle", "Short", "Short", "短发"),
    FirstOption("HairStyle", "Bun", "Bun", "发髻", "female"),
    FirstOption("HairStyle", "Undercut", "Undercut", "削边", "male"),
)
