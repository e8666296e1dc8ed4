"""Columns by which a patient could be named: found by header, by label and by content, each with its reason in words.

What is found is left out of a cohort by default. Nothing here changes a table, and no value is repeated in a
reason. A column that the rules miss stays: whoever exports the table from the hospital's system is the first guard.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from kras_core.cohort.coerce import missing
from kras_core.cohort.files import RawTable

Kind = Literal["name", "record number", "date of birth", "telephone", "e-mail", "address", "free text"]

SAMPLE = 2_000  # distinct values of a column that are looked at one by one
FEWEST = 3  # filled cells without which a column's content says nothing
FEWEST_NAMES = 5  # distinct texts below which capitalised words are more likely levels


@dataclass(frozen=True, slots=True)
class Identified:
    """A column (header as written) that may say who a patient is, and why it is thought so.

    stays: it tells the rows apart (patient_id) and cannot be left out; the reason says what to replace it with.
    """

    column: str
    reason: str
    kind: Kind = "name"
    stays: bool = False


def identifying(table: RawTable) -> tuple[Identified, ...]:
    """Every column that looks like a name, record number, date of birth, telephone, e-mail, address or free text.

    In the order of the columns; a column once, for the first reason that holds. Empty columns hold nothing to find.
    """
    contents = [_Content.of(column) for column in table.columns]
    births = _births(contents)
    found = []
    for i, (header, content) in enumerate(zip(table.header, contents, strict=True)):
        if not content.filled:
            continue
        if _plain(header) in _IDS:
            found += _id_column(header, content)
            continue
        said = _by_header(header, table.labels.get(header, ""), content) or _by_content(header, content)
        if said is None and i in births:
            said = ("date of birth", "Its dates lie a generation before every other date of the table.")
        if said:
            found.append(Identified(header, said[1], said[0]))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """What a column holds: how many cells are filled, its distinct texts, and a sample of those."""

    filled: int
    distinct: tuple[str, ...]
    sample: tuple[str, ...]

    @classmethod
    def of(cls, column: np.ndarray) -> "_Content":
        values = column[~missing(column)]
        distinct = tuple(str(v) for v in pd.unique(values))
        return cls(len(values), distinct, distinct[:SAMPLE])

    @property
    def variety(self) -> float:
        """Distinct texts per filled cell: 1 where no two are the same."""
        return len(self.distinct) / max(self.filled, 1)

    def share(self, holds: Callable[[str], object]) -> float:
        """The part of the sampled texts for which it holds."""
        return sum(bool(holds(text)) for text in self.sample) / max(len(self.sample), 1)


# ---------------------------------------------------------------------------------------------- by header

_PERSONS = (
    "patient|pt|subject|person|full|first|last|middle|family|given|maiden|birth|legal|mother|father|spouse|kin|contact"
    "|doctor|physician|surgeon|nurse|pat"
)

# Header in the form of _plain, or a part of it between underscores; Chinese, Japanese and Korean words anywhere.
_HEADERS: Mapping[Kind, re.Pattern[str]] = {
    "name": re.compile(
        rf"^(?:(?:{_PERSONS})_)*(?:sur|fore|first|last|full|patient)?names?(?:_(?:of|the|{_PERSONS}))*$"
        r"|^(?:patient_|subject_)?initials$|(?:^|_)(?:nachname|vorname|familienname|achternaam|voornaam|prenom|apellidos?"
        r"|cognome|sobrenome)(?:_|$)|^(?:nom|nombres?|nome|nom_de_famille|nome_completo)$|姓名|名字|氏名|患者名|病人名|이름|성명"
    ),
    "record number": re.compile(
        r"(?:^|_)(?:mrn|ssn|nir|ipp|dni|nuhsa|nhs(?:_?(?:no|nr|number|id))|codice_fiscale|(?:hospital|record|chart|inpatient"
        r"|outpatient|admission|insurance|passport|medical_record|social_security|health_card|nhs|hospitalisation|dossier)"
        r"_(?:no|nr|num|number)|(?:national|passport|insurance|inpatient|outpatient|medical_record)_id|id_?card(?:_\w+)?"
        r"|identity_(?:card|number)|passport|fallnummer|patientennummer|versicherten(?:nummer|nr)|historia_clinica)(?:_|$)"
        r"|身份证|住院号|病案号|病历号|门诊号|登记号|就诊号|就诊卡|医保卡?号|社保卡?号|护照|影像号|病理号|カルテ番号|주민등록|등록번호"
    ),
    "date of birth": re.compile(
        r"(?:^|_)(?:dob|birth_?dates?|dates?_of_birth|birth_?day|born(?:_on)?|brthdtc?|geburtsdatum|geb_?dat(?:um)?"
        r"|date_(?:de_)?naissance|fecha_(?:de_)?nacimiento|data_(?:di_)?nascita|data_(?:de_)?nascimento|geboortedatum)(?:_|$)"
        r"|出生(?!体重|地)|生日|生年月日|생년월일"
    ),
    "telephone": re.compile(
        r"(?:^|_)(?:(?:tele|cell_?|mobile_?)?phone|tel|mobile|telefon|telefono|telefone|telefoon|handy|fax|whatsapp|wechat)"
        r"(?:_|$)|电话|手机|联系方式|微信|電話|전화"
    ),
    "e-mail": re.compile(r"(?:^|_)e_?mail(?:_|$)|邮箱|电子邮件|メール|이메일"),
    "address": re.compile(
        r"(?:^|_)(?:address|addr|street|post_?code|postal_code|zip(?:_?code)?|adresse|anschrift|strasse|plz|wohnort"
        r"|code_postal|direccion|domicilio|codigo_postal|indirizzo|endereco)(?:_|$)|地址|住址|邮编|住所|주소"
    ),
    "free text": re.compile(
        r"(?:^|_)(?:notes?|comments?|remarks?|free_?text|memo|narrative|bemerkung(?:en)?|kommentare?|anmerkung(?:en)?"
        r"|notiz(?:en)?|commentaires?|remarques?|observaciones|comentarios?)$|^(?:备注|備註|备考|说明|主诉|现病史|既往史|描述|비고)$"
    ),
}


def _plain(header: str) -> str:
    """Lower case without accents, words joined by underscores; Chinese and other scripts as they are."""
    text = unicodedata.normalize("NFKC", header)
    text = re.sub(r"['’]s\b", "", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text)).lower().replace("ß", "ss")
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    bare = unicodedata.normalize("NFC", bare)
    return re.sub(r"[\W_]+", "_", bare).strip("_")


def _by_header(header: str, label: str, content: _Content) -> tuple[Kind, str] | None:
    for kind, pattern in _HEADERS.items():
        for text, what in ((header, "header"), (label, "label")):
            if pattern.search(_plain(text)) and (kind != "free text" or _wordy(content)):
                return kind, f"Its {what} says {_WORDS[kind]}."
    return None


_WORDS: Mapping[Kind, str] = {
    "name": "that it names a person",
    "record number": "that it holds a record or identity number",
    "date of birth": "date of birth; age is enough",
    "telephone": "that it holds a telephone number",
    "e-mail": "that it holds an e-mail address",
    "address": "that it holds an address",
    "free text": "that it holds notes, in which a patient may be named",
}


def _wordy(content: _Content) -> bool:
    """Whether some text is longer than a level's name."""
    return any(len(text) > 24 or (len(text) > 8 and _HAN.search(text)) for text in content.sample)


# --------------------------------------------------------------------------------------------- by content

_HAN = re.compile(r"[\u4e00-\u9fff]")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CARD = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[0-9Xx](?![0-9A-Za-z])")
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PHONE = re.compile(
    r"(?:\+|00)\d{1,3}[ \-.]?(?:\(?\d{1,4}\)?[ \-.]?){2,5}"
    r"|(?:86)?1[3-9]\d{9}|1[3-9]\d[ -]\d{4}[ -]\d{4}|0\d{2,3}-\d{7,8}|\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4}"
)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_STREET = re.compile(
    r"\d+\w? [\w'’. ]+ (?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|close|court)\b"
    r"|\b\w+(?:straße|strasse|str\.|weg|platz|gasse) \d+|\b\d+,? (?:rue|avenue|boulevard|place|via|calle) "
    r"|[省市区县镇乡].*[路街道巷村弄].*\d|[路街巷弄]\d+[号弄]",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-])*\.?,?(?: [^\W\d_](?:[^\W\d_]|['’-])*\.?){1,3}")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_DATED = re.compile(
    r"(?:(?:19|20)\d{2}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2})(?:[ T].*)?"
)
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤張劉陳楊黃趙吳"
)
_IDS = frozenset(
    {"patient_id", "usubjid", "subjid", "subject_id", "patient", "subject", "患者编号", "受试者编号", "病例编号"}
)


def _by_content(header: str, content: _Content) -> tuple[Kind, str] | None:
    joined = "\n".join(content.distinct)
    emails = len(_EMAIL.findall(joined)) if "@" in joined else 0
    if emails:
        return "e-mail", f"{_count(emails)} written like an e-mail address."
    cards = sum(is_identity_card(text) for text in _CARD.findall(joined))
    if cards:
        return "record number", f"{_count(cards)} a Chinese identity-card number: the check digit is right."
    if content.filled < FEWEST:
        return None
    for kind, holds, reason in _CONTENTS:
        if holds(content):
            return kind, reason
    if re.search(r"(?:^|_)(?:id|no|nr|num|number|nummer|numero)$|编?号$", _plain(header)) and _record_numbers(content):
        return "record number", "A long number, another one in nearly every row, under the header of a number."
    return None


def _count(n: int) -> str:
    return "1 value is" if n == 1 else f"{n:,} values are"


def is_identity_card(text: str) -> bool:
    """Whether the text is a Chinese identity-card number: 18 characters with a date of birth and the check character
    of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    if not _CARD.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _CARD_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[17].upper() and _is_day(text[6:14])


def _is_day(text: str) -> bool:
    try:
        return 1880 <= date(int(text[:4]), int(text[4:6]), int(text[6:8])).year <= date.today().year
    except ValueError:
        return False


def _nhs_number(text: str) -> bool:
    """Ten digits, the last one their check digit modulo 11 (NHS Data Dictionary, NHS NUMBER)."""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"\d{10}", digits):
        return False
    check = (11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11) % 11
    return check == int(digits[9])


def _persons(content: _Content) -> bool:
    """Nearly all texts are two to four capitalised words, or two to four Chinese characters after a usual surname."""
    if content.variety < 0.7 or len(content.distinct) < FEWEST_NAMES:
        return False
    return content.share(_latin_name) > 0.8 or content.share(_chinese_name) > 0.8


def _latin_name(text: str) -> bool:
    return bool(_CAPITALISED.fullmatch(text)) and all(w[0].isupper() for w in re.split(r"[ ,]+", text) if w)


def _chinese_name(text: str) -> bool:
    return 2 <= len(text) <= 4 and text[0] in _SURNAMES and all(_HAN.match(c) for c in text)


def _sentences(content: _Content) -> bool:
    """Texts of several words, nearly another one in every row."""
    if content.variety < 0.5 or len(content.distinct) < FEWEST:
        return False
    return content.share(lambda text: text.count(" ") >= 5 or len(_HAN.findall(text)) >= 12) > 0.5


def _record_numbers(content: _Content) -> bool:
    return content.variety > 0.9 and content.share(lambda text: re.fullmatch(r"0*[1-9]\d{5,17}", text)) > 0.9


_CONTENTS: tuple[tuple[Kind, Callable[[_Content], bool], str], ...] = (
    (
        "record number",
        lambda c: c.share(_SSN.fullmatch) > 0.5,
        "Most values are written like a social-security number.",
    ),
    (
        "record number",
        lambda c: len(c.distinct) >= 5 and c.share(_nhs_number) > 0.95,
        "Its values have ten digits and the check digit of an NHS number.",
    ),
    ("telephone", lambda c: c.share(_PHONE.fullmatch) > 0.5, "Most values are written like a telephone number."),
    ("address", lambda c: c.share(_STREET.search) > 0.5, "Most values are written like a street and number."),
    ("name", _persons, "Nearly every value is written like a person's name, another one in nearly every row."),
    ("free text", _sentences, "Most values are sentences, in which a patient may be named."),
)


def _births(contents: list[_Content]) -> set[int]:
    """Positions of date columns whose dates lie 15 years and more, and spread over ten, before all the others'."""
    years: dict[int, np.ndarray] = {}
    for i, content in enumerate(contents):
        if content.filled >= FEWEST and content.share(_DATED.fullmatch) > 0.8:
            found = [m for text in content.sample if (m := _YEAR.search(text))]
            years[i] = np.array([int(m[0]) for m in found])
    return {
        i
        for i, own in years.items()
        if len(years) > 1
        and np.ptp(own) >= 10
        and all(np.median(other) - np.median(own) >= 15 for j, other in years.items() if j != i)
    }


def _id_column(header: str, content: _Content) -> list[Identified]:
    """What tells the rows apart stays; where it looks like more than a pseudonym, say so."""
    remedy = "It stays, as it tells the rows apart: replace it with a pseudonym before the file leaves the hospital."
    said = _by_content("", content)
    if said is None and _record_numbers(content):
        said = ("record number", "Its values are long numbers, as a hospital gives them.")
    return [Identified(header, f"{said[1]} {remedy}", said[0], stays=True)] if said else []
