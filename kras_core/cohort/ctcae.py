"""Which grades CTCAE has for a term: some end at 2 or 3, a few begin above 1.

Source: Common Terminology Criteria for Adverse Events, version 5.0, National Cancer Institute, 27 November 2017, with
the terms of MedDRA 20.1 (a dash in the guide's column of a grade means that the term has none). Every term of the guide
below was held against it. Only terms that do not have all five grades are listed, and of those only usual ones of lung
cancer treatment; a term that is not here is not checked.
"""

import re
from collections.abc import Mapping

VERSION = "CTCAE v5.0 (NCI, 27 November 2017)"

# (lowest, highest) grade: terms of the guide, then what is usually written for them.
_RANGES: Mapping[tuple[int, int], str] = {
    (1, 2): """alopecia, hair loss, 脱发, dysgeusia, taste disturbance, flatulence, urinary frequency,
        skin hyperpigmentation, skin hypopigmentation, nail loss""",
    (
        1,
        3,
    ): """fatigue, 乏力, 疲劳, nausea, 恶心, dry mouth, 口干, dyspepsia, pruritus, itching, 瘙痒, rash maculo papular,
        dry skin, palmar plantar erythrodysesthesia syndrome, palmar plantar erythrodysesthesia, hand foot syndrome,
        hand foot skin reaction, 手足综合征, proteinuria, 蛋白尿, weight loss, weight gain, insomnia, headache, 头痛,
        dizziness, 头晕, arthralgia, 关节痛, myalgia, 肌痛, back pain, pain, abdominal pain, 腹痛, cough, 咳嗽,
        hoarseness, 声音嘶哑, hiccups, chills, edema limbs, oedema limbs, edema face, oedema face, paresthesia,
        paraesthesia, bone pain, malaise, flu like symptoms, paronychia, urticaria""",
    (1, 4): """alanine aminotransferase increased, alt increased, aspartate aminotransferase increased, ast increased,
        blood bilirubin increased, bilirubin increased, alkaline phosphatase increased, ggt increased,
        creatinine increased, neutrophil count decreased, neutropenia, platelet count decreased, thrombocytopenia,
        white blood cell decreased, leukopenia, leucopenia, lymphocyte count decreased, lymphopenia,
        serum amylase increased, lipase increased, cpk increased, cholesterol high,
        electrocardiogram qt corrected interval prolonged, peripheral sensory neuropathy""",
    (3, 5): """febrile neutropenia, 发热性中性粒细胞减少, leukocytosis, sepsis, acute kidney injury, anaphylaxis,
        tumor lysis syndrome""",
}

GRADES: Mapping[str, tuple[int, int]] = {
    " ".join(term.split()): grades for grades, terms in _RANGES.items() for term in terms.split(",")
}


def grades_of(term: str) -> tuple[int, int] | None:
    """Lowest and highest grade that CTCAE v5.0 has for the term, None where the term is not listed here.

    Capitals, hyphens and spaces make no difference: "Hand-foot syndrome" is "hand foot syndrome".
    """
    return GRADES.get(re.sub(r"[\s\-‐-―_/]+", " ", term).strip().casefold())
