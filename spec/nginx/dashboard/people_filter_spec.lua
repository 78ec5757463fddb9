local dashboard = require "spec.support.dashboard"
local pages = require "lastpass.nginx.dashboard.pages"
local people_filter = require "lastpass.nginx.dashboard.people_filter"
local planted = require "spec.support.planted"
local query = require "lastpass.unified.query"
local dashboard_settings = require "lastpass.nginx.dashboard.settings"
local tenant = require "spec.support.tenant"

describe("list of people", function()
  local box, view, settings

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    view = tenant.of(box):directory()
    settings = dashboard_settings.complete(nil, 1)
    settings.pause = function() end
  end)

  teardown(function()
    box:stop()
  end)

  local function look(text)
    local call = pages.call {
      request = { query = query.split(text), now = planted.NOW },
      settings = settings,
      tenant = { name = "acme" },
      view = view,
      pause = function() end,
    }
    local index = call:index()
    local filter = people_filter.read(call, index)
    local positions, page = people_filter.find(call, index, filter)
    local names = {}
    for at, position in ipairs(positions) do
      names[at] = index.email[position]:match "^[^@]*"
    end
    return names, filter, page
  end

  it("is everybody by name when nothing is asked", function()
    local names, filter, page = look ""
    assert.same({
      "ann",
      "boss",
      "bob",
      "hostile.image",
      "hostile.quotes",
      "hostile.script",
      "hostile.marks",
      "never",
      "new",
      "newer",
      "off",
      "empty",
    }, names)
    assert.is_false(people_filter.narrows(filter))
    assert.same({ first = 1, last = 12, count = 12 }, page)
  end)

  it("is searched by words, in names and addresses, in any case", function()
    assert.same({ "ann" }, (look "q=LEE"))
    assert.same({ "ann" }, (look "q=lee+ann%40"))
    assert.same({ "empty" }, (look "q=%C3%89MILE"))
    assert.same({ "new", "newer" }, (look "q=new"))
    assert.same({}, (look "q=ann+stone"))
    assert.same({ "hostile.script" }, (look "q=%3Cscript%3E"))
    assert.same({}, (look "q=%25."))
  end)

  it("is filtered by status, multifactor, admin and group", function()
    assert.same({ "empty" }, (look "status=empty_vault"))
    assert.same({ "never" }, (look "status=never_logged_in"))
    assert.same({ "off" }, (look "status=disabled"))
    assert.same({ "new", "newer" }, (look "status=invited"))
    assert.equal(9, #look "status=can_log_in")
    assert.same({ "boss", "bob", "never" }, (look "mfa=no"))
    assert.same({ "empty" }, (look "mfa=duo"))
    assert.equal(7, #look "mfa=yes")
    assert.same({ "ann", "boss" }, (look "admin=yes"))
    assert.same({ "boss" }, (look "admin=yes&mfa=no&status=can_log_in"))
    assert.same({ "ann", "boss" }, (look "group=it"))
    assert.same({ "boss" }, (look "group=Board&q=bo"))
  end)

  it("names the group that was meant", function()
    local names, filter = look "group=Bord"
    assert.same({}, names)
    assert.equal("Bord", filter.unknown_group)
    assert.equal("Board", filter.nearest)
  end)

  it("is ordered, either way", function()
    assert.equal("bob", (look "sort=-last_login")[1])
    assert.same(
      { "boss", "bob", "ann" },
      { (look "sort=-email&q=acme")[10], (look "sort=-email")[11], (look "sort=-email")[12] }
    )
    local _, filter = look "sort=name"
    assert.equal("", filter.sort)
    _, filter = look "sort=-name"
    assert.equal("-name", filter.sort)
  end)

  it("takes what it does not know for nothing", function()
    local names, filter = look "status=x&mfa=%3Cb%3E&admin=maybe&sort=password"
    assert.equal(12, #names)
    assert.is_false(people_filter.narrows(filter))
    assert.equal("", filter.sort)
  end)
end)
