local dashboard = require "spec.support.dashboard"
local overview = require "lastpass.nginx.dashboard.overview"
local parts = require "lastpass.nginx.dashboard.parts"
local planted = require "spec.support.planted"

describe("overview", function()
  local box, user, body

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    planted.at(box, "2026-06-10 09:00:00", function()
      assert(box:client():reinviteuser { username = "new@acme.example" })
    end)
    user = dashboard.of(box)
    user:sign_in()
    body = user:page ""
  end)

  teardown(function()
    box:stop()
  end)

  -- Title to { people, share }, of one table.
  local function classes(id)
    local found = {}
    local rows = body:match('<caption id="' .. id:gsub("%-", "%%-") .. '">.-<tbody>(.-)</tbody>')
    for row in rows:gmatch "<tr>(.-)</tr>" do
      local title = row:match "<th[^>]*>(.-)</th>":gsub("<span.*", ""):gsub("<[^>]*>", "")
      local people, share = row:match '<td class="number">(.-)</td><td class="number">(.-)</td>'
      found[title] = { people, share }
    end
    return found
  end

  it("has the figures of the company", function()
    local figures = {}
    for title, value in
      body:match('<dl class="totals">(.-)</dl>'):gmatch "<dt>(.-)</dt><dd>(.-)<small>"
    do
      figures[title] = value:gsub("<[^>]*>", "")
    end
    assert.same({
      People = "12",
      Coverage = "63.6 %",
      Multifactor = "66.7 %",
      ["Admins without MFA"] = "1",
      Invitations = "2",
    }, figures)
  end)

  it(
    "puts everybody into one class of coverage; shares are of those who are not disabled",
    function()
      assert.same({
        Active = { "7", "63.6 %" },
        ["Empty vault"] = { "1", "9.1 %" },
        ["Never logged in"] = { "1", "9.1 %" },
        Invited = { "2", "18.2 %" },
        Disabled = { "1", "–" },
      }, classes "coverage-table")
    end
  )

  it("agrees with the report on multifactor", function()
    local report = require("lastpass.report").mfa(user.tenant:client())
    local mine = classes "mfa-table"
    for _, class in ipairs(report.classes) do
      assert.equal(("%d"):format(class.count), mine[class.title][1], class.title)
    end
    assert.same(
      { lastpassauth = { "5", "55.6 %" }, duo = { "1", "11.1 %" } },
      classes "methods-table"
    )
  end)

  it("leads from each figure to the people in it", function()
    for href in body:gmatch 'href="/dashboard/acme/(people%?[^"]*)"' do
      local link = href:gsub("&amp;", "&")
      local count = dashboard.found(user:page(link)):match "^(%d+) "
      local shown =
        body:match('href="/dashboard/acme/' .. href:gsub("%W", "%%%0") .. '">(.-)</a>.-</tr>')
      assert.truthy(count and shown, link)
    end
    local rows = body:match '<caption id="mfa%-table">.-<tbody>(.-)</tbody>'
    for row in rows:gmatch "<tr>(.-)</tr>" do
      local link = row:match('href="/dashboard/acme/(.-)"'):gsub("&amp;", "&")
      local count = row:match '<td class="number">(.-)</td>'
      local found = dashboard.found(user:page(link))
      assert.equal(count, found:match "^%d+", link)
    end
  end)

  it("says that there is nobody yet", function()
    local empty = planted.start()
    planted.plant(empty, {})
    local other = dashboard.of(empty)
    other:sign_in()
    local text = other:page ""
    empty:stop()
    assert.truthy(text:find("There is nobody yet", 1, true))
  end)
end)

describe("pending invitations", function()
  local box, user, body

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    planted.at(box, "2026-06-10 09:00:00", function()
      assert(box:client():reinviteuser { username = "new@acme.example" })
    end)
    user = dashboard.of(box)
    user:sign_in()
    body = user:page ""
  end)

  teardown(function()
    box:stop()
  end)

  -- Title to { people, share }, of one table.
  local function classes(id)
    local found = {}
    local rows = body:match('<caption id="' .. id:gsub("%-", "%%-") .. '">.-<tbody>(.-)</tbody>')
    for row in rows:gmatch "<tr>(.-)</tr>" do
      local title = row:match "<th[^>]*>(.-)</th>":gsub("<span.*", ""):gsub("<[^>]*>", "")
      local people, share = row:match '<td class="number">(.-)</td><td class="number">(.-)</td>'
      found[title] = { people, share }
    end
    return found
  end

  it("says how long invitations wait", function()
    local ages = classes "ages-table"
    assert.same({ "1", "50.0 %" }, ages["up to 7 days"])
    assert.same({ "1", "50.0 %" }, ages["over 180 days, or unknown"])
    local rows = body:match '<caption id="waiting%-table">.-<tbody>(.-)</tbody>'
    assert.truthy(
      rows:find 'newer@.-not known.-new@.-2026%-06%-10<.->13:00<.-<td class="number">5</td>'
    )
  end)

  it("says that ages are being read", function()
    local other = dashboard.of(box, {
      spawn = function() end,
    })
    other:sign_in()
    assert.truthy(other:page(""):find("Their age is being read", 1, true))
  end)

  it("does without ages when events cannot be read", function()
    local other = dashboard.of(box)
    other:sign_in()
    other.tenant:directory()
    local real = other.tenant:client()
    function other.tenant.client()
      return setmetatable({
        reporting = function()
          return nil, "out of <order>", { kind = "transport" }
        end,
      }, { __index = real })
    end
    local text = other:page ""
    assert.truthy(text:find("Their age is not known: out of &lt;order&gt;.", 1, true))
    assert.truthy(text:find("All 2 invitations", 1, true))
  end)

  it("says that nobody is waiting", function()
    local quiet = planted.start()
    planted.plant(quiet, { { "ann@acme.example" } })
    local other = dashboard.of(quiet)
    other:sign_in()
    local text = other:page ""
    quiet:stop()
    assert.truthy(text:find("Nobody is waiting", 1, true))
  end)
end)

describe("classes", function()
  local call = {
    url = function(_, page, params)
      return page .. "?" .. params[1][1] .. "=" .. params[1][2]
    end,
  }

  it("write shares, also of nothing", function()
    assert.equal("12.5 %", parts.share(1, 8))
    assert.equal("0.0 %", parts.share(0, 8))
    assert.equal("–", parts.share(0, 0))
  end)

  it("lead to the people in them", function()
    assert.equal(
      '<a href="people?q=x">&lt;b&gt;</a>',
      parts.people(call, "<b>", { { "q", "x" } }).text
    )
  end)

  it("are a table with bars and their numbers", function()
    local list = {
      { name = "a", title = "A", count = 3, meaning = "what <A> means" },
      { name = "b", title = "B", count = 1 },
    }
    local text = overview.class_table(call, "t", "Caption", list, {
      whole = 4,
      params = function(class)
        return { { "status", class.name } }
      end,
    }).text
    assert.truthy(text:find('<a href="people?status=a">A</a>', 1, true))
    assert.truthy(text:find("what &lt;A&gt; means", 1, true))
    assert.truthy(text:find('width="75.00"', 1, true))
    assert.truthy(text:find('<td class="number">3</td><td class="number">75.0 %</td>', 1, true))
    local plain =
      overview.class_table(call, "t", "Caption", list, { whole = 4, title = "Age" }).text
    assert.truthy(plain:find(">Age</th>", 1, true))
    assert.is_nil(plain:find("<a ", 1, true))
  end)
end)
