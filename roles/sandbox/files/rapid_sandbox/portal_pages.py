# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 eccops.rapid maintainers
"""Knows how the Portal's pages look here: self-contained, light and dark, marked as a sandbox."""

import html

_STYLE = """
:root{color-scheme:light dark;--page:#eef1f5;--card:#fff;--ink:#17202b;--soft:#5b6877;--line:#d8dee6;
--bar:#12263f;--accent:#c8102e;--map:#dfe7ee;--road:#fff;--water:#bcd4e6}
@media(prefers-color-scheme:dark){:root{--page:#0e141b;--card:#18212c;--ink:#e8edf3;--soft:#9aa8b8;
--line:#2b3846;--bar:#0a1a2e;--map:#1d2a37;--road:#33475a;--water:#17344a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif}
header{background:var(--bar);color:#fff;display:flex;align-items:center;gap:1rem;padding:.8rem 1.4rem}
header b{font-size:1.1rem}
.mark{background:#f5b700;color:#221a00;border-radius:4px;font-weight:700;font-size:.72rem;letter-spacing:.08em;padding:.2rem .5rem}
.who{margin-left:auto;text-align:right;font-size:.85rem;opacity:.95}
main{max-width:72rem;margin:1.4rem auto;padding:0 1.2rem;display:grid;gap:1.2rem;grid-template-columns:22rem 1fr}
main.narrow{display:block;max-width:27rem;margin-top:9vh}
@media(max-width:50rem){main{grid-template-columns:1fr}}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.2rem 1.3rem}
.caller{border-top:4px solid var(--accent)}
.caller h1{font-size:1.75rem;margin:.1rem 0 .3rem;font-variant-numeric:tabular-nums;white-space:nowrap}
.label{color:var(--soft);font-size:.76rem;text-transform:uppercase;letter-spacing:.07em;margin:0}
dl{margin:1rem 0 0}
dt{color:var(--soft);font-size:.8rem}
dd{margin:0 0 .75rem;overflow-wrap:anywhere}
.map{padding:0;overflow:hidden;min-height:21rem;display:flex}
.map svg{width:100%;height:100%;min-height:21rem}
.note{grid-column:1/-1;color:var(--soft);font-size:.86rem}
h2{margin:.1rem 0 .5rem;font-size:1.25rem}
label{display:block;margin:.9rem 0 .2rem;font-size:.85rem;color:var(--soft)}
input{width:100%;padding:.55rem .7rem;border:1px solid var(--line);border-radius:6px;background:var(--page);color:var(--ink);font:inherit}
.button{display:inline-block;margin-top:1.1rem;background:var(--accent);color:#fff;border:0;border-radius:6px;
padding:.6rem 1.2rem;font:inherit;font-weight:600;text-decoration:none}
"""

_MAP = """<svg viewBox="0 0 640 400" preserveAspectRatio="xMidYMid slice" role="img" aria-label="A drawn map without any real place">
<rect width="640" height="400" fill="var(--map)"/>
<path d="M0 310C120 270 190 350 330 300S560 250 640 290V400H0Z" fill="var(--water)"/>
<g stroke="var(--road)" fill="none" stroke-width="9"><path d="M-10 90 650 150"/><path d="M90-10 190 410"/>
<path d="M360-10 330 410"/><path d="M-10 220 650 205"/><path d="M520-10 560 300"/></g>
<circle cx="344" cy="211" r="58" fill="#c8102e" opacity=".16"/><circle cx="344" cy="211" r="11" fill="#c8102e" stroke="#fff" stroke-width="4"/>
<text x="18" y="34" font-size="15" fill="var(--soft)">Drawn map: no real place</text></svg>"""


def _document(title, who, content):
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">'
        f'<style>{_STYLE}</style></head><body><header><b>Portal</b><span class="mark">SANDBOX</span>'
        f'<span class="who">{who}</span></header>{content}</body></html>')


def formatted_number(caller_id):
    """``+1 (555) 555-5555`` for a number of the North American plan, else ``+digits``."""
    if len(caller_id) == 11 and caller_id.startswith("1"):
        return f"+1 ({caller_id[1:4]}) {caller_id[4:7]}-{caller_id[7:]}"
    return f"+{caller_id}"


def caller_page(caller_id, email, ecc, session_ends, now):
    """The page a launcher opens for a call."""
    minutes = max(0, round((session_ends - now).total_seconds() / 60))
    ends = f"{session_ends:%Y-%m-%d %H:%M:%S} UTC"
    number = html.escape(formatted_number(caller_id))
    center = f"<br>{html.escape(ecc)}" if ecc else ""
    return _document(f"{formatted_number(caller_id)} - Portal (sandbox)", f"{html.escape(email)}{center}", f"""<main>
<section class="card caller"><p class="label">Caller</p><h1 id="caller" data-caller-id="{html.escape(caller_id)}">{number}</h1>
<dl><dt>Signed in as</dt><dd id="session">{html.escape(email)}</dd>
<dt>Session ends</dt><dd id="session-ends"><time datetime="{session_ends.isoformat()}">{ends}</time> (in {minutes} min)</dd>
<dt>Supplemental data</dt><dd>None: this sandbox knows no real callers.</dd></dl></section>
<section class="card map">{_MAP}</section>
<p class="note">This page is served by the eccops.rapid sandbox on behalf of a rehearsal. It is not the RapidSOS Portal,
holds no real data and must not be used for emergencies.</p></main>""")


def refusal_page(title, advice):
    return _document(f"{title} - Portal (sandbox)", "", f"""<main class="narrow"><section class="card caller">
<h2>{html.escape(title)}</h2><p>{html.escape(advice)}</p><a class="button" href="/login">Sign in</a></section></main>""")


def login_page():
    return _document("Sign in - Portal (sandbox)", "", """<main class="narrow"><section class="card caller">
<h2>Sign in</h2><p class="label">Rehearsal only: this form sends nothing.</p>
<label for="email">Email address</label><input id="email" type="email" autocomplete="off">
<label for="password">Password</label><input id="password" type="password" autocomplete="off">
<span class="button">Sign in</span></section></main>""")
