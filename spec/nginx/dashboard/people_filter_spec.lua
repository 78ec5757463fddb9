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

  local function find_people(text)
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
    local names, filter, page = find_people ""
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
    assert.same({ "ann" }, (find_people "q=LEE"))
    assert.same({ "ann" }, (find_people "q=lee+ann%40"))
    assert.same({ "empty" }, (find_people "q=%C3%89MILE"))
    assert.same({ "new", "newer" }, (find_people "q=new"))
    assert.same({}, (find_people "q=ann+stone"))
    assert.same({ "hostile.script" }, (find_people "q=%3Cscript%3E"))
    assert.same({}, (find_people "q=%25."))
  end)

  it("is filtered by status, multifactor, admin and group", function()
    assert.same({ "empty" }, (find_people "status=empty_vault"))
    assert.same({ "never" }, (find_people "status=never_logged_in"))
    assert.same({ "off" }, (find_people "status=disabled"))
    assert.same({ "new", "newer" }, (find_people "status=invited"))
    assert.equal(9, #find_people "status=can_log_in")
    assert.same({ "boss", "bob", "never" }, (find_people "mfa=no"))
    assert.same({ "empty" }, (find_people "mfa=duo"))
    assert.equal(7, #find_people "mfa=yes")
    assert.same({ "ann", "boss" }, (find_people "admin=yes"))
    assert.same({ "boss" }, (find_people "admin=yes&mfa=no&status=can_log_in"))
    assert.same({ "ann", "boss" }, (find_people "group=it"))
    assert.same({ "boss" }, (find_people "group=Board&q=bo"))
  end)

  it("names the group that was meant", function()
    local names, filter = find_people "group=Bord"
    assert.same({}, names)
    assert.equal("Bord", filter.unknown_group)
    assert.equal("Board", filter.nearest)
  end)

  it("is ordered, either way", function()
    assert.equal("bob", (find_people "sort=-last_login")[1])
    assert.same({ "boss", "bob", "ann" }, {
      (find_people "sort=-email&q=acme")[10],
      (find_people "sort=-email")[11],
      (find_people "sort=-email")[12],
    })
    local _, filter = find_people "sort=name"
    assert.equal("", filter.sort)
    _, filter = find_people "sort=-name"
    assert.equal("-name", filter.sort)
  end)

  it("takes what it does not know for nothing", function()
    local names, filter = find_people "status=x&mfa=%3Cb%3E&admin=maybe&sort=password"
    assert.equal(12, #names)
    assert.is_false(people_filter.narrows(filter))
    assert.equal("", filter.sort)
  end)
end)
