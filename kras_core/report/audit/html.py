"""An audit as HTML: one line a claim, like proofs in the margin, with the arithmetic unfolding beneath it."""

import math
from collections.abc import Iterable

from kras_core.audit.audit import AuditReport, Entry
from kras_core.audit.checks import CHECKS
from kras_core.audit.claims import Claim
from kras_core.audit.findings import MEANING, Bar, Finding, Picture, Verdict
from kras_core.audit.printed import tidy
from kras_core.cohort.endpoints import endpoint
from kras_core.cohort.stratifiers import STRATIFIERS, known_label
from kras_core.report.format import html_escape, plural

NOT_YET = "Not searched yet."
RECOMPUTED = "Recomputed from patient rows"

RULES = """
.kras-proofs { color: var(--kras-ink); font-size: 14px; line-height: 1.45; font-variant-numeric: tabular-nums; }
.kras-proofs p, .kras-proofs li, .kras-proofs ol, .kras-proofs ul { font-size: inherit; }
.kras-proof { border-bottom: 1px solid var(--kras-hairline); }
.kras-proof > summary { display: grid; grid-template-columns: 8rem 8rem minmax(0, 1fr) 11rem; column-gap: 16px;
  align-items: baseline; padding: 7px 0; cursor: pointer; list-style: none; }
.kras-proof > summary::-webkit-details-marker { display: none; }
.kras-proof > summary:hover .kras-says { color: var(--kras-accent); }
.kras-proof > summary:focus-visible { outline: 2px solid var(--kras-accent); outline-offset: 2px; }
.kras-printed { font-family: "Source Serif", "Source Serif 4", Georgia, "Times New Roman", serif; font-size: 17px;
  overflow-wrap: anywhere; }
.kras-printed-long { font-size: 14px; }
.kras-verdict { font-size: 13px; }
.kras-verdict::before { content: ""; display: inline-block; width: 3px; height: 0.8em; margin-right: 7px;
  background: currentColor; vertical-align: -0.05em; }
.kras-impossible { color: var(--kras-error); font-weight: 600; }
.kras-inconsistent, .kras-rounding { color: var(--kras-warning); }
.kras-inconsistent { font-weight: 600; }
.kras-reproduced, .kras-reachable { color: var(--kras-accent); }
.kras-consistent { color: var(--kras-ink); }
.kras-missing { color: var(--kras-quiet); }
.kras-what { color: var(--kras-quiet); }
.kras-says { display: block; }
.kras-conclusion { color: var(--kras-error); font-weight: 600; white-space: nowrap; }
.kras-place { color: var(--kras-quiet); font-size: 12px; overflow-wrap: anywhere; }
.kras-drawer { padding: 4px 0 20px; margin-left: calc(8rem + 16px); max-width: 62rem; }
.kras-quote { color: var(--kras-quiet); margin: 0 0 10px; }
.kras-check { border-left: 1px solid var(--kras-hairline); padding: 0 0 2px 14px; margin: 0 0 14px; }
.kras-check p { margin: 0 0 4px; }
.kras-check h4 { font-size: 14px; font-weight: 600; margin: 0 0 2px; padding: 0; }
.kras-check h4 .kras-verdict { font-weight: 400; margin-left: 8px; }
.kras-check ol { list-style: none; margin: 4px 0; padding: 0 !important; font-family: "Source Code Pro", "Source Code",
  ui-monospace, Menlo, Consolas, monospace; font-size: 12.5px; color: var(--kras-ink); }
.kras-check ol li { margin: 0; padding: 1px 0; overflow-wrap: anywhere; }
.kras-check .kras-label { color: var(--kras-quiet); }
.kras-check ul { margin: 0 0 4px; padding: 0 0 0 1.1em !important; }
.kras-check ul li { margin: 0; padding: 0; }
.kras-small { color: var(--kras-quiet); font-size: 12px; }
.kras-bars { display: grid; grid-template-columns: max-content minmax(8rem, 26rem) max-content; column-gap: 12px;
  row-gap: 3px; align-items: center; margin: 8px 0 6px; font-size: 12px; color: var(--kras-quiet); }
.kras-track { position: relative; height: 14px; }
.kras-track i { position: absolute; top: 5px; height: 4px; min-width: 2px; display: block; }
.kras-track i.kras-ink { background: var(--kras-ink); }
.kras-track i.kras-possible { background: var(--kras-accent); }
.kras-track b { position: absolute; top: 2px; width: 2px; height: 10px; margin-left: -1px; background: var(--kras-ink);
  display: block; }
.kras-track u { position: absolute; top: -3px; bottom: -3px; width: 0; border-left: 1px dashed var(--kras-quiet);
  display: block; }
.kras-axis { display: flex; justify-content: space-between; border-top: 1px solid var(--kras-hairline); }
.kras-strip { display: flex; flex-wrap: wrap; column-gap: 22px; row-gap: 2px; margin: 4px 0 0; }
.kras-strip b { font-size: 20px; font-weight: 600; margin-right: 6px; }
.kras-strip span { white-space: nowrap; }
@media (max-width: 640px) { .st-key-audit_filters > div { width: 100% !important; } }
@media (max-width: 900px) {
  .kras-proof > summary { grid-template-columns: minmax(0, 1fr) max-content; row-gap: 2px; }
  .kras-proof > summary .kras-claim, .kras-proof > summary .kras-place { grid-column: 1 / -1; }
  .kras-drawer { margin-left: 0; }
  .kras-bars { grid-template-columns: minmax(0, 1fr) max-content; grid-auto-flow: row dense; row-gap: 0; }
  .kras-bars .kras-track, .kras-bars .kras-axis { grid-column: 1 / -1; }
  .kras-bars > span:empty { display: none; }
}
"""

CLASSES: dict[Verdict, str] = {
    "impossible": "kras-impossible",
    "inconsistent": "kras-inconsistent",
    "rounding only": "kras-rounding",
    "reproduced": "kras-reproduced",
    "reachable": "kras-reachable",
    "consistent": "kras-consistent",
    "not recomputable": "kras-missing",
}


def audit_head(report: AuditReport) -> str:
    """Title, publication, and the strip of verdicts with how many claims have each."""
    rows = "no patient rows"
    if report.cohort is not None:
        rows = f"rows: {report.cohort.title}, n = {report.cohort.n:,}"
        if report.cohort.provenance == "reconstructed":
            rows += ", reconstructed from this publication's figures"
    return (
        '<section class="kras-answer"><h1 class="kras-title">Reported figures</h1>'
        f'<p class="kras-second">{html_escape(report.title)} · {html_escape(rows)}</p>{strip(report)}</section>'
    )


def own_head() -> str:
    """Title over a user's own claims."""
    return (
        '<section class="kras-answer"><h1 class="kras-title">Reported figures</h1><p class="kras-second">Write the '
        "figures that a paper prints: each is held against the others, and against rows where there are any."
        "</p></section>"
    )


def strip(report: AuditReport) -> str:
    """How many claims have each verdict, in words."""
    counts = (
        f'<span class="{CLASSES[v]}" title="{html_escape(MEANING[v])}"><b>{n}</b>{v}</span>'
        for v, n in report.counts.items()
        if n
    )
    return f'<p class="kras-strip">{"".join(counts)}</p>'


def built_in(report: AuditReport) -> str:
    """What agreement with reconstructed rows is worth; empty for others."""
    if report.cohort is None or report.cohort.provenance != "reconstructed":
        return ""
    missed = [
        f"{e.claim.printed} ({subject(e.claim)})"
        for e in report.entries
        for f in e.findings
        if f.check == "recomputed" and f.verdict == "not recomputable" and f.computed and e.claim.kind.form != "date"
    ]
    could_not = f" What could not be built in: {'; '.join(missed)}." if missed else ""
    return (
        "These rows were built from the printed figures, so agreement with them was built in: it shows that the "
        f"figures can hold together, nothing about patients.{could_not}"
    )


def claim_lines(entries: Iterable[Entry]) -> str:
    """One line a claim, with the id by which its `drawer` is asked for; each unfolds."""
    lines = "".join(map(_line, entries))
    return f'<div class="kras-proofs">{lines or "<p>No figure has this.</p>"}</div>'


def _line(entry: Entry) -> str:
    claim = entry.claim
    mark = ' <span class="kras-conclusion">changes the conclusion</span>' if entry.changes_conclusion else ""
    long = " kras-printed-long" if len(claim.printed) > 18 else ""
    return (
        f'<details class="kras-proof" data-line="{html_escape(claim.id)}"><summary>'
        f'<span class="kras-printed{long}">{html_escape(claim.printed)}</span>'
        f"{_verdict(entry.verdict)}"
        f'<span class="kras-claim"><span class="kras-what">{html_escape(subject(claim))}</span>{mark}'
        f'<span class="kras-says">{html_escape(entry.lead.statement)}</span></span>'
        f'<span class="kras-place">{html_escape(claim.place)}</span></summary></details>'
    )


def _verdict(verdict: Verdict) -> str:
    return f'<span class="kras-verdict {CLASSES[verdict]}">{verdict}</span>'


def subject(claim: Claim) -> str:
    """What a claim is about: "OS, prior anti-angiogenic therapy, No prior: median survival"."""
    parts = [endpoint(claim.endpoint).short] if claim.endpoint else []
    for by in claim.by:
        known = STRATIFIERS.get(by.id)
        parts.append((known.label if known else by.id) + (f" at {by.cutoff:g}" if by.cutoff is not None else ""))
    parts += [claim.level] if claim.level else []
    parts += [f.words(known_label(f.column)) for f in claim.where]
    about = ", ".join(parts)
    return f"{claim.kind.label}: {about}" if about else claim.kind.label


def drawer(entry: Entry, in_list: bool = True) -> str:
    """Every check of one claim: arithmetic, assumption, picture, ways out. in_list: under its line, which has the first
    check's statement."""
    words = f"“{entry.claim.wording}”" if entry.claim.wording and in_list else ""
    quote = f'<p class="kras-quote">{html_escape(words)}</p>' if words else ""
    checks = "".join(_check(f, in_list and f is entry.lead) for f in entry.findings)
    return f'<div class="kras-drawer">{quote}{checks}</div>'


def _check(f: Finding, said: bool) -> str:
    """One check. said: its statement stands above already."""
    check = CHECKS.get(f.check)
    title = check.title if check else RECOMPUTED
    parts = [f"<h4>{html_escape(title)}{_verdict(f.verdict)}</h4>"]
    if not said:
        parts.append(f"<p>{html_escape(f.statement)}</p>")
    if f.steps:
        parts.append(f"<ol>{''.join(f'<li>{html_escape(s)}</li>' for s in f.steps)}</ol>")
    if f.picture is not None:
        parts.append(picture_html(f.picture))
    if f.assumption:
        parts.append(f'<p><span class="kras-label">Rests on:</span> {html_escape(f.assumption)}</p>')
    if f.ways_out:
        ways = "".join(f"<li>{html_escape(w)}</li>" for w in f.ways_out)
        parts.append(f'<p class="kras-label">{ways_lead(f)}</p><ul>{ways}</ul>')
    if check and f.verdict in ("impossible", "inconsistent", "rounding only"):
        parts.append(
            f'<p class="kras-small">{html_escape(check.formula)} · known false alarms: '
            f"{html_escape(check.false_alarms)} · {html_escape(check.reference)}</p>"
        )
    return f'<div class="kras-check">{"".join(parts)}</div>'


def ways_lead(f: Finding) -> str:
    """What the list of ways out is."""
    agreed = f.verdict in ("reproduced", "reachable")
    return "The smallest change of convention:" if agreed else "It would be right with:"


def picture_words(picture: Picture) -> str:
    """The bars in words."""
    return "; ".join(f"{b.label} {_ends(b)}" for b in picture.bars)


def picture_html(picture: Picture) -> str:
    """Thin horizontal bars on one axis: printed in ink, possible in accent."""
    low, high = _axis(picture)
    place = _placer(low, high, picture.log)
    rows = "".join(_bar(bar, picture, place) for bar in picture.bars)
    unit = f"&nbsp;{html_escape(picture.unit)}" if picture.unit else ""
    axis = f'<span class="kras-axis"><span>{tidy(low)}</span><span>{tidy(high)}{unit}</span></span>'
    label = html_escape(picture_words(picture))
    return f'<div class="kras-bars" role="img" aria-label="{label}">{rows}<span></span>{axis}<span></span></div>'


def _axis(picture: Picture) -> tuple[float, float]:
    values = [x for b in picture.bars for x in (b.low, b.high, b.point) if x is not None and math.isfinite(x)]
    values += [picture.mark] if picture.mark is not None else []
    low, high = min(values), max(values)
    if picture.log:
        return low / 1.15, high * 1.15
    margin = 0.06 * (high - low) or 1.0
    return (0.0 if low >= 0 and low - margin < 0 else low - margin), high + margin


def _placer(low: float, high: float, log: bool):
    def place(x: float) -> float:
        a, b, v = (math.log(low), math.log(high), math.log(x)) if log else (low, high, x)
        return round(100 * min(max((v - a) / (b - a), 0.0), 1.0), 2)

    return place


def _bar(bar: Bar, picture: Picture, place) -> str:
    left, right = place(bar.low), place(min(bar.high, 1e300))
    width = f"left:{left}%;width:{right - left:.2f}%"
    kind = "kras-ink" if bar.printed else "kras-possible"
    mark = f'<u style="left:{place(picture.mark)}%"></u>' if picture.mark is not None else ""
    point = f'<b style="left:{place(bar.point)}%"></b>' if bar.point is not None else ""
    return (
        f"<span>{html_escape(bar.label)}</span>"
        f'<span class="kras-track">{mark}<i class="{kind}" style="{width}"></i>{point}</span>'
        f"<span>{_ends(bar)}</span>"
    )


def _ends(bar: Bar) -> str:
    if bar.text:
        return html_escape(bar.text)
    return tidy(bar.low) if bar.low == bar.high else f"{tidy(bar.low)}–{tidy(bar.high)}"


def searched_lines(results: Iterable[tuple[str, str]]) -> str:
    """What was searched for, and what came of it."""
    rows = "".join(
        f'<div class="kras-check"><h4>{html_escape(title)}</h4>{_told(said)}</div>' for title, said in results
    )
    return f'<div class="kras-proofs">{rows}</div>'


def _told(said: str) -> str:
    return f"<p>{html_escape(said)}</p>" if said else f'<p class="kras-small">{NOT_YET}</p>'


def counts_sentence(report: AuditReport) -> str:
    """ "150 printed figures: 2 impossible, 12 inconsistent …" """
    found = ", ".join(f"{n} {v}" for v, n in report.counts.items() if n)
    return f"{plural(len(report.entries), 'printed figure')}: {found}"
