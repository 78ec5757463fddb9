local dashboard = require "spec.support.dashboard"
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
      Coverage = "58.3 %",
      Multifactor = "66.7 %",
      ["Admins without MFA"] = "1",
      Invitations = "2",
    }, figures)
  end)

  it("puts everybody into one class of coverage", function()
    assert.same({
      Active = { "7", "58.3 %" },
      ["Empty vault"] = { "1", "8.3 %" },
      ["Never logged in"] = { "1", "8.3 %" },
      Invited = { "2", "16.7 %" },
      Disabled = { "1", "8.3 %" },
    }, classes "coverage-table")
  end)

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
