/** Style of the report page: no outside fonts or pictures, light and dark, narrow screens and paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f7f9; --ink: #1c2330; --faint: #5a6577; --line: #d9dee6; --accent: #0b5cad;
  --warn-paper: #fff4e0; --warn-line: #c77700; --good: #0a6b3d; --bad: #a3261b;
  --series-0: #8a97a8; --series-1: #0b63c5; --series-2: #d08700; --series-3: #12856b;
  --series-4: #a03fb0; --series-5: #c8442f; --series-6: #4e8fd6; --series-7: #7a6a2f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181f; --panel: #1d232d; --ink: #e6eaf0; --faint: #a3aebd; --line: #36404f; --accent: #7db8f5;
    --warn-paper: #33270f; --warn-line: #e0a030; --good: #6fd3a0; --bad: #f2938a;
    --series-0: #8f9db0; --series-1: #5aa5f2; --series-2: #e3a93a; --series-3: #4cc3a5;
    --series-4: #cf85dc; --series-5: #ef8270; --series-6: #9cc7f5; --series-7: #c2b06a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 64rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 46rem; }
.kicker { color: var(--faint); font-size: .85rem; letter-spacing: .04em; margin: 0 0 .25rem; }
.lead { font-size: 1.1rem; }
.note { color: var(--faint); font-size: .9rem; }
.warning { background: var(--warn-paper); border-left: 4px solid var(--warn-line); padding: .75rem 1rem; max-width: none; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem 1.5rem; margin: 1.25rem 0 0;
  padding: 1rem; background: var(--panel); border-radius: .5rem; }
dl.facts dt { color: var(--faint); font-size: .85rem; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); font-size: .9rem; padding-bottom: .5rem; }
caption span { display: block; max-width: min(60rem, calc(100vw - 2.5rem)); }
th, td { padding: .4rem .75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--faint); font-weight: 600; font-size: .85em; white-space: nowrap; border-bottom: 2px solid var(--line); }
tbody + tbody { border-top: 2px solid var(--line); }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; white-space: nowrap; }
table.dense { font-size: .9rem; } table.dense th, table.dense td { padding: .4rem .5rem; }
td strong { color: var(--accent); }
tbody th { white-space: nowrap; } td.name { min-width: 8.5rem; overflow-wrap: anywhere; }
tbody th[scope=rowgroup] { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
td.better { color: var(--good); font-weight: 600; }
td.worse { color: var(--bad); font-weight: 600; }
.key { display: inline-block; width: .7rem; height: .7rem; border-radius: .15rem; margin-right: .5rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: 1.5rem 2rem; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .4rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; max-width: 34rem; height: auto; }
code { font: .9em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) { body { padding: 1.25rem 1rem 3rem; } th, td { padding: .35rem .5rem; } }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  table.dense { font-size: 8.5pt; } .charts { grid-template-columns: 1fr 1fr; } h2, caption { break-after: avoid; } tr { break-inside: avoid; } .scroll { overflow: visible; }
  svg, .key, dl.facts, .warning { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
