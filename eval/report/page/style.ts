/** Style of the report pages: no outside fonts or pictures, light and dark, narrow screens and paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f7fa; --ink: #1a2230; --faint: #566175; --line: #d7dde6; --accent: #0b5cad;
  --warn-paper: #fff4e0; --warn-line: #c77700; --good: #0a6b3d; --bad: #a3261b; --share: #cfe3fa;
  --series-0: #7d8a9c; --series-1: #0b63c5; --series-2: #b87400; --series-3: #12856b;
  --series-4: #a03fb0; --series-5: #c8442f; --series-6: #2f86d6; --series-7: #7a6a2f;
  --series-8: #c2347a; --series-9: #55606f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --panel: #1b212b; --ink: #e8ecf2; --faint: #a6b1c0; --line: #343e4d; --accent: #86bdf7;
    --warn-paper: #33270f; --warn-line: #e0a030; --good: #6fd3a0; --bad: #f2938a; --share: #234a72;
    --series-0: #8f9db0; --series-1: #5aa5f2; --series-2: #e3a93a; --series-3: #4cc3a5;
    --series-4: #cf85dc; --series-5: #ef8270; --series-6: #9cc7f5; --series-7: #c2b06a;
    --series-8: #f08bb9; --series-9: #c9d2de;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { font-size: 1.9rem; line-height: 1.15; letter-spacing: -.01em; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 3rem 0 .75rem; padding-bottom: .35rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 1.75rem 0 .4rem; overflow-wrap: anywhere; }
h4 { font-size: .95rem; margin: 0 0 .35rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 46rem; }
a { color: var(--accent); }
main:focus { outline: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .2rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100vw; top: .5rem; padding: .5rem 1rem; background: var(--accent); color: var(--paper); border-radius: .3rem; z-index: 2; }
.skip:focus { left: .5rem; }
.kicker { color: var(--faint); font-size: .8rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; margin: 0 0 .35rem; }
.lead { font-size: 1.08rem; } ul.lead { margin: .25rem 0 0; padding-left: 1.25rem; }
.note { color: var(--faint); font-size: .9rem; }
.warning, .notice { background: var(--warn-paper); border-left: 4px solid var(--warn-line); padding: .75rem 1rem; max-width: none; border-radius: 0 .35rem .35rem 0; margin: .75rem 0; }
.warning ul { margin: .25rem 0; padding-left: 1.25rem; } .warning li { overflow-wrap: anywhere; }
.notice { background: var(--panel); border-color: var(--faint); font-size: .92rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: 1.5rem 0 0; padding: 0; }
nav a { display: block; padding: .3rem .8rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--panel); color: var(--ink); text-decoration: none; font-size: .92rem; }
nav a:hover { border-color: var(--accent); color: var(--accent); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem 1.5rem; margin: 1.25rem 0 0;
  padding: 1rem; background: var(--panel); border-radius: .5rem; }
dl.facts dt { color: var(--faint); font-size: .85rem; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
dl.terms { margin: .5rem 0; } dl.terms dt { font-weight: 600; margin-top: .5rem; overflow-wrap: anywhere; } dl.terms dd { margin: 0; color: var(--faint); overflow-wrap: anywhere; max-width: 46rem; }
.scroll { overflow-x: auto; position: relative; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); font-size: .88rem; padding-bottom: .5rem; }
caption span { display: block; max-width: min(60rem, calc(100vw - 2.5rem)); }
th, td { padding: .4rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--faint); font-weight: 600; font-size: .85em; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: bottom; }
thead tr:last-child th, thead th[rowspan] { border-bottom: 2px solid var(--line); }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
/* Heads break between words before their table scrolls. */
thead th.number { white-space: normal; }
table.dense { font-size: .88rem; } table.dense th, table.dense td { padding: .35rem .5rem; }
table.results { font-size: .92rem; width: auto; min-width: min(100%, 30rem); } table.results th, table.results td { padding: .35rem .6rem; }
table.results td:not(.mean) { padding-right: 1.35rem; position: relative; }
table.results .better, table.results .worse { position: absolute; right: .35rem; top: .5rem; font-size: .7rem; }
table.results.wide { font-size: .84rem; } table.results.wide th, table.results.wide td { padding: .35rem .4rem; }
table.results.wide td:not(.mean) { padding-right: .95rem; } table.results.wide .better, table.results.wide .worse { right: .1rem; }
tr.setting th { color: var(--faint); font-weight: 600; font-size: .85em; background: var(--panel); }
tbody tr:hover > * { background: var(--panel); }
.mean { border-left: 1px solid var(--line); }
td strong { color: var(--accent); }
tbody th { white-space: nowrap; } td.name { min-width: 8.5rem; overflow-wrap: anywhere; }
table.dense thead th { white-space: normal; min-width: 4rem; } table.dense tbody th { white-space: normal; min-width: 7rem; overflow-wrap: anywhere; }
table.dense td.name { min-width: 7rem; } table.dense td.interval { white-space: normal; min-width: 5.5rem; }
tbody th[scope=rowgroup] { overflow-wrap: anywhere; }
tbody th[rowspan] { white-space: normal; min-width: 7rem; }
.better { color: var(--good); font-weight: 600; }
.worse { color: var(--bad); font-weight: 600; }
.spread { display: block; color: var(--faint); font-size: .8rem; }
.tag { font-weight: 400; font-size: .78rem; color: var(--faint); border: 1px solid var(--line); border-radius: 1rem; padding: 0 .45rem; margin-left: .3rem; }
td.share { background: linear-gradient(to right, color-mix(in srgb, var(--share-colour, var(--accent)) calc(var(--share) * 38%), transparent) 0 100%); }
.key { display: inline-block; width: .7rem; height: .7rem; border-radius: .15rem; margin-right: .5rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 2rem 2.5rem; margin: 1.25rem 0; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .4rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; max-width: 31rem; height: auto; }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--accent); padding: .2rem 0; width: fit-content; }
.controls { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: .75rem 1rem; padding: 1rem; background: var(--panel); border-radius: .5rem; align-items: end; margin: 1rem 0; }
label { display: block; font-size: .88rem; color: var(--faint); }
select, input, button { display: block; width: 100%; margin-top: .2rem; padding: .5rem .6rem; min-height: 2.75rem; font: inherit; font-size: 1rem; color: var(--ink); background: var(--paper); border: 1px solid var(--faint); border-radius: .35rem; }
button { cursor: pointer; width: auto; } .controls button { width: 100%; } button:hover { border-color: var(--accent); color: var(--accent); } button[hidden] { display: none; }
article.query { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; margin: 1rem 0; break-inside: avoid; }
article.query h3 { margin: 0; font-size: 1.02rem; } article.query .note { margin: .1rem 0 .75rem; overflow-wrap: anywhere; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem; }
.column { min-width: 0; } .column ol, article.query ul { margin: 0; padding-left: 1.25rem; }
.column li, article.query ul li { margin-bottom: .6rem; font-size: .9rem; overflow-wrap: anywhere; }
.thumbnail { display: block; width: auto; height: auto; max-width: min(100%, 12rem); max-height: 12rem; margin: .3rem 0; background: #fff; border: 1px solid var(--line); break-inside: avoid; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1rem; margin: 1rem 0; }
.score { font-weight: 400; color: var(--faint); font-variant-numeric: tabular-nums; }
.relevant { display: inline-block; background: var(--good); color: var(--paper); font-size: .75rem; font-weight: 600; padding: 0 .45rem; border-radius: 1rem; margin-right: .4rem; }
@media (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; } h1 { font-size: 1.5rem; }
  th, td { padding: .35rem .5rem; } .columns { grid-template-columns: 1fr; }
  table.results tbody tr:not(.setting) th, table.results thead tr:first-child th:first-child, table.dense tbody th { position: sticky; left: 0; background: var(--paper); z-index: 1; }
  table.results th[scope=row], table.dense th[scope=row] { white-space: normal; overflow-wrap: anywhere; min-width: 6.5rem; max-width: 9rem; }
}
@media print {
  @page { size: A4; margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  .skip, nav, .controls, #more { display: none; } .hidden { display: none; }
  h1 { font-size: 16pt; } h2 { font-size: 12.5pt; margin-top: 8mm; } h2, h3, caption, figcaption { break-after: avoid; }
  table.dense, table.results { font-size: 7pt; } .tag { font-size: 5.5pt; padding: 0 1mm; } table th, table td, table.dense th, table.dense td, table.results th, table.results td { padding: .9mm 1.2mm; }
  table.results td:not(.mean) { padding-right: 3.2mm; } table.results .better, table.results .worse { right: .6mm; top: 1mm; font-size: 5.5pt; }
  table thead th, table.results thead th.number, table.dense thead th.number { white-space: normal; overflow-wrap: anywhere; min-width: 11mm; } .key { width: 2mm; height: 2mm; margin-right: 1mm; }
  .charts { grid-template-columns: 1fr 1fr; gap: 6mm; } svg { max-width: none; }
  tr, figure, article.query { break-inside: avoid; } .scroll { overflow: visible; } .spread { font-size: 6pt; }
  svg, .key, dl.facts, .warning, .notice, tr.setting th, td.share, .relevant, .thumbnail { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
