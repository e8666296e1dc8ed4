"""A Document as HTML: a page complete in itself with a print style sheet, or its body alone for a preview."""

import base64
from itertools import count

from kras_core.report.document.blocks import Block, Captioned, Document, Heading, Listed, Paragraph, Picture, Section
from kras_core.report.format import html_escape
from kras_core.report.palette import TOKENS
from kras_core.report.style import stylesheet

# Everything hangs below .kras-report, so that the preview's rules touch nothing else of the app's page.
RULES = """
.kras-report { color: var(--kras-ink); max-width: 1000px; margin: 0 auto;
  font: 14px/1.5 "Source Sans", "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.kras-report h1 { font-size: 26px; margin: 0 0 4px; padding: 0; line-height: 1.2; font-weight: 600; }
.kras-report h2 { font-size: 19px; margin: 40px 0 8px; padding: 0; font-weight: 600; }
.kras-report h3 { font-size: 16px; margin: 24px 0 4px; padding: 0; font-weight: 600; }
.kras-report p { margin: 0 0 8px; max-width: 80ch; font-size: inherit; }
.kras-report li { font-size: 13px; margin: 0 0 3px; }
.kras-report .kras-sub { font-size: 17px; margin: 0 0 12px; }
.kras-report .kras-origin { display: inline-block; border: 1px solid currentColor; border-radius: 3px;
  padding: 1px 8px; font-size: 13px; margin: 0 12px 0 0; color: var(--kras-quiet); }
.kras-report .kras-origin.kras-is-loud { color: var(--kras-warning); font-weight: 600; }
.kras-report .kras-on { color: var(--kras-quiet); font-size: 13px; }
.kras-report .kras-loud { border-left: 4px solid var(--kras-warning); padding: 8px 14px; margin: 12px 0 16px;
  font-weight: 600; max-width: none; background: color-mix(in srgb, var(--kras-warning) 8%, transparent); }
.kras-report .kras-quietly { color: var(--kras-quiet); font-size: 12px; }
.kras-report figure { margin: 16px 0; }
.kras-report figure img { width: 100%; max-width: 800px; height: auto; display: block; background: #ffffff; }
.kras-report figcaption { font-size: 13px; margin-top: 6px; color: var(--kras-quiet); }
.kras-report .kras-titled { margin: 20px 0; }
.kras-report .kras-titled .kras-caption { font-size: 13px; font-weight: 600; color: var(--kras-ink); max-width: none; }
.kras-report .kras-endline { color: var(--kras-quiet); font-size: 12px; border-top: 1px solid var(--kras-hairline);
  margin-top: 40px; padding-top: 8px; max-width: none; }
"""
PRINT = """
body { margin: 32px auto; padding: 0 24px; background: var(--kras-paper); }
@page { size: A4; margin: 18mm 16mm 20mm;
  @top-left { content: "HEAD"; font: bold 8pt Arial, sans-serif; color: WARNING; }
  @bottom-left { content: "FOOT"; font: 8pt Arial, sans-serif; color: #5C6064; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt Arial, sans-serif; color: #5C6064; } }
@page wide { size: A4 landscape; }
@media print {
  body { margin: 0; padding: 0; background: #ffffff; }
  .kras-report { max-width: none; font-size: 10pt; }
  .kras-report h2, .kras-report h3, .kras-report .kras-caption { break-after: avoid; }
  .kras-report p:has(+ p, + figure), .kras-report thead tr, .kras-report tbody tr:first-child { break-after: avoid; }
  .kras-report figure, .kras-report tr, .kras-report .kras-loud { break-inside: avoid; }
  .kras-report thead { display: table-header-group; }
  .kras-report .kras-scroll { overflow: visible; }
  .kras-report .kras-table { font-size: 8.5pt; width: 100%; }
  .kras-report .kras-table th, .kras-report .kras-table td { white-space: normal; padding-right: 6px; min-width: 0; }
  .kras-report th { background: none !important; position: static !important; }
  .kras-report p, .kras-report .kras-table-notes { max-width: none; }
  .kras-report .kras-wide { page: wide; break-before: page; }
  .kras-report figure img { max-width: 100%; }
  .kras-report .kras-endline { display: none; }
  .kras-report * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""


def page_html(document: Document) -> str:
    """The report as one file: styles and figures inside, nothing fetched from anywhere."""
    said = {"HEAD": document.provenance.upper() if document.loud else "", "FOOT": document.foot}
    rules = PRINT.replace("WARNING", TOKENS["light"].warning)
    for place, text in said.items():
        rules = rules.replace(place, text.replace("\\", "").replace('"', "").replace("<", ""))  # inside a CSS string
    style = f"{stylesheet('light')}{RULES}{rules}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html_escape(document.title)}</title><style>{style}</style></head><body>{body_html(document)}</body></html>"
    )


def preview_html(document: Document) -> str:
    """The body with its own rules, for a page that has the tables' style sheet already."""
    return f"<style>{RULES}</style>{body_html(document)}"


def body_html(document: Document) -> str:
    loud = " kras-is-loud" if document.loud else ""
    head = (
        f'<h1>{html_escape(document.title)}</h1><p class="kras-sub">{html_escape(document.subtitle)}</p>'
        f'<p><span class="kras-origin{loud}">{html_escape(document.provenance)}</span>'
        f'<span class="kras-on">{document.on:%d %B %Y}</span></p>'
    )
    numbers = {"Table": count(1), "Figure": count(1)}
    sections = "".join(_section(s, numbers) for s in document.sections)
    return f'<main class="kras-report">{head}{sections}<p class="kras-endline">{html_escape(document.foot)}</p></main>'


def _section(section: Section, numbers: dict) -> str:
    blocks = "".join(_block(block, numbers) for block in section.blocks)
    return f'<section id="{section.id}"><h2>{html_escape(section.title)}</h2>{blocks}</section>'


def _block(block: Block, numbers: dict) -> str:
    if isinstance(block, Paragraph):
        kind = {"loud": "kras-loud", "quiet": "kras-quietly", "lead": "kras-lead"}.get(block.tone, "")
        return f'<p class="{kind}">{html_escape(block.text)}</p>' if kind else f"<p>{html_escape(block.text)}</p>"
    if isinstance(block, Heading):
        return f"<h3>{html_escape(block.text)}</h3>"
    if isinstance(block, Listed):
        tag = "ol" if block.numbered else "ul"
        return f"<{tag}>{''.join(f'<li>{html_escape(item)}</li>' for item in block.items)}</{tag}>"
    if isinstance(block, Picture):
        return _figure(block, next(numbers["Figure"]))
    return _titled(block, next(numbers["Table"]))


def _figure(picture: Picture, number: int) -> str:
    data = base64.b64encode(picture.png).decode()
    return (
        f'<figure><img alt="{html_escape(picture.alt)}" src="data:image/png;base64,{data}">'
        f"<figcaption>Figure {number}. {html_escape(picture.caption)}</figcaption></figure>"
    )


def _titled(captioned: Captioned, number: int) -> str:
    """The page's own table, its caption numbered."""
    caption = html_escape(captioned.table.caption)
    table = captioned.table.html().replace(
        f'<p class="kras-caption">{caption}</p>', f'<p class="kras-caption">Table {number}. {caption}</p>', 1
    )
    return f'<div class="kras-titled{" kras-wide" if captioned.wide else ""}">{table}</div>'
