"""A view's methods as a paragraph for a manuscript, in plain text and Markdown, with its references."""

import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from kras_core import __version__
from kras_core.analyse.results import SurvivalAnalysis
from kras_core.report import format as fmt
from kras_core.report.format import mid_sentence

KAPLAN = "Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457–481"
GREENWOOD = "Greenwood M. Reports on Public Health and Medical Subjects 33. London: HMSO, 1926"
BROOKMEYER = "Brookmeyer R, Crowley J. Biometrics 1982;38:29–41"
SPSS = "IBM SPSS Statistics Algorithms, chapter KM"
MANTEL = "Mantel N. Cancer Chemother Rep 1966;50:163–170"
COX = "Cox DR. J R Stat Soc B 1972;34:187–220"
TIES = {
    "efron": "Efron B. J Am Stat Assoc 1977;72:557–565",
    "breslow": "Breslow N. Biometrics 1974;30:89–99",
}
FIRTH = "Heinze G, Schemper M. Biometrics 2001;57:114–119"
PETO = "Peto R, Pike MC, Armitage P, et al. Br J Cancer 1977;35:1–39"
SCHEMPER = "Schemper M, Smith TL. Control Clin Trials 1996;17:343–346"
LANDMARK = "Anderson JR, Cain KC, Gelber RD. J Clin Oncol 1983;1:710–719"
ENTRY = "Kalbfleisch JD, Prentice RL. The Statistical Analysis of Failure Time Data. 2nd ed. Hoboken: Wiley, 2002"
LAUSEN = "Lausen B, Schumacher M. Biometrics 1992;48:73–85"
RMST = "Klein JP, Moeschberger ML. Survival Analysis. 2nd ed. New York: Springer, 2003"

SCALES = {"plain": "on the survival scale itself", "log": "on the log scale", "log-log": "on the log(−log) scale"}
MEDIANS = {
    "first": "the earliest time at which the estimate was 50% or lower",
    "middle": "the earliest time at which the estimate fell below 50%, or the middle of a plateau at exactly 50%",
    "middle-to-end": "the earliest time at which the estimate fell below 50%, or the middle of a plateau at exactly "
    "50%, up to the curve's end if it never falls again",
}
MIXED = "a hazard ratio that the software derives from the log-rank test, {}, with a normal interval on the log scale"
PRISM = {"logrank": "(O/E)/(O/E)", "mantel-haenszel": "exp((O − E)/V)"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and what it cites."""

    text: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodsParagraph:
    """Sentences in the order of a manuscript; references are numbered in the order of citing."""

    sentences: tuple[Sentence, ...]

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cited for s in self.sentences for cited in s.cites))

    @property
    def body(self) -> str:
        """The paragraph with its citations in square brackets."""
        numbers = {cited: i for i, cited in enumerate(self.references, 1)}
        marks = (f" [{','.join(str(numbers[c]) for c in s.cites)}]." if s.cites else "." for s in self.sentences)
        return " ".join(s.text + mark for s, mark in zip(self.sentences, marks, strict=True))

    @property
    def text(self) -> str:
        listed = "\n".join(f"{i}. {reference}." for i, reference in enumerate(self.references, 1))
        return f"{self.body}\n\nReferences\n{listed}\n"

    @property
    def markdown(self) -> str:
        listed = "\n".join(f"{i}. {fmt.md_escape(reference)}\\." for i, reference in enumerate(self.references, 1))
        return f"## Statistical methods\n\n{fmt.md_escape(self.body)}\n\n### References\n\n{listed}\n"


def methods_paragraph(analysis: SurvivalAnalysis, *others: SurvivalAnalysis) -> MethodsParagraph:
    """How the view was computed, in the past tense of a manuscript. others: further endpoints of the same selection;
    what they share is said once."""
    views = (analysis, *others)
    found = [_endpoint(view) for view in views]
    found += _cohort(analysis)
    for part in (_origin, _curves, _compared):
        found += [sentence for view in views for sentence in part(view)]
    found += [_mean(view, named=bool(others)) for view in views if view.redraws is None]
    found.append(Sentence("Follow-up was estimated by the reverse Kaplan–Meier method", (SCHEMPER,)))
    found += [Sentence(_tests(analysis)), Sentence(_software(analysis))]
    return MethodsParagraph(tuple(dict.fromkeys(found)))


def _compared(analysis: SurvivalAnalysis) -> list[Sentence]:
    if analysis.redraws is not None:
        return [Sentence(_redrawn(analysis))]
    return [*_groups(analysis), *_comparison(analysis)] if analysis.strata else []


def _mean(analysis: SurvivalAnalysis, *, named: bool) -> Sentence:
    which = f" ({analysis.endpoint.short})" if named else ""
    tau = f"{analysis.overall.rmst.tau:.1f} months"
    return Sentence(f"Restricted mean survival{which} was the area under the curve up to {tau}", (RMST,))


def _endpoint(analysis: SurvivalAnalysis) -> Sentence:
    e = analysis.endpoint
    free = "patients without it were censored when last known to be free of it"
    return Sentence(
        f"{e.label} ({e.short}) was the time to {e.event}; {free}"
        if e.short != e.label
        else f"{e.label} was the time to the {e.event}; {free}"
    )


def _cohort(analysis: SurvivalAnalysis) -> list[Sentence]:
    divisor = f"{analysis.cohort.days_per_month:.4f}".rstrip("0").rstrip(".")
    found = [Sentence(f"Times are in months of {divisor} days")]
    if analysis.selection.where:
        found.append(Sentence(f"The analysis was restricted to {fmt.restriction(analysis).removeprefix('only ')}"))
    if analysis.cohort.conditional_on:
        found.append(Sentence(f"All estimates are conditional on {analysis.cohort.conditional_on}"))
    return found


def _origin(analysis: SurvivalAnalysis) -> list[Sentence]:
    selection = analysis.selection
    out = sum(e.n for e in analysis.excluded if "landmark" in e.reason)
    if selection.analysis == "landmark":
        left = f", which left out {fmt.plural(out, 'patient')}" if out else ""
        return [
            Sentence(
                f"In a landmark analysis the clock started at {selection.landmark:g} months, in patients followed "
                f"beyond that time without the event{left}",
                (LANDMARK,),
            )
        ]
    if selection.analysis == "delayed-entry":
        return [Sentence("Patients counted as at risk from their time of entry on (left truncation)", (ENTRY,))]
    return [Sentence("Time was counted from the start of treatment")]


def _curves(analysis: SurvivalAnalysis) -> list[Sentence]:
    c = analysis.selection.conventions
    level = f"{100 * c.confidence:g}%"
    spss = c.median_interval == "spss"
    found = [
        Sentence(
            f"Survival was estimated by the Kaplan–Meier method with {level} confidence intervals symmetric "
            f"{SCALES[c.interval]} (Greenwood's variance)",
            (KAPLAN, GREENWOOD),
        )
    ]
    if c.median_interval == "none":
        return [*found, Sentence(f"The median was {MEDIANS[c.median_rule]}; it is given without an interval")]
    how = "± z times its standard error" if spss else "by the method of Brookmeyer and Crowley"
    cited = (SPSS,) if spss else (BROOKMEYER,)
    return [*found, Sentence(f"The median was {MEDIANS[c.median_rule]}, with its interval {how}", cited)]


def _redrawn(analysis: SurvivalAnalysis) -> str:
    assert analysis.redraws is not None
    sentence = analysis.redraws.sentence.rstrip(".")
    return sentence.replace(
        "The publication does not determine this", "The publication does not determine the comparison"
    )


def _groups(analysis: SurvivalAnalysis) -> list[Sentence]:
    groups = "; ".join(f"{mid_sentence(s.label)}, n = {fmt.whole(s.n)}" for s in analysis.strata)
    found = [Sentence(f"Groups were formed by {mid_sentence(analysis.by_label)} ({groups})")]
    for _, value, origin in analysis.cutoffs:
        found.append(Sentence(f"High was defined as above {value:g} (cut-off {origin})"))
    return found


def _comparison(analysis: SurvivalAnalysis) -> list[Sentence]:
    c, found = analysis.selection.conventions, []
    if analysis.logrank is not None:
        found.append(Sentence("Groups were compared by the two-sided log-rank test", (MANTEL,)))
    if analysis.selected:
        adjusted = (
            "The p value that allows for the choice of the cut-off is that of the maximally selected log-rank statistic"
        )
        found.append(Sentence(adjusted, (LAUSEN,)))
    ratio = next((h for h in analysis.hazard_ratios if h.estimate == h.estimate), None)
    if ratio is None:
        return found
    reference = f"with {mid_sentence(ratio.reference)} as the reference"
    if "Firth" in ratio.method:
        said = f"Since the partial likelihood was monotone, hazard ratios are Firth's penalised estimates {reference}, "
        said += f"with profile penalised-likelihood intervals and p values ({c.ties.capitalize()} ties)"
        return [*found, Sentence(said, (COX, TIES[c.ties], FIRTH))]
    if ratio.method.startswith("Cox"):
        said = f"Hazard ratios are from a Cox model {reference}, with {c.ties.capitalize()}'s method for ties and "
        return [*found, Sentence(f"{said}Wald intervals and p values", (COX, TIES[c.ties]))]
    derived = MIXED.format(PRISM[c.hazard_ratio])
    return [*found, Sentence(f"The comparison is summarised by {derived}, {reference}", (PETO,))]


def _tests(analysis: SurvivalAnalysis) -> str:
    adjusted = "" if analysis.selected else " and not adjusted for the number of comparisons"
    return f"P values are two-sided{adjusted}"


def _software(analysis: SurvivalAnalysis) -> str:
    c = analysis.selection.conventions
    used = ", ".join(f"{name} {number}" for name, number in software().items() if name != "KRAScope")
    return f"Analyses used KRAScope {__version__} with the conventions of {c.label} ({used})"


@cache
def software() -> dict[str, str]:
    """Name and version of what computed the figures."""
    packages = {"NumPy": "numpy", "SciPy": "scipy", "pandas": "pandas", "lifelines": "lifelines"}
    found = {"KRAScope": __version__, "Python": platform.python_version()}
    return found | {name: version(package) for name, package in packages.items()}
