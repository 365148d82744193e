"""What the name of a column says about its contents, in Chinese, English and the initials that databases use.

A hint alone is never a finding: cells must fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from opendata.domain.privacy import Kind
from opendata.domain.schema import Field

_HINTS: Mapping[Kind, str] = {
    Kind.RESIDENT_ID: "身份证|公民身份|证件号|证件编号|居民证|idcard|id_card|id card|identity|sfzh|sfz|zjhm|gmsfhm",
    Kind.PASSPORT: "护照|passport|证件号",
    Kind.TRAVEL_PERMIT: "通行证|回乡证|台胞证|居住证|居留|证件号|permit no|permit_no",
    Kind.MILITARY_ID: "军官证|士兵证|军人证|证件号",
    Kind.MOBILE: "手机|移动电话|电话|联系方式|mobile|phone|tel|sjh|lxdh|lxfs",
    Kind.LANDLINE: "座机|固定电话|固话|电话|联系方式|landline|phone|tel|lxdh",
    Kind.BANK_CARD: "银行卡|卡号|银行账号|银行帐号|银行账户|账号|帐号|存折|一卡通|bank|card_no|card no|yhkh|yhzh",
    Kind.EMAIL: "邮箱|电子邮件|email|e-mail|mail",
    Kind.PLATE: "车牌|号牌|plate|cphm|hphm",
    Kind.ADDRESS: (
        "住址|家庭地址|户籍地|居住地|常住地|现住|住所地|户口所在|home address|home_address|residence|jtzz|jtdz|hjdz"
    ),
    Kind.NAME: (
        "姓名|户主|申请人|联系人|法定代表人|法人代表|代表人|当事人|负责人|经办人|受益人|领取人|被处罚人|患者|学生|教师|医师|家长|监护人|"
        "户名|持有人|权利人|承租人|补贴对象|救助对象|person|full name|full_name|applicant|contact|holder|owner|xm$|^xm"
    ),
    Kind.BIRTH_DATE: "出生|生日|birth|dob|csrq|csny",
    Kind.SOCIAL: "微信|qq|wechat|微博|抖音",
}
_ORGANISATION = re.compile(
    "单位|企业|机构|公司|名称|部门|组织|社团|项目|地址|电话|数量|人数|类型|类别|编号|代码|日期|时间"
)
_SURE = re.compile("姓名|full.?name")
_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _HINTS.items()}


def find_hints(field: Field) -> Mapping[Kind, str]:
    """The kinds that a column's name and title hint at, each with the word that does."""
    text = f"{field.name} {field.title}".strip()
    found = {kind: match[0] for kind, pattern in _PATTERNS.items() if (match := pattern.search(text))}
    if Kind.NAME in found and _ORGANISATION.search(text) and not _SURE.search(text):
        del found[Kind.NAME]
    return found
