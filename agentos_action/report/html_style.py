"""The page's stylesheet, and the policy of the page that lets a browser use this one and nothing else."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1b1f24;--dim:#57606a;--line:#d5dae1;--code:#f2f4f7;
--good:#116329;--goodbg:#dcf5e3;--bad:#a40e26;--badbg:#ffe3e6;--warn:#7a4b00;--warnbg:#fff1cf;--mark:#0b5cad;
--addbg:#e4f8e9;--addmark:#a5e6b6;--delbg:#ffebec;--delmark:#ffb9be;--bar:#3f7fd0;--inv:#6e2fb5;--invbg:#efe4ff}
@media screen and (prefers-color-scheme:dark){:root{
--paper:#0e1116;--card:#161b22;--ink:#e4e9ef;--dim:#9aa5b1;--line:#2f3742;
--code:#1e242d;--good:#6fdd8b;--goodbg:#12301c;--bad:#ff929a;--badbg:#3d1518;--warn:#f0c060;--warnbg:#382a0c;
--mark:#79b8ff;--addbg:#10291a;--addmark:#1f5a34;--delbg:#331619;--delmark:#76282f;--bar:#5b97e6;--inv:#d3b0ff;
--invbg:#36204f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif}
main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
footer{padding-bottom:2.5rem;color:var(--dim);font-size:.85rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem}
.far{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
header{background:var(--card);border-bottom:1px solid var(--line);border-top:.3rem solid var(--tone,var(--dim))}
header>div{max-width:76rem;margin:0 auto;padding:1.5rem 1.25rem 0}
.good-run{--tone:var(--good);--tonebg:var(--goodbg)}.bad-run{--tone:var(--bad);--tonebg:var(--badbg)}
.odd-run{--tone:var(--warn);--tonebg:var(--warnbg)}
.who{margin:0;color:var(--dim);font-size:.85rem;letter-spacing:.01em}
h1{font-size:clamp(1.3rem,3.2vw,1.9rem);line-height:1.25;margin:.5rem 0 .4rem;font-weight:650;overflow-wrap:anywhere;
unicode-bidi:isolate}
h2{font-size:1.15rem;margin:0 0 .8rem;font-weight:650}h3{font-size:.95rem;margin:1.2rem 0 .4rem;font-weight:600}
.status{display:inline-block;background:var(--tonebg);color:var(--tone);border:1px solid currentColor;
border-radius:99px;padding:.12rem .75rem;font-weight:650;font-size:.9rem}
.came{margin:.2rem 0 0;overflow-wrap:anywhere;unicode-bidi:isolate}.came small{display:block;color:var(--dim)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;margin:1.2rem 0 0;
background:var(--line);border:1px solid var(--line);border-radius:.6rem;overflow:hidden}
.tiles div{display:block;background:var(--card);padding:.65rem .9rem;min-width:0}
.tiles dt{color:var(--dim);font-size:.78rem}
.tiles dd{margin:0;font-weight:600;overflow-wrap:anywhere;unicode-bidi:isolate}
nav{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;padding:.9rem 0;font-size:.9rem}
a{color:var(--mark);text-underline-offset:.2em}a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{
outline:2px solid var(--mark);outline-offset:2px}
section{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:1.2rem 1.25rem;margin:1.1rem 0}
section>*:last-child{margin-bottom:0}
blockquote{margin:0 0 1rem;padding:.75rem 1rem;border-left:.25rem solid var(--mark);background:var(--code);
border-radius:0 .4rem .4rem 0;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;max-height:30rem;
overflow:auto}
code,pre,.diff table{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.86em;tab-size:4}
code{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
pre{margin:.6rem 0;padding:.75rem .9rem;background:var(--code);border:1px solid var(--line);border-radius:.4rem;
white-space:pre-wrap;overflow:auto;overflow-wrap:anywhere;max-height:32rem;unicode-bidi:plaintext}
dl{margin:0;display:grid;gap:.1rem 0}
dl>div{display:grid;grid-template-columns:11rem minmax(0,1fr);gap:1rem;padding:.22rem 0;align-items:baseline}
dt{color:var(--dim);font-size:.9rem}dd{margin:0;min-width:0;overflow-wrap:anywhere}
.note,.dim{color:var(--dim)}.note{margin:.3rem 0}summary .dim{margin-left:.7rem;font-size:.85rem}
details{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:0 .9rem}
details[open]{padding-bottom:.6rem}
summary{cursor:pointer;padding:.5rem 0;overflow-wrap:anywhere}
details dl{margin-top:.4rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th{text-align:left;font-size:.8rem;color:var(--dim);font-weight:600}
.wide th,.wide td{padding:.45rem .8rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.wide tr:last-child td{border-bottom:0}.wide td small{display:block;color:var(--dim)}.wide td p{margin:0}
.wide td{overflow-wrap:anywhere;min-width:4rem;unicode-bidi:isolate}
.wide td:first-child{white-space:nowrap}.verdict td:nth-child(2),.verdict td:nth-child(3){
min-width:11rem;max-width:18rem}
.good{color:var(--good)}.error{color:var(--bad)}.warning{color:var(--warn)}
.bars td{padding:.25rem .8rem .25rem 0;border:0;vertical-align:middle;white-space:nowrap}
.bars td:nth-child(2){width:100%;min-width:8rem}.bars svg{display:block;width:100%;height:.85rem;
background:var(--code);border-radius:.2rem}.bars rect{fill:var(--bar)}
.spent{grid-template-columns:repeat(auto-fill,minmax(9rem,1fr))}.spent>div{display:block}
.bars th:last-child{text-align:right}.r{text-align:right;font-variant-numeric:tabular-nums}
.diff{padding:0;overflow:hidden}.diff>summary{padding:.5rem .9rem;background:var(--code)}
.diff[open]{padding-bottom:0}
.diff[open]>summary{border-bottom:1px solid var(--line)}.diff ins{color:var(--good);text-decoration:none;
font-weight:600;margin-left:.6rem}.diff del{color:var(--bad);text-decoration:none;font-weight:600}
.diff .about,.diff>.note{margin:0;padding:.15rem .9rem;color:var(--dim);font-size:.85rem;overflow-wrap:anywhere}
.diff table{table-layout:fixed;line-height:1.45}.diff th{padding:.2rem .5rem;font-size:.75rem}
.diff th:nth-child(1),.diff th:nth-child(3){width:3.6rem}
.diff td{padding:0 .5rem 0 1.5rem;text-indent:-1.05rem;vertical-align:top;white-space:pre-wrap;
overflow-wrap:anywhere;overflow:hidden;unicode-bidi:isolate}
.diff td.n{padding:0 .5rem;text-indent:0;text-align:right;color:var(--dim);user-select:none;
font-variant-numeric:tabular-nums}
.diff td:not(.n):before{content:"\\a0\\a0"}.diff td:nth-child(3),.diff th:nth-child(3){
border-left:1px solid var(--line)}
.diff td.d{background:var(--delbg)}.diff td.d:before{content:"\\2212\\a0"!important}.diff td.a{background:var(--addbg)}
.diff td.a:before{content:"+\\a0"!important}.diff td.e{background:var(--code)}
.diff .h td{background:var(--code);color:var(--dim);padding:.15rem .9rem;text-indent:0}.diff .h td:before{content:none}
.diff td small{color:var(--dim);margin-left:.8rem}
mark{color:inherit;border-radius:.15rem;background:var(--warnbg)}.d mark{background:var(--delmark)}
.a mark{background:var(--addmark)}
i{font-style:normal;font-size:.85em;color:var(--inv);background:var(--invbg);border-radius:.2rem;padding:0 .2em;
font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (max-width:46rem){main,footer{padding:0 .7rem}header>div{padding:1.1rem .9rem 0}section{padding:1rem .9rem}
dl>div{grid-template-columns:1fr;gap:0}.tiles{grid-template-columns:1fr 1fr}
.tiles>div:last-child:nth-child(odd){grid-column:1/-1}
.verdict thead{display:none}.verdict table,.verdict tbody{display:block}.verdict tr{display:block;padding:.5rem 0;
border-bottom:1px solid var(--line)}.verdict tr:last-child{border:0}.verdict td,.verdict td:nth-child(n){display:block;
border:0;padding:.1rem 0;max-width:none}.bars td:nth-child(2){min-width:5rem}
.diff thead{display:none}.diff table,.diff tbody{display:block}.diff tr{display:grid;
grid-template-columns:2.9rem minmax(0,1fr)}.diff td:nth-child(3){border-left:0}
.diff .h{display:block}.diff .h td{display:block}
.diff td.e,.diff td.n:has(+.e),.diff .c td:nth-child(-n+2){display:none}}
@media print{:root{color-scheme:light}body{background:#fff;font-size:10pt}nav,.skip{display:none}
section{break-inside:auto;border:0;padding:.4rem 0;margin:.4rem 0}main,footer,header>div{padding:0;max-width:none}
details::details-content{content-visibility:visible;display:block;height:auto}pre,blockquote{max-height:none}
h2,h3,summary,tr{break-after:auto;break-inside:avoid}h2,h3{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

#: No script, no picture, no font, no frame, no form; of styles only the one above, not even one in an attribute.
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
