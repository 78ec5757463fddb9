--- The style of report pages: light and dark by the reader's choice, black on white on paper. Every
-- pair of colours has a contrast of at least 4.5 to 1 (WCAG 2.1, AA).
-- @module lastpass.report.render.style
-- luacheck: no max line length
return [[
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --text: #1b1f24; --quiet: #4d5560;
  --line: #d4d9e0; --accent: #1257a8; --bar: #2f74c0; --stripe: #f2f5f9; --warning: #7a3b00; --warning-page: #fff3e0; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1d2127; --text: #e8eaed; --quiet: #aab3be;
  --line: #3a414b; --accent: #8ab8f0; --bar: #5b9be0; --stripe: #23282f; --warning: #ffcf9a; --warning-page: #3a2a14; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 75rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 .5rem; font-size: 1rem; }
.lead { margin: .5rem 0 0; font-size: 1.05rem; }
.meta, footer { color: var(--quiet); font-size: .875rem; }
.meta { margin: .25rem 0 1.25rem; overflow-wrap: anywhere; }
.warning { padding: .75rem 1rem; border-left: 4px solid currentColor; color: var(--warning); background: var(--warning-page); }
section { margin: 0 0 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
section > :last-child { margin-bottom: 0; }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0 0 1.25rem; }
.totals div { padding: .625rem .875rem; background: var(--stripe); border-radius: .375rem; }
.totals dt { color: var(--quiet); font-size: .875rem; }
.totals dd { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
figure { margin: 0 0 1.25rem; }
figcaption, caption { padding: 0 0 .5rem; color: var(--quiet); font-size: .875rem; text-align: left; }
svg { display: block; width: 100%; max-width: 46rem; height: auto; }
svg.narrow { display: none; max-width: 24rem; }
svg text { fill: var(--text); font-size: 13px; }
svg.wide .label { text-anchor: end; }
svg .value { font-variant-numeric: tabular-nums; }
svg rect { fill: var(--bar); }
svg line { stroke: var(--line); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .375rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; max-width: 32rem; }
.time, tbody th { white-space: nowrap; }
.text { min-width: 7rem; }
.list, .long { min-width: 15rem; }
thead th { white-space: nowrap; border-bottom-width: 2px; color: var(--quiet); }
tbody th { font-weight: 600; }
tbody tr:nth-child(even) { background: var(--stripe); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sums { margin: 1rem 0 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
.statement { margin: 0; }
.statement div { display: grid; grid-template-columns: 9rem 1fr; gap: .75rem; padding: .25rem 0; }
.statement dt { color: var(--quiet); }
.statement dd { margin: 0; overflow-wrap: anywhere; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem .75rem; background: var(--card); color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) { svg.wide { display: none; } svg.narrow { display: block; } header, main, footer { padding: 0 .75rem; } header { padding-top: 1.25rem; }
  section { padding: .875rem; } .statement div { grid-template-columns: 1fr; gap: 0; } .totals dd { font-size: 1.25rem; } }
@media print { :root { --page: #ffffff; --card: #ffffff; --text: #000000; --quiet: #333333; --line: #999999;
  --bar: #555555; --stripe: #ffffff; --warning: #000000; --warning-page: #ffffff; }
  body { font-size: 10pt; } header, main, footer { max-width: none; padding: 0; } .skip { display: none; }
  section { padding: 0; border: 0; break-inside: auto; } .scroll { overflow: visible; } thead { display: table-header-group; }
  table { font-size: 7.5pt; } th, td { padding: .2rem .3rem; min-width: 0; } .text, .list, .long { min-width: 0; }
  .time, thead th, .number { white-space: normal; } tbody th { white-space: normal; overflow-wrap: anywhere; }
  .totals { grid-template-columns: repeat(6, 1fr); } .totals dd { font-size: 14pt; } svg.wide { display: block; } svg.narrow { display: none; }
  tr, figure, .totals { break-inside: avoid; } h2, h3 { break-after: avoid; } svg rect { print-color-adjust: exact; } }
]]
