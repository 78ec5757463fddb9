--- The page as a template for Penlight: lines that begin with "#" are Lua, $(…) is put in. Whatever
-- comes from outside goes through e().
-- @module lastpass.report.render.page
-- luacheck: no max line length
return [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>$(e(report.title)) – $(e(read_shown))</title>
<link rel="icon" href="data:,">
<style>
$(style)
</style>
</head>
<body>
<a class="skip" href="#results">Skip to the results</a>
<header>
<h1>$(e(report.title))</h1>
<p class="lead">$(e(report.statement.population))</p>
<p class="meta">Read <time datetime="$(e(read_at))">$(e(read_shown))</time> from $(e(report.statement.account))</p>
# if not report.statement.complete then
<p class="warning" role="note"><strong>Not complete:</strong> $(e((report.statement.completeness:gsub('^not complete: ', ''))))</p>
# end
</header>
<main>
<section aria-labelledby="summary">
<h2 id="summary">Summary</h2>
<dl class="totals">
# for _, total in ipairs(totals) do
<div><dt>$(e(total.title))</dt><dd>$(e(total.value))</dd></div>
# end
</dl>
# if classes then
<figure>
<figcaption>$(e(report.statement.population)), by class</figcaption>
$(chart)
</figure>
<div class="scroll" role="region" aria-labelledby="caption-classes" tabindex="0">
<table>
<caption id="caption-classes">Everybody and everything counted is in exactly one class</caption>
<thead><tr>
# for _, column in ipairs(classes.columns) do
<th scope="col"$(column.class and ' class="' .. column.class .. '"')>$(e(column.title))</th>
# end
</tr></thead>
<tbody>
# for _, row in ipairs(classes.rows) do
<tr>
# for place, cell in ipairs(row) do
# if place == 1 then
<th scope="row">$(e(cell))</th>
# else
<td$(classes.columns[place].class and ' class="' .. classes.columns[place].class .. '"')>$(e(cell))</td>
# end
# end
</tr>
# end
</tbody>
</table>
</div>
# end
# if report.sums[1] then
<ul class="sums">
# for _, sum in ipairs(report.sums) do
<li>$(e(sum))</li>
# end
</ul>
# end
# if report.notes[1] then
<h3>Notes</h3>
<ul>
# for _, note in ipairs(report.notes) do
<li>$(e(note))</li>
# end
</ul>
# end
</section>
# for _, one in ipairs(tables) do
<section aria-labelledby="$(one.id)">
<h2 id="$(one.id)">$(e(one.title))</h2>
# if one.count == 0 then
<p>None.</p>
# else
<div class="scroll" role="region" aria-labelledby="caption-$(one.id)" tabindex="0">
<table>
<caption id="caption-$(one.id)">$(e(one.title)): $(e(one.counted)). $(e(one.cut or ''))</caption>
<thead><tr>
# for _, column in ipairs(one.columns) do
<th scope="col"$(column.class and ' class="' .. column.class .. '"')>$(e(column.title))</th>
# end
</tr></thead>
<tbody>
# for _, row in ipairs(one.rows) do
<tr>
# for place, cell in ipairs(row) do
# if place == 1 then
<th scope="row">$(e(cell))</th>
# else
<td$(one.columns[place].class and ' class="' .. one.columns[place].class .. '"')>$(e(cell))</td>
# end
# end
</tr>
# end
</tbody>
</table>
</div>
# end
</section>
# end
<section aria-labelledby="statement">
<h2 id="statement">Statement</h2>
<dl class="statement">
# for _, entry in ipairs(statement) do
<div><dt>$(e(entry[1]))</dt><dd>$(e(entry[2]))</dd></div>
# end
</dl>
</section>
</main>
<footer><p>$(e(report.statement.tool)), report “$(e(report.name))”</p></footer>
</body>
</html>
]]
