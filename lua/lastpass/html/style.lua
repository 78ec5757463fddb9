--- The style sheet of all pages: reports have it inline, the dashboard serves it as a file. Light and
-- dark by the reader's choice, black on white on paper. Every pair of colours has a contrast of at
-- least 4.5 to 1 (WCAG 2.1, AA). What it styles is made in `lastpass.html.components`, and for lists
-- and forms in `lastpass.nginx.dashboard`.
-- @module lastpass.html.style
-- luacheck: no max line length
return [[
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --text: #1b1f24; --quiet: #4d5560; --line: #d4d9e0; --field: #828b96;
  --accent: #1257a8; --bar: #2f74c0; --stripe: #f2f5f9; --warning: #7a3b00; --warning-page: #fff3e0; --error: #9b1c1c; --error-page: #fdecea; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1d2127; --text: #e8eaed; --quiet: #aab3be; --line: #3a414b; --field: #77818d;
  --accent: #8ab8f0; --bar: #5b9be0; --stripe: #23282f; --warning: #ffcf9a; --warning-page: #3a2a14;
  --error: #ffb4ab; --error-page: #401a17; } }

* { box-sizing: border-box; }
body { display: flex; flex-direction: column; min-height: 100vh; margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { width: 100%; max-width: 75rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
main { flex: 1; }
footer { padding-bottom: 1rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.25rem; }
h3 { margin: 1.25rem 0 .5rem; font-size: 1rem; }
section { margin: 0 0 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
section > :last-child { margin-bottom: 0; }
section > .more { margin: .75rem 0 0; font-size: .875rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: 0 1.25rem; }
a { color: var(--accent); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
td a, th a, .totals a { text-decoration-color: var(--line); }
td a:hover, th a:hover, .totals a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem .75rem; background: var(--card); color: var(--accent); }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }
.lead { margin: .5rem 0 0; font-size: 1.05rem; }
.meta, .note, footer { color: var(--quiet); font-size: .875rem; }
.meta { margin: .25rem 0 1.25rem; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.warning { padding: .75rem 1rem; border-left: 4px solid currentColor; color: var(--warning); background: var(--warning-page); }
.mark { display: inline-block; padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .8125rem; line-height: 1.45; white-space: nowrap; }
.mark.bad { color: var(--error); background: var(--error-page); border-color: currentColor; }
.mark.warn { color: var(--warning); background: var(--warning-page); border-color: currentColor; }
.only { display: none; margin: 0 0 .75rem; padding: .375rem .75rem; background: var(--stripe); border-radius: .375rem; font-size: .875rem; }
.only:target { display: block; scroll-margin-top: 4rem; }
.tags.choices { margin: 0 0 .75rem; font-size: .875rem; }
header nav { margin: 0 0 1.25rem; font-size: .875rem; }
time span { white-space: nowrap; }

.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 0 0 1.25rem; }
.totals div { padding: .625rem .875rem; background: var(--stripe); border-radius: .375rem; }
.totals dt { color: var(--quiet); font-size: .875rem; }
.totals dd { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.totals dd small { display: block; color: var(--quiet); font-size: .8125rem; font-weight: 400; line-height: 1.4; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 0 2.5rem; margin: 0; }
.facts.wide { grid-template-columns: 1fr; }
.facts div { display: grid; grid-template-columns: 10rem 1fr; gap: .75rem; padding: .3125rem 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.sums { margin: 1rem 0 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
.tags { display: flex; flex-wrap: wrap; gap: .375rem; margin: 0; padding: 0; list-style: none; }
.tags a { display: block; padding: .125rem .625rem; border: 1px solid var(--line); border-radius: 1rem; text-decoration: none; }
.tags a:hover { border-color: currentColor; }

figure { margin: 0 0 1.25rem; }
figcaption, caption { padding: 0 0 .5rem; color: var(--quiet); font-size: .875rem; text-align: left; }
svg { display: block; width: 100%; max-width: 46rem; height: auto; }
svg rect { fill: var(--bar); }
svg line { stroke: var(--line); }
svg text { fill: var(--text); font-size: 13px; }
svg .value { font-variant-numeric: tabular-nums; }
svg.wide .label { text-anchor: end; }
svg.narrow { display: none; max-width: 24rem; }
svg.inline { height: .5rem; margin: .4rem 0; max-width: none; border-radius: .25rem; background: var(--stripe); }
tr:nth-child(even) svg.inline { background: var(--card); }

.scroll { overflow-x: auto; }
.scroll + .scroll { margin-top: 1.25rem; }
.two > .scroll + .scroll { margin-top: 0; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .375rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; max-width: 32rem; }
thead th { white-space: nowrap; border-bottom-width: 2px; color: var(--quiet); }
thead th a { color: inherit; }
thead th a.sorted { color: var(--text); }
tbody th { font-weight: 600; }
tbody tr:nth-child(even) { background: var(--stripe); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time, tbody th { white-space: nowrap; }
.text { min-width: 7rem; }
.list, .long { min-width: 15rem; }
td.list { overflow-wrap: anywhere; }
.what { min-width: 10rem; }
.who-did { min-width: 15.5rem; }
.class { width: 45%; }
tbody th.class { white-space: normal; }
tbody th.name { min-width: 13rem; white-space: normal; overflow-wrap: anywhere; }
td.chart { min-width: 4rem; }
.address { font-weight: 400; overflow-wrap: anywhere; }
tbody th .address, tbody td .address { display: block; color: var(--quiet); font-size: .8125rem; }

.bar { max-width: none; margin: 0; padding: 0; background: var(--card); border-bottom: 1px solid var(--line); }
.bar + main { padding-top: 1.5rem; }
.bar > div { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; max-width: 75rem; margin: 0 auto; padding: .625rem 1.25rem; }
.brand { display: flex; align-items: center; gap: .5rem; font-weight: 600; color: var(--text); text-decoration: none; }
.brand svg { width: 1.25rem; height: 1.25rem; flex: none; }
.bar nav ul { display: flex; flex-wrap: wrap; gap: .25rem; margin: 0; padding: 0; list-style: none; }
.bar nav a { display: block; padding: .375rem .75rem; border-radius: .375rem; color: var(--text); text-decoration: none; }
.bar nav a:hover { background: var(--stripe); }
.bar nav a[aria-current] { background: var(--stripe); color: var(--accent); font-weight: 600; }
.who { display: flex; align-items: center; gap: .75rem; margin-left: auto; color: var(--quiet); font-size: .875rem; }
.who form { margin: 0; }
.head { margin: 0 0 1.25rem; }
.head .meta { margin-bottom: 0; }
.crumb { margin: 0 0 .25rem; font-size: .875rem; }

button, input, select { font: inherit; color: inherit; }
button, .button { display: inline-block; padding: .4375rem .875rem; background: var(--stripe); border: 1px solid var(--line); border-radius: .375rem; color: var(--text); cursor: pointer; text-decoration: none; line-height: 1.5; }
button:hover, .button:hover { border-color: var(--quiet); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
.who button { padding: .25rem .625rem; }
input, select { width: 100%; height: 2.5rem; padding: .375rem .625rem; background: var(--page); border: 1px solid var(--field); border-radius: .375rem; }
input[type=checkbox] { width: auto; height: auto; }
label { display: block; margin: 0 0 .25rem; color: var(--quiet); font-size: .875rem; }
.filters { display: grid; grid-template-columns: minmax(14rem, 2fr) repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; align-items: end; margin: 0 0 1rem; }
.filters.one { grid-template-columns: minmax(14rem, 26rem) auto; justify-content: start; }
.filters .go { display: flex; gap: .5rem; }
.filters .go > * { height: 2.5rem; white-space: nowrap; }
.filters.live button[type=submit] { color: var(--quiet); }
#found { margin: 0 0 .75rem; color: var(--quiet); font-size: .875rem; font-variant-numeric: tabular-nums; }
#results > :last-child { margin-bottom: 0; }
.live[aria-busy] ~ #results { opacity: .6; }
.pager { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin: 1rem 0 0; }
.empty { padding: 1.5rem 0; text-align: center; color: var(--quiet); }
.empty p { margin: 0 0 .75rem; }
.empty .title { color: var(--text); font-weight: 600; font-size: 1.0625rem; margin-bottom: .25rem; }

.card { max-width: 26rem; margin: 8vh auto 1.25rem; }
.card h1 { font-size: 1.375rem; margin-bottom: .5rem; }
.card form { margin: 1.25rem 0 0; }
.card button { width: 100%; margin: 1rem 0 0; padding: .5625rem; }
.card input[aria-invalid] { border-color: var(--warning); }
.problem { max-width: 40rem; margin: 6vh auto 1.25rem; }
.problem .code { margin: 0 0 .25rem; color: var(--quiet); font-size: .875rem; }
.problem ul { padding-left: 1.25rem; }
.problem .go { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1.25rem 0 0; }
.companies { display: grid; gap: .5rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.companies a { display: block; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .375rem; text-decoration: none; font-weight: 600; }
.companies a:hover { border-color: currentColor; }

@media (max-width: 60rem) { .filters { grid-template-columns: repeat(2, 1fr); } .filters .search { grid-column: 1 / -1; } }
@media (max-width: 40rem) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; } header { padding-top: 1.25rem; } section { padding: .875rem; } h1 { font-size: 1.5rem; }
  svg.wide { display: none; } svg.narrow { display: block; }
  .totals dd { font-size: 1.25rem; } .facts div { grid-template-columns: 9rem 1fr; } .facts.wide div { grid-template-columns: 1fr; gap: 0; }
  th, td { padding: .375rem .5rem; } .minor { display: none; } .two > .scroll + .scroll { margin-top: 1.25rem; }
  .time { white-space: normal; min-width: 5.5rem; } .list { min-width: 10rem; } .text { min-width: 0; } .what { min-width: 7rem; } .who-did { min-width: 9rem; }
  .class { width: auto; } tbody th.name { min-width: 8.5rem; } td.chart { min-width: 2.5rem; } td .mark { white-space: normal; border-radius: .5rem; }
  .bar + main { padding-top: 1rem; } .bar > div { padding: .5rem .75rem; gap: .25rem .75rem; } .bar nav { order: 3; width: 100%; }
  .bar nav ul { flex-wrap: nowrap; overflow-x: auto; margin: 0 -.25rem; } .bar nav a { padding: .375rem .5rem; white-space: nowrap; font-size: .9375rem; }
  .who span { max-width: 9rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .filters.one { grid-template-columns: 1fr; } }
@media (prefers-reduced-motion: no-preference) { #results { transition: opacity .12s; } }
@media print { :root { --page: #ffffff; --card: #ffffff; --text: #000000; --quiet: #333333; --line: #999999;
  --bar: #555555; --stripe: #ffffff; --warning: #000000; --warning-page: #ffffff; --error: #000000; --error-page: #ffffff; }
  body { display: block; min-height: 0; font-size: 10pt; } header, main, footer { max-width: none; padding: 0; } a { color: inherit; text-decoration: none; }
  .skip, .bar nav, header nav, .choices, .only a, .who, .filters, .pager, .go, .more { display: none; } .bar { border: 0; } .bar > div { padding: 0; }
  section { padding: 0; border: 0; break-inside: auto; } .two { display: block; } .scroll { overflow: visible; } thead { display: table-header-group; }
  table { font-size: 7.5pt; } th, td { padding: .2rem .3rem; min-width: 0; } .text, .list, .long { min-width: 0; } .minor { display: table-cell; }
  .time, thead th, .number { white-space: normal; } tbody th { white-space: normal; overflow-wrap: anywhere; } .mark { border: 0; padding: 0; }
  .totals { grid-template-columns: repeat(6, 1fr); } .totals dd { font-size: 14pt; } svg.wide { display: block; } svg.narrow { display: none; }
  tr, figure, .totals { break-inside: avoid; } h2, h3 { break-after: avoid; } svg rect { print-color-adjust: exact; } }
]]
