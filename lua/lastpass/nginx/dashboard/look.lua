--- What the dashboard adds to the style of reports, whose colours it has.
-- @module lastpass.nginx.dashboard.look
-- luacheck: no max line length
return [[
body { min-height: 100vh; display: flex; flex-direction: column; }
main { flex: 1; width: 100%; padding-top: 1.5rem; }
a { color: var(--accent); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
td a, th a, .totals a { text-decoration-color: var(--line); }
td a:hover, th a:hover, .totals a:hover { text-decoration-color: currentColor; }
.bar { width: 100%; max-width: none; margin: 0; padding: 0; background: var(--card); border-bottom: 1px solid var(--line); }
.bar > div { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; max-width: 75rem; margin: 0 auto; padding: .625rem 1.25rem; }
.brand { display: flex; align-items: center; gap: .5rem; font-weight: 600; color: var(--text); text-decoration: none; }
.brand svg { width: 1.25rem; height: 1.25rem; flex: none; }
.brand svg rect { fill: var(--bar); }
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
label { display: block; margin: 0 0 .25rem; color: var(--quiet); font-size: .875rem; }
.filters { display: grid; grid-template-columns: minmax(14rem, 2fr) repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; align-items: end; margin: 0 0 1rem; }
.filters.one { grid-template-columns: minmax(14rem, 26rem) auto; justify-content: start; }
.filters .go { display: flex; gap: .5rem; }
.filters .go > * { height: 2.5rem; white-space: nowrap; }
.filters.live button[type=submit] { color: var(--quiet); }
#found { margin: 0 0 .75rem; color: var(--quiet); font-size: .875rem; font-variant-numeric: tabular-nums; }
#results > :last-child { margin-bottom: 0; }
thead th a { color: inherit; }
thead th a.sorted { color: var(--text); }
.mark { display: inline-block; padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .8125rem; line-height: 1.45; white-space: nowrap; }
.mark.bad { color: var(--warning); background: var(--warning-page); border-color: currentColor; }
.quiet { color: var(--quiet); }
.address { font-weight: 400; overflow-wrap: anywhere; }
tbody th .address, tbody td .address { display: block; color: var(--quiet); font-size: .8125rem; }
tbody th.name { white-space: normal; overflow-wrap: anywhere; }
tbody th.class { white-space: normal; }
tbody th.name { min-width: 13rem; }
.class { width: 45%; }
td.chart { min-width: 4rem; }
svg.inline { height: .5rem; margin: .4rem 0; width: 100%; max-width: none; border-radius: .25rem; background: var(--stripe); }
tr:nth-child(even) svg.inline { background: var(--card); }
time span { white-space: nowrap; }
td.list { overflow-wrap: anywhere; }
.what { min-width: 10rem; }
.who-did { min-width: 15.5rem; }
.scroll + .scroll { margin-top: 1.25rem; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }
.pager { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin: 1rem 0 0; }
.empty { padding: 1.5rem 0; text-align: center; color: var(--quiet); }
.empty p { margin: 0 0 .75rem; }
.empty .title { color: var(--text); font-weight: 600; font-size: 1.0625rem; margin-bottom: .25rem; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: 0 1.25rem; }
.two > .scroll + .scroll { margin-top: 0; }
.totals dd small { display: block; color: var(--quiet); font-size: .8125rem; font-weight: 400; line-height: 1.4; }
section > .more { margin: .75rem 0 0; font-size: .875rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 0 2.5rem; margin: 0; }
.facts div { display: grid; grid-template-columns: 10rem 1fr; gap: .75rem; padding: .3125rem 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.plain { margin: 0; padding: 0; list-style: none; }
.tags { display: flex; flex-wrap: wrap; gap: .375rem; margin: 0; padding: 0; list-style: none; }
.tags a { display: block; padding: .125rem .625rem; border: 1px solid var(--line); border-radius: 1rem; text-decoration: none; }
.tags a:hover { border-color: currentColor; }
.note { color: var(--quiet); font-size: .875rem; }
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
footer { width: 100%; padding-bottom: 1rem; }
:root { --field: #828b96; }
@media (prefers-color-scheme: dark) { :root { --field: #77818d; } }
@media (max-width: 60rem) { .filters { grid-template-columns: repeat(2, 1fr); } .filters .search { grid-column: 1 / -1; } }
@media (max-width: 40rem) { main { padding-top: 1rem; } .bar > div { padding: .5rem .75rem; gap: .25rem .75rem; } .bar nav { order: 3; width: 100%; }
  .bar nav ul { flex-wrap: nowrap; overflow-x: auto; margin: 0 -.25rem; } .bar nav a { padding: .375rem .5rem; white-space: nowrap; font-size: .9375rem; }
  .who span { max-width: 9rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .minor { display: none; } tbody th.name { min-width: 8.5rem; } .class { width: auto; } td.chart { min-width: 2.5rem; } .time { white-space: normal; min-width: 5.5rem; } .list { min-width: 10rem; }
  .what { min-width: 7rem; } .who-did { min-width: 9rem; } td .mark { white-space: normal; border-radius: .5rem; } .two > .scroll + .scroll { margin-top: 1.25rem; } th, td { padding: .375rem .5rem; } .text { min-width: 0; } .filters.one { grid-template-columns: 1fr; }
  .facts div { grid-template-columns: 9rem 1fr; } h1 { font-size: 1.5rem; } }
@media (prefers-reduced-motion: no-preference) { #results { transition: opacity .12s; } }
.live[aria-busy] ~ #results { opacity: .6; }
@media print { .bar nav, .who, .filters, .pager, .go, .more { display: none; } .bar { border: 0; } .bar > div { padding: 0; } body { display: block; min-height: 0; }
  a { color: inherit; text-decoration: none; } .two { display: block; } .mark { border: 0; padding: 0; } .minor { display: table-cell; } }
]]
