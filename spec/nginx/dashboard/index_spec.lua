local dashboard = require "spec.support.dashboard"
local directory = require "lastpass.directory.snapshot"
local people_index = require "lastpass.nginx.dashboard.index"
local planted = require "spec.support.planted"
local snapshots = require "spec.support.snapshots"

describe("index of a directory", function()
  local box, snapshot, index, pauses

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    snapshot = box:client():snapshot()
    pauses = 0
    index = people_index.build(snapshot, function()
      pauses = pauses + 1
    end)
  end)

  teardown(function()
    box:stop()
  end)

  local function place_of(email)
    for position = 1, index.count do
      if index.email[position] == email then
        return position
      end
    end
  end

  it("has everybody, invited people at the end", function()
    assert.equal(12, index.count)
    for position = 1, index.count do
      assert.equal(index.email[position], index:user(position).email)
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
      local position = place_of(email)
      assert.same(
        one,
        { index.status[position], index.mfa[position], index.admin[position] },
        email
      )
    end
  end)

  it("searches without regard to case, letters beyond ASCII included", function()
    assert.equal("émile vide", index.name[place_of "empty@acme.example"])
    assert.equal("never@acme.example", index.name[place_of "never@acme.example"])
  end)

  it("orders by name, by address and by last log-in, each made once", function()
    local function names(list, field)
      local found = {}
      for at, position in ipairs(list) do
        found[at] = index[field][position]
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
    people_index.build(big:client():snapshot(), function()
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
    local duplicates = directory.new(box:client(), rows)
    local one = people_index.build(duplicates, function() end)
    local ties = {}
    for position = 1, one.count do
      ties[one:tie(position)] = true
    end
    assert.same({
      ["ann@acme.example\0ann@acme.example"] = true,
      ["ann@acme.example\0Ann@acme.example"] = true,
      ["bob@acme.example"] = true,
    }, ties)
  end)
end)

describe("counts", function()
  local function user(fields)
    fields.groups = fields.groups or {}
    fields.status = fields.status or "active"
    fields.admin = fields.admin or false
    return fields
  end

  local function counts(classes)
    local found = {}
    for _, class in ipairs(classes) do
      found[class.name] = class.count
    end
    return found
  end

  it("has the classes of the report on coverage that the directory alone tells", function()
    local names = {}
    for position, class in ipairs(people_index.statuses) do
      names[position] = class[1]
    end
    assert.same({ "active", "empty_vault", "never_logged_in", "invited", "disabled" }, names)
    assert.equal("Never logged in", people_index.status_title "never_logged_in")
    assert.is_nil(people_index.status_title "orphan")
  end)

  it("counts multifactor of those who can log in", function()
    local one = people_index.counts()
    one:add(user { admin = true, mfa = "duo" }, "active")
    one:add(user { admin = true }, "active")
    one:add(user { mfa = "duo" }, "empty_vault")
    one:add(user { mfa = "yubikey" }, "active")
    one:add(user {}, "never_logged_in")
    one:add(user { status = "disabled", mfa = "duo" }, "disabled")
    one:add(user { status = "invited" }, "invited")
    one:finish {}
    assert.equal(5, one.can_log_in)
    assert.same(
      { admin_with = 1, admin_without = 1, user_with = 2, user_without = 1 },
      counts(one.by_mfa)
    )
    assert.same({ { name = "duo", count = 2 }, { name = "yubikey", count = 1 } }, one.methods)
    assert.same(
      { active = 3, empty_vault = 1, never_logged_in = 1, invited = 1, disabled = 1 },
      counts(one.by_status)
    )
  end)

  it("counts groups, those without anybody too, by name", function()
    local one = people_index.counts()
    one:add(user { groups = { "sales", "IT" } }, "active")
    one:add(user { groups = { "IT" }, mfa = "duo" }, "active")
    one:add(user { groups = { "IT" }, status = "disabled" }, "disabled")
    one:finish { "Empty", "IT" }
    assert.same({
      { name = "Empty", key = "empty", members = 0, can_log_in = 0, without = 0 },
      { name = "IT", key = "it", members = 3, can_log_in = 2, without = 1 },
      { name = "sales", key = "sales", members = 1, can_log_in = 1, without = 1 },
    }, one.groups)
  end)

  it("finds groups whatever the case of letters, the exact one first", function()
    local one = people_index.counts()
    one:finish { "IT", "it", "Sales" }
    assert.equal("it", one:group("it").name)
    assert.equal("IT", one:group("IT").name)
    assert.equal("Sales", one:group("sALES").name)
    assert.is_nil(one:group "none")
  end)
end)
