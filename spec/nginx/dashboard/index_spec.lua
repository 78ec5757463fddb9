local dashboard = require "spec.support.dashboard"
local index_room = require "lastpass.nginx.dashboard.index"
local directory = require "lastpass.directory.snapshot"
local planted = require "spec.support.planted"
local snapshots = require "spec.support.snapshots"

describe("index of a directory", function()
  local box, snapshot, index, pauses

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    snapshot = box:client():snapshot()
    pauses = 0
    index = index_room.build(snapshot, function()
      pauses = pauses + 1
    end)
  end)

  teardown(function()
    box:stop()
  end)

  local function place_of(email)
    for place = 1, index.count do
      if index.email[place] == email then
        return place
      end
    end
  end

  it("has everybody, invited people at the end", function()
    assert.equal(12, index.count)
    for place = 1, index.count do
      assert.equal(index.email[place], index:user(place).email)
    end
    assert.equal("new@acme.example", index.email[11])
    assert.equal("invited", index:user(12).status)
  end)

  it("knows what people are filtered by", function()
    local expected = {
      ["ann@acme.example"] = { "active", "lastpassauth", true },
      ["boss@acme.example"] = { "active", false, true },
      ["empty@acme.example"] = { "empty_vault", "duo", false },
      ["never@acme.example"] = { "never_logged_in", false, false },
      ["off@acme.example"] = { "disabled", "lastpassauth", false },
      ["new@acme.example"] = { "invited", false, false },
    }
    for email, one in pairs(expected) do
      local place = place_of(email)
      assert.same(one, { index.standing[place], index.mfa[place], index.admin[place] }, email)
    end
  end)

  it("searches without regard to case, letters beyond ASCII included", function()
    assert.equal("émile vide", index.name[place_of "empty@acme.example"])
    assert.equal("never@acme.example", index.name[place_of "never@acme.example"])
  end)

  it("orders by name, by address and by last log-in, each made once", function()
    local function names(list, field)
      local found = {}
      for at, place in ipairs(list) do
        found[at] = index[field][place]
      end
      return found
    end
    local function nothing() end
    for _, field in ipairs { "name", "email" } do
      local found = names(index:ordered(field, nothing), field)
      local sorted = { (table.unpack or unpack)(found) }
      table.sort(sorted)
      assert.same(sorted, found)
    end
    local by_login = index:ordered("last_login", nothing)
    assert.is_false(index.last_login[by_login[1]])
    assert.equal("bob@acme.example", index.email[by_login[#by_login]])
    assert.equal(by_login, index:ordered("last_login", nothing))
  end)

  it("knows the members of groups", function()
    local members = index:members "IT"
    table.sort(members)
    assert.same({ "ann@acme.example", "boss@acme.example" }, members)
    assert.same({}, index:members "none")
  end)

  it("lets others run while it is made", function()
    assert.equal(0, pauses)
    local big = require("spec.support.box").start { users = 1500, invited = 0 }
    index_room.build(big:client():snapshot(), function()
      pauses = pauses + 1
    end)
    big:stop()
    assert.equal(2, pauses)
  end)

  it("tells two accounts apart whose addresses differ by the case of letters", function()
    local rows = snapshots.of {
      users = {
        { email = "ann@acme.example" },
        { email = "Ann@acme.example" },
        { email = "bob@acme.example" },
      },
    }
    local twins = directory.new(box:client(), rows)
    local one = index_room.build(twins, function() end)
    local ties = {}
    for place = 1, one.count do
      ties[one:tie(place)] = true
    end
    assert.same({
      ["ann@acme.example\0ann@acme.example"] = true,
      ["ann@acme.example\0Ann@acme.example"] = true,
      ["bob@acme.example"] = true,
    }, ties)
  end)
end)
