# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""The style sheet of report.html. Every pair of text and ground has the contrast that WCAG 2.1 AA asks for; a test reckons it."""

from __future__ import annotations

#: {theme: {name of a colour: its value}}
COLOURS = {
    "light": {
        "ground": "#f3f5f7", "surface": "#ffffff", "raised": "#f7f9fa", "line": "#d3dae0", "text": "#15202b", "muted": "#51606e", "accent": "#0b5cad",
        "critical": "#b3261e", "warning": "#855300", "fine": "#1b6b3c", "unchecked": "#51606e",
        "critical-ground": "#fdeceb", "warning-ground": "#fdf3dc", "fine-ground": "#e7f5ec", "unchecked-ground": "#e9edf0",
        "critical-shape": "#c0362d", "warning-shape": "#c27c00", "fine-shape": "#3f8f63", "unchecked-shape": "#82909c",
    },
    "dark": {
        "ground": "#0e1318", "surface": "#171e25", "raised": "#1d262f", "line": "#33404c", "text": "#e9eef2", "muted": "#a5b3bf", "accent": "#7cc0ff",
        "critical": "#ff9a91", "warning": "#f3c05c", "fine": "#7fd6a4", "unchecked": "#a5b3bf",
        "critical-ground": "#3b1a1a", "warning-ground": "#352a12", "fine-ground": "#143023", "unchecked-ground": "#26303a",
        "critical-shape": "#ec6a5f", "warning-shape": "#dda338", "fine-shape": "#58a97d", "unchecked-shape": "#7b8a97",
    },
}

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,.top,footer{max-width:1240px;margin:0 auto;padding:0 24px}
.top{display:flex;align-items:center;gap:16px;padding-top:18px;padding-bottom:14px;color:var(--muted)}
.top strong{color:var(--text);font-weight:650}
.top .space{flex:1}
h1,h2,p,ol{margin:0}
h2{font-size:17px;font-weight:650;letter-spacing:-.005em}
h2 small{font-weight:400;color:var(--muted);font-size:14px;margin-left:8px}
.card{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:20px 22px;margin-bottom:16px}
.verdict{border-left:8px solid var(--state);padding:24px 26px}
.verdict .line{display:flex;gap:16px;align-items:flex-start}
.verdict .mark{flex:none;width:40px;height:40px;margin-top:2px}
.verdict .mark circle{fill:var(--state)}
.verdict .mark path{fill:none;stroke:var(--surface);stroke-width:3;stroke-linecap:round;stroke-linejoin:round}
h1{text-wrap:balance;font-size:28px;line-height:1.2;font-weight:680;letter-spacing:-.015em}
.verdict .advice{color:var(--muted);font-size:16px;margin-top:4px}
.verdict h2{margin-top:20px}
.todo{list-style:none;padding:0;margin-top:8px;border-top:1px solid var(--line)}
.todo li{display:grid;grid-template-columns:80px minmax(210px,1fr) minmax(240px,1.7fr) auto;gap:1px 16px;
align-items:baseline;padding:8px 0;border-bottom:1px solid var(--line)}
.todo li:last-child{border-bottom:0;padding-bottom:0}
.todo .chip{justify-self:start}
.todo .where{grid-column:2/4;color:var(--muted);font-size:13.5px}
.todo b{font-weight:650}
.chip{display:inline-block;padding:1px 9px;border-radius:20px;font-size:12.5px;font-weight:620;white-space:nowrap;
color:var(--state);background:var(--state-ground)}
.critical{--state:var(--critical);--state-ground:var(--critical-ground)}
.warning{--state:var(--warning);--state-ground:var(--warning-ground)}
.fine{--state:var(--fine);--state-ground:var(--fine-ground)}
.unchecked{--state:var(--unchecked);--state-ground:var(--unchecked-ground)}
button,select,input{font:inherit;color:inherit}
button{cursor:pointer}
.button,select,input[type=search]{background:var(--surface);border:1px solid var(--muted);border-radius:7px;padding:5px 11px;min-height:34px}
.button:hover{background:var(--raised)}
.button:disabled{color:var(--muted);border-color:var(--line);cursor:default}
.small{padding:1px 10px;min-height:26px;font-size:13.5px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.tiles{display:grid;grid-template-columns:repeat(5,1fr);gap:12px;margin-bottom:16px}
.tile{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:12px 16px;text-align:left;color:inherit}
.tile b{display:block;font-size:25px;line-height:1.25;font-weight:660;font-variant-numeric:tabular-nums;letter-spacing:-.01em;color:var(--state,var(--text))}
.tile span{color:var(--muted);font-size:13.5px}
.tile:hover{border-color:var(--muted)}
.charts{display:grid;grid-template-columns:minmax(0,1.75fr) minmax(0,1fr);gap:16px;margin-bottom:16px}
.charts .card{margin:0}
.charts .wide{grid-column:1/-1}
figure{margin:0}
figcaption{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:10px}
figcaption h2{flex:1}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;color:var(--muted);font-size:13px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px;background:var(--shape)}
svg{display:block;width:100%;height:auto}
svg text{font-size:12px;fill:var(--muted);font-variant-numeric:tabular-nums}
svg .count{font-size:13px;fill:var(--state)}
svg .label{fill:var(--text);font-size:13px}
.grid{stroke:var(--line);stroke-width:1}
.limit{stroke:var(--shape);stroke-width:1.5;stroke-dasharray:4 3}
rect{fill:var(--shape)}
polyline{fill:none;stroke:var(--shape);stroke-width:2.5;stroke-linejoin:round}
svg .critical,.legend .critical{--shape:var(--critical-shape)}
svg .warning,.legend .warning{--shape:var(--warning-shape)}
svg .fine,.legend .fine{--shape:var(--fine-shape)}
svg .unchecked,.legend .unchecked{--shape:var(--unchecked-shape)}
.controls{display:flex;flex-wrap:wrap;gap:10px 12px;align-items:end;margin:14px 0 12px}
.controls label{display:grid;gap:2px;font-size:13px;color:var(--muted)}
.controls label:first-child{flex:1;min-width:200px}
.controls select,.controls input{color:var(--text);font-size:15px}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:7px 12px;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child td{border-bottom:0}
tbody tr:nth-child(even){background:var(--raised)}
th{background:var(--raised);padding:0;white-space:nowrap}
th button{width:100%;background:none;border:0;padding:8px 12px;text-align:left;font-weight:620}
th button:hover{text-decoration:underline}
th[aria-sort=ascending] button::after{content:" \\25B2"}
th[aria-sort=descending] button::after{content:" \\25BC"}
.number{text-align:right;font-variant-numeric:tabular-nums}
th.number button{text-align:right}
.date{white-space:nowrap;font-variant-numeric:tabular-nums}
td,.todo li,.tile{overflow-wrap:break-word}
td{max-width:380px}
td bdi{unicode-bidi:isolate}
.pager{display:flex;gap:10px;align-items:center;margin-top:12px;color:var(--muted);font-size:14px}
.pager .space{flex:1}
footer{color:var(--muted);font-size:13.5px;padding-bottom:40px}
footer p+p{margin-top:6px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:860px){.charts,.todo li{grid-template-columns:1fr}.todo .where{grid-column:auto}.tiles{grid-template-columns:repeat(2,1fr)}h1{font-size:23px}}
@media print{
@page{margin:14mm}
body{font-size:10.5pt;background:#fff}
main,.top,footer{max-width:none;padding:0}
.controls,.pager button,.button{display:none}
.card,.tile{break-inside:avoid;border-radius:0}
.card.long{break-inside:auto;border:0;padding:0}
.scroll{overflow:visible;border:0}
thead{display:table-header-group}
tr{break-inside:avoid}
th button{padding:4px 6px}
td{padding:3px 6px}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""


def _variables(theme):
    return "color-scheme:%s;" % theme + "".join("--%s:%s;" % pair for pair in COLOURS[theme].items())


def build_style():
    """Returns the style sheet: the reader's own theme, a chosen one (data-theme), and light on paper."""
    return (
        ":root{%s}\n@media (prefers-color-scheme:dark){:root:not([data-theme=light]){%s}}\n:root[data-theme=dark]{%s}\n%s@media print{:root:root:root{%s}}\n"
        % (_variables("light"), _variables("dark"), _variables("dark"), _RULES, _variables("light"))
    )
