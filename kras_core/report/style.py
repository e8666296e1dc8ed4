"""The style sheet of what this package writes as HTML: answer lines and tables, in the palette's tokens."""

from functools import cache

from kras_core.report.palette import SIZES, TOKENS, Theme
from kras_core.report.survival.km_frame import LEFT, RIGHT

_NUMBERS = SIZES | {"left": LEFT, "beside": LEFT + RIGHT}  # pixels

_RULES = """
.kras-answer { color: var(--kras-ink); font-size: %(answer)dpx; line-height: 1.5; font-feature-settings: "tnum";
  font-variant-numeric: tabular-nums; }
.kras-answer p { margin: 0; }
.kras-answer .kras-title { font-size: %(title)dpx; line-height: 1.25; font-weight: 600; letter-spacing: -0.005em;
  margin: 0 0 6px; padding: 0; text-wrap: balance; }
.kras-answer .kras-where { font-weight: 400; color: var(--kras-quiet); }
.kras-answer .kras-second, .kras-answer .kras-notes { color: var(--kras-quiet); font-size: %(body)dpx; }
.kras-answer .kras-name { font-weight: 600; }
.kras-notes summary { cursor: pointer; list-style: none; }
.kras-notes summary::-webkit-details-marker { display: none; }
.kras-notes summary:focus-visible { outline: 2px solid var(--kras-accent); outline-offset: 2px; }
.kras-notes .kras-more { color: var(--kras-accent); white-space: nowrap; }
.kras-notes[open] .kras-more { display: none; }
.kras-notes ul { margin: 0; padding: 0; list-style: none; }
.kras-notes li { margin: 2px 0 0; padding: 0; font-size: inherit; }
.kras-value { color: var(--kras-ink); font-weight: 600; white-space: nowrap; }
.kras-interval { color: var(--kras-quiet); font-weight: 400; white-space: nowrap; }
.kras-unseen { visibility: hidden; }
.kras-scroll { overflow-x: auto; }
.kras-scroll:focus-visible { outline: 2px solid var(--kras-accent); outline-offset: 2px; }
.kras-table { border-collapse: collapse; width: auto; min-width: min(100%%, 640px); color: var(--kras-ink);
  font-size: %(body)dpx; line-height: 20px; font-feature-settings: "tnum"; font-variant-numeric: tabular-nums; }
.kras-caption { color: var(--kras-quiet); font-size: %(note)dpx; line-height: 1.4; margin: 8px 0; }
.kras-scroll + .kras-caption, .kras-table-notes + .kras-caption { margin-top: 24px; }
.kras-table th, .kras-table td { border: 0; padding: 4px 16px 4px 0; text-align: left; vertical-align: baseline;
  font-weight: 400; background: none; }
.kras-table th:last-child, .kras-table td:last-child { padding-right: 0; }
.kras-table .kras-n { text-align: right; white-space: nowrap; }
.kras-table thead th { color: var(--kras-quiet); vertical-align: bottom; }
.kras-table thead tr:last-child th { border-bottom: 1px solid var(--kras-quiet); }
.kras-table .kras-over { text-align: right; color: var(--kras-ink); font-weight: 600; padding-left: 16px; }
.kras-table .kras-first { padding-left: 14px; }
.kras-table tbody th { white-space: nowrap; position: sticky; left: 0; background: var(--kras-paper); }
.kras-table tbody td:not(.kras-n) { color: var(--kras-quiet); font-size: %(note)dpx; min-width: 12em; }
.kras-table .kras-ruled > * { border-top: 1px solid var(--kras-hairline); }
.kras-table .kras-strong th { font-weight: 600; }
.kras-table .kras-indented th { padding-left: 16px; }
.kras-safety .kras-value { font-weight: 400; }
.kras-safety .kras-strong .kras-value { font-weight: 600; }
.kras-safety { font-size: 13px; }
.kras-safety th, .kras-safety td { padding-right: 11px; }
.kras-safety tbody th { white-space: normal; min-width: 11em; max-width: 16em; }
.kras-characteristics td, .kras-characteristics th { line-height: 18px; padding-top: 3px; padding-bottom: 3px; }
.kras-characteristics .kras-value { font-weight: 400; }
.kras-characteristics th, .kras-characteristics td { padding-right: 12px; }
.kras-characteristics tbody th { white-space: normal; min-width: 9em; max-width: 17em; }
.kras-historical tbody th { white-space: normal; min-width: 11em; max-width: 15em; }
.kras-historical tbody td:not(.kras-n) { min-width: 17em; }
.kras-historical tbody td:last-child { min-width: 22em; }
.kras-historical .kras-n { white-space: normal; min-width: 5em; }
.kras-flow { list-style: none; margin: 0; padding: 0 !important; color: var(--kras-ink);
  font-size: %(body)dpx; line-height: 1.4; font-feature-settings: "tnum"; max-width: 460px; }
.kras-flow > li { margin: 0; padding: 0; position: relative; }
.kras-flow > li + li { padding-top: 22px; }
.kras-flow > li + li::before { content: ""; position: absolute; left: 24px; top: 0; height: 22px;
  border-left: 1px solid var(--kras-quiet); }
.kras-flow > li + li::after { content: ""; position: absolute; left: 21px; top: 15px; border: 3.5px solid transparent;
  border-top: 6px solid var(--kras-quiet); border-bottom: 0; }
.kras-flow .kras-box { border: 1px solid var(--kras-hairline); border-radius: 3px; background: var(--kras-panel);
  padding: 6px 12px; display: flex; justify-content: space-between; gap: 12px; position: relative;
  z-index: 1; }
.kras-flow .kras-never { border-style: dashed; background: none; color: var(--kras-quiet); font-size: %(note)dpx; }
.kras-flow .kras-out { margin: 0 0 22px 48px; padding: 4px 12px; border-left: 2px solid var(--kras-hairline);
  color: var(--kras-quiet); font-size: %(note)dpx; position: relative; }
.kras-flow .kras-out::before { content: ""; position: absolute; left: -24px; top: 12px; width: 18px;
  border-top: 1px solid var(--kras-quiet); }
.kras-flow .kras-through::before { height: calc(100%% - 10px); }
.kras-flow .kras-through::after { top: auto; bottom: 36px; }
.kras-flow b { font-weight: 600; white-space: nowrap; }
.kras-flow .kras-strata { display: grid; grid-template-columns: repeat(auto-fit, minmax(96px, 1fr)); gap: 8px; }
.kras-flow .kras-strata .kras-box { display: block; }
.kras-table-notes { color: var(--kras-quiet); font-size: %(note)dpx; line-height: 1.45; margin-top: 8px;
  max-width: 110ch; }
.kras-table-notes p { margin: 0 0 4px; font-size: inherit; }
.st-key-km, .kras-risk { --names: 112px; }
.st-key-km { padding-left: var(--names); }
.kras-risk { position: relative; color: var(--kras-ink); font-size: 13px; line-height: 20px;
  font-feature-settings: "tnum"; font-variant-numeric: tabular-nums; }
.kras-risk [role=row] { position: relative; min-height: 20px; }
.kras-risk [role=columnheader], .kras-risk small, .kras-risk .kras-range { color: var(--kras-quiet);
  font-size: inherit; }
.kras-risk .kras-names { display: flex; gap: 7px; }
.kras-risk .kras-names[role=rowheader] { width: calc(var(--names) + %(left)dpx - 28px); line-height: 16px;
  padding: 2px 0; }
.kras-risk i { flex: none; width: 20px; height: 2px; margin-top: 7px; }
.kras-risk [role=cell] { position: absolute; bottom: 0; transform: translateX(-50%%); white-space: nowrap;
  left: calc(var(--names) + %(left)dpx + (100%% - var(--names) - %(beside)dpx) * var(--at)); }
.kras-risk .kras-range { left: calc(var(--names) + %(left)dpx); transform: none; }
.kras-rows-2 { min-height: 60px; } .kras-rows-4 { min-height: 100px; }
.kras-rows-6 { min-height: 140px; } .kras-rows-8 { min-height: 180px; }
.kras-foot { color: var(--kras-quiet); font-size: %(note)dpx; line-height: 1.4; margin: 6px 0 0; }
.kras-foot span { display: block; color: var(--kras-ink); }
.kras-aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%%); }
.kras-forest { width: 100%%; font-size: 13px; }
.kras-forest th, .kras-forest td { padding: 2px 16px 2px 0; }
.kras-forest small { color: var(--kras-quiet); font-size: %(note)dpx; font-weight: 400; }
.kras-forest tbody th { white-space: normal; min-width: 11em; max-width: 24em; overflow-wrap: break-word; }
.kras-forest .kras-n { width: 1%%; }
.kras-forest .kras-drawn { position: relative; width: 40%%; min-width: 150px; padding: 0; }
.kras-forest .kras-arm { white-space: nowrap; }
.kras-forest thead .kras-drawn { text-align: center; padding-bottom: 18px; white-space: nowrap; }
.kras-forest td:not(.kras-n) { min-width: 0; }
.kras-scale { position: absolute; left: 0; right: 16px; bottom: 2px; height: 14px; font-size: %(note)dpx;
  line-height: 14px; }
.kras-scale span { position: absolute; left: calc(100%% * var(--at)); transform: translateX(-50%%); }
.kras-drawn i { position: absolute; top: 50%%; }
.kras-drawn .kras-one { top: 0; bottom: 0; width: 1px; background: var(--kras-quiet); opacity: 0.6;
  left: calc((100%% - 16px) * var(--at)); }
.kras-drawn .kras-whisker, .kras-drawn .kras-bar { left: calc((100%% - 16px) * var(--from));
  width: calc((100%% - 16px) * (var(--to) - var(--from))); }
.kras-drawn .kras-whisker { height: 2px; margin-top: -1px; background: var(--kras-ink); }
.kras-drawn .kras-bar { height: 10px; margin-top: -5px; background: var(--kras-quiet); opacity: 0.28; min-width: 2px; }
.kras-drawn .kras-box, .kras-drawn .kras-diamond { left: calc((100%% - 16px) * var(--at)); width: var(--size);
  height: var(--size); transform: translate(-50%%, -50%%); background: var(--kras-accent); }
.kras-drawn .kras-hollow { background: var(--kras-paper); border: 2px solid var(--kras-ink); }
.kras-drawn .kras-diamond { transform: translate(-50%%, -50%%) rotate(45deg); background: var(--kras-ink); }
.kras-small .kras-drawn .kras-whisker, .kras-small .kras-drawn .kras-box { opacity: 0.45; }
.kras-small .kras-value { color: var(--kras-quiet); font-weight: 400; }
.kras-forest .kras-value { font-weight: 400; }
.kras-forest .kras-strong .kras-value { font-weight: 600; }
@media (max-width: 640px) {
  .kras-forest .kras-arm { display: none; }
  .kras-forest .kras-drawn { min-width: 84px; width: 26%%; }
  .kras-forest tbody th { min-width: 0; }
  .kras-forest thead .kras-drawn small { display: none; }
  .kras-forest th, .kras-forest td { padding-right: 6px; }
  .kras-forest .kras-interval { display: block; white-space: normal; max-width: 8em; min-width: 5.6em;
    margin-left: auto; }
  .kras-forest thead .kras-n, .kras-forest td.kras-n:last-child { white-space: normal; }
  .st-key-km, .kras-risk { --names: 0px; }
  :is(.st-key-km, .st-key-compatible) .annotation { display: none; }
  .kras-risk .kras-wide { display: none; }
  .kras-risk .kras-names[role=rowheader] { width: auto; }
  .kras-risk [role=row]:not(:first-child) { min-height: 40px; padding-bottom: 20px; }
  .kras-risk .kras-range { left: 27px; }
  .kras-rows-2 { min-height: 100px; } .kras-rows-4 { min-height: 180px; }
  .kras-rows-6 { min-height: 260px; } .kras-rows-8 { min-height: 340px; }
  .kras-answer .kras-title { font-size: 19px; }
  .kras-answer { font-size: 15px; }
  .kras-table .kras-first { padding-left: 14px; }
  .kras-table tbody th { white-space: normal; min-width: 7.5em; }
  .kras-table:not(.kras-forest) tbody td:last-child:not(.kras-n) { min-width: 24em; }
}
"""


@cache
def stylesheet(theme: Theme) -> str:
    """CSS for one theme: the tokens as variables (--kras-ink, --kras-s0 …), a class kras-s0 … a stratum, the rules."""
    t = TOKENS[theme]
    names = ("paper", "panel", "ink", "quiet", "hairline", "accent", "warning", "error")
    tokens = {name: getattr(t, name) for name in names}
    tokens |= {f"s{i}": ink for i, ink in enumerate(t.strata_ink)}
    root = " ".join(f"--kras-{name}: {value};" for name, value in tokens.items())
    strata = " ".join(f".kras-s{i} {{ color: var(--kras-s{i}); }}" for i in range(6))
    return f":root {{ {root} }}\n{strata}{_RULES % _NUMBERS}"
