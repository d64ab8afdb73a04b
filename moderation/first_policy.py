"""The policy that a new Gatehouse starts with; leads edit it in the admin, each edit a new version.

slug, severity, digit behind R, then English and Chinese: label, guide for moderators, notice for
users.
"""

from typing import NamedTuple

from moderation.enums import Severity


class First(NamedTuple):
    slug: str
    severity: str
    digit: int | None
    label_en: str
    label_zh: str
    guide_en: str
    guide_zh: str
    notice_en: str
    notice_zh: str


FIRST_POLICY = (
    First(
        "minor-safety", Severity.CRITICAL, 1,
        "Minor safety", "未成年人安全",
        "Anyone who is or looks under 18 in a sexual or exploitative setting. When in doubt, use it: the "
        "subject is rejected, locked as evidence and handed to a lead. Do not look longer than you must.",
        "任何未满或看似未满 18 岁者出现在性或剥削情境中。有疑问时就用它：内容会被拒绝、作为证据锁定并交给组长。请勿多看。",
        "This content breaks our rules on the safety of minors.",
        "此内容违反我们的未成年人安全规定。",
    ),
    First(
        "sexual-content", Severity.HIGH, 2,
        "Sexual, beyond policy", "色情内容超出规定",
        "Explicit sexual acts or nudity beyond what the platform allows for adult characters.",
        "露骨的性行为，或超出平台对成年角色所允许范围的裸露。",
        "This content is more sexual than our rules allow.",
        "此内容的性相关程度超出我们的规定。",
    ),
    First(
        "real-person", Severity.HIGH, 3,
        "Real person's likeness", "真实人物肖像",
        "A recognisable real person without proof of consent, famous or not.",
        "可辨认的真实人物，无论是否知名，且没有同意证明。",
        "This content shows or imitates a real person without their consent.",
        "此内容未经同意展示或模仿了真实人物。",
    ),
    First(
        "violence", Severity.HIGH, 4,
        "Violence, gore", "暴力与血腥",
        "Graphic injury, torture or death; a weapon aimed at the viewer; praise of violence.",
        "直观的伤害、酷刑或死亡；武器指向观看者；颂扬暴力。",
        "This content is too violent for our platform.",
        "此内容过于暴力。",
    ),
    First(
        "hate", Severity.HIGH, 5,
        "Hate, harassment", "仇恨与骚扰",
        "Attacks on people for what they are; slurs; symbols of hate; targeted harassment.",
        "因身份攻击他人、侮辱性称呼、仇恨标志、针对个人的骚扰。",
        "This content attacks or demeans people.",
        "此内容攻击或贬低他人。",
    ),
    First(
        "self-harm", Severity.HIGH, 6,
        "Self-harm", "自我伤害",
        "Encouraging or showing self-harm, suicide or eating disorders. Escalate when a person seems at risk.",
        "鼓励或展示自残、自杀或进食障碍。若有人似乎处于危险中，请上报。",
        "This content shows or encourages self-harm. If you are struggling, please seek help near you.",
        "此内容展示或鼓励自我伤害。如果您正处于困境，请向身边寻求帮助。",
    ),
    First(
        "protected-work", Severity.MEDIUM, 7,
        "Protected work", "受保护作品",
        "A protected character, logo or artwork copied closely enough to be mistaken for it.",
        "对受保护的角色、标志或作品的复制，足以混淆。",
        "This content appears to copy a protected work.",
        "此内容似乎复制了受保护的作品。",
    ),
    First(
        "off-policy-prompt", Severity.MEDIUM, 8,
        "Off-policy prompt", "提示词违规",
        "The text asks for what the policy forbids, whatever the picture shows.",
        "文字要求了规定所禁止的内容，无论图片显示什么。",
        "The text of this request breaks our rules.",
        "该请求的文字违反我们的规定。",
    ),
    First(
        "broken-picture", Severity.LOW, 9,
        "Broken picture", "图片损坏",
        "Noise, extra limbs, cut-off or empty pictures: nothing forbidden, but not fit to be shown.",
        "噪点、多余肢体、截断或空白的图片：并不违规，但不适合展示。",
        "The picture did not come out well.",
        "图片生成效果不佳。",
    ),
    First(
        "illegal-goods", Severity.HIGH, None,
        "Illegal goods or acts", "违法物品或行为",
        "Drugs, weapons for sale, instructions for crimes.",
        "毒品、出售武器、犯罪指导。",
        "This content promotes illegal goods or acts.",
        "此内容宣传违法物品或行为。",
    ),
    First(
        "private-information", Severity.MEDIUM, None,
        "Private information", "个人隐私信息",
        "Names with addresses, documents, telephone numbers, faces from private photographs.",
        "姓名与住址、证件、电话号码、私人照片中的面孔。",
        "This content shows private information.",
        "此内容包含个人隐私信息。",
    ),
    First(
        "spam", Severity.LOW, None,
        "Spam, advertising", "垃圾信息与广告",
        "Advertising, links, scams, repeated copies.",
        "广告、链接、诈骗、重复内容。",
        "This content looks like advertising or spam.",
        "此内容疑似广告或垃圾信息。",
    ),
)  # fmt: skip
