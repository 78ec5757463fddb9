local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"

describe("page of groups", function()
  local box, user

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    user = dashboard.of(box)
    user:sign_in()
  end)

  teardown(function()
    box:stop()
  end)

  it("has members, and how many of them have no second factor", function()
    assert.same({
      { "&lt;i&gt;Sales&lt;/i&gt; &quot;East&quot; &amp; &#39;West&#39;", "4", "0", "0.0 %" },
      { "Board", "1", "1", "100.0 %" },
      { "IT", "2", "1", "50.0 %" },
    }, dashboard.rows(user:page "groups"))
  end)

  it("is sorted by figures, and searched", function()
    assert.same(
      { "Board", "IT" },
      { (table.unpack or unpack)(dashboard.names(user:page "groups?sort=share"), 1, 2) }
    )
    local body = user:page "groups?q=it"
    assert.equal("1 group", dashboard.found(body))
    assert.same({ "IT" }, dashboard.names(body))
    assert.truthy(user:page("groups?q=zzz"):find("No group matches", 1, true))
    assert.truthy(user:page("groups?q=it&part=results"):find '^<p id="found"')
  end)

  it("leads to the people without a second factor, as many as it says", function()
    local body = user:page "groups?q=board"
    local link = body:match('href="/dashboard/acme/(people%?status[^"]*)"'):gsub("&amp;", "&")
    assert.equal("1 person (everybody: 12)", dashboard.found(user:page(link)))
  end)

  it("says that there are none", function()
    local empty = planted.start()
    planted.plant(empty, { { "ann@acme.example" } })
    local other = dashboard.of(empty)
    other:sign_in()
    local body = other:page "groups"
    empty:stop()
    assert.truthy(body:find("There are no groups", 1, true))
  end)
end)
