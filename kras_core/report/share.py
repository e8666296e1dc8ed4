"""A view in a few lines to send to somebody: caption, n, numbers, the count of looks, and the address."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from kras_core import __version__
from kras_core.analyse.results import CohortRef
from kras_core.report.plain_words import patients
from kras_core.report.survival.answer import Answer


def share_text(answer: Answer, cohort: CohortRef, n: str, link: str) -> str:
    """Caption with n and where the rows are from, both lines of the answer, and the link.

    An uploaded cohort is not named, and its link opens for whoever has the same file."""
    where = f", {answer.where}" if answer.where else ""
    of = f", {patients(cohort, n)}" if n else ""
    source = "uploaded cohort" if cohort.origin == "uploaded" else cohort.title
    lines = [f"{answer.title}{where}{of} · {source}", answer.line1.text, answer.line2.text]
    foot = f"KRAScope {__version__}, data {cohort.digest[:10]}: {link}"
    return "\n".join(line for line in (*lines, foot) if line)


def link_to(url: str, address: Mapping[str, str | list[str]]) -> str:
    """The page's address with its parameters."""
    page = url if urlsplit(url).path else f"{url}/"
    return f"{page}?{urlencode(address, doseq=True, safe=',@!=')}"
