-- The people that ought to be there.
local core = require "lastpass.core"
local fuzz = require "spec.support.fuzz"

local function add(desired, email, groups)
  return assert(desired:add(email, nil, groups, nil, 1, 1))
end

local function groups_of(desired, row)
  return (select(3, desired:row(row)))
end

local function names(count)
  local list = {}
  for i = 1, count do
    list[i] = "Group " .. i
  end
  return list
end

describe("core.desired", function()
  local desired

  before_each(function()
    desired = core.desired()
  end)

  it("is empty at first", function()
    assert.equal(0, #desired)
    assert.equal(0, desired:count())
    assert.is_nil(desired:find "ann@acme.com")
    assert.same({}, desired:group_names())
    assert.equal("lastpass.desired (0 people)", tostring(desired))
  end)

  it("keeps what it is told", function()
    assert.equal(1, desired:add("Ann@acme.com", "Ann Lee", { "B", "A" }, true, 2, 17))
    assert.equal(2, desired:add("bob@acme.com", nil, nil, nil, 65535, 4294967295))
    assert.equal(3, desired:add("eve@acme.com", "", {}, false, 0, 0))
    assert.same({ "Ann@acme.com", "Ann Lee", { "B", "A" }, true, 2, 17 }, { desired:row(1) })
    local email, fullname, groups, active, source, line = desired:row(2)
    assert.equal("bob@acme.com", email)
    assert.is_nil(fullname)
    assert.is_nil(groups)
    assert.is_nil(active)
    assert.same({ 65535, 4294967295 }, { source, line })
    assert.same({ "eve@acme.com", "", {}, false, 0, 0 }, { desired:row(3) })
    assert.equal(3, #desired)
    assert.equal(3, desired:count())
    assert.same({ "B", "A" }, desired:group_names())
    assert.equal("lastpass.desired (3 people)", tostring(desired))
    assert.is_true(desired:memory() > 0)
  end)

  it("may be told without source and line", function()
    assert.equal(1, desired:add "ann@acme.com")
    assert.same({ 0, 0 }, { select(5, desired:row(1)) })
  end)

  it("finds people whatever the case of ASCII letters", function()
    add(desired, "Ann.O'Hara+1@Acme.com")
    assert.equal(1, desired:find "ann.o'hara+1@acme.COM")
    assert.is_nil(desired:find "ann.o'hara+2@acme.com")
    -- bytes that differ as the cases of letters do
    assert.equal(2, desired:add("[nn@acme.com", nil, nil, nil, 1, 1, true))
    assert.is_nil(desired:find "{nn@acme.com")
    assert.equal(3, desired:add("{nn@acme.com", nil, nil, nil, 1, 1, true))
  end)

  it("does not take an address twice", function()
    add(desired, "ann@acme.com", { "A" })
    add(desired, "bob@acme.com")
    local row, code, first = desired:add("ANN@acme.com", "Other", { "New" }, false, 1, 9)
    assert.is_nil(row)
    assert.same({ "repeated", 1 }, { code, first })
    assert.equal(2, #desired)
    assert.same({ "A" }, desired:group_names())
    assert.same({ "A" }, groups_of(desired, 1))
  end)

  it("leaves it to others to judge what is no plain address", function()
    for _, email in ipairs {
      "",
      "ann",
      "@acme.com",
      "ann@",
      "a@b@c",
      ".ann@acme.com",
      "ann.@acme.com",
      "a..b@acme.com",
      "ann@.acme.com",
      "ann@acme..com",
      "ann@acme.com.",
      "ann lee@acme.com",
      "ann@acme_x.com",
      "z\195\188rich@acme.com",
      "ann\0@acme.com",
      " ann@acme.com",
      ("a"):rep(242) .. "@acme.example",
    } do
      local row, code = desired:add(email, nil, { "A" })
      assert.is_nil(row, email)
      assert.equal("unusual", code)
    end
    assert.same({}, desired:group_names())
    assert.equal(1, desired:add("z\195\188rich@acme.com", nil, nil, nil, 0, 0, true))
    assert.equal(2, desired:add(("a"):rep(241) .. "@acme.example"))
    assert.equal(3, desired:add "-_'+.x@-")
    assert.is_nil((desired:add("", nil, nil, nil, 0, 0, true)))
  end)

  it("counts a group once and an empty name not at all", function()
    add(desired, "ann@acme.com", { "A", "B", "A", "", "B", "a" })
    assert.same({ "A", "B", "a" }, groups_of(desired, 1))
    add(desired, "bob@acme.com", { "" })
    assert.same({}, groups_of(desired, 2))
    add(desired, "eve@acme.com", { "B\0x", "B" })
    assert.same({ "B\0x", "B" }, groups_of(desired, 3))
  end)

  it("adds plain people at once, and leaves everybody else to the caller", function()
    local known = { A = true, B = true, [""] = true }
    local function plain(email, fields)
      return desired:add_plain(email, fields, known, 3, 17)
    end
    assert.equal(
      1,
      plain("ann@acme.com", { fullname = "Ann", active = true, groups = { "B", "", "A" } })
    )
    assert.same({ "ann@acme.com", "Ann", { "B", "A" }, true, 3, 17 }, { desired:row(1) })
    assert.equal(2, plain("bob@acme.com", { fullname = "", active = false }))
    assert.same({ "bob@acme.com", nil, nil, false, 3, 17 }, { desired:row(2) })
    assert.equal(3, plain("eve@acme.com", {}))
    assert.equal(4, plain("kim@acme.com", { groups = {} }))
    assert.same({}, groups_of(desired, 4))
    local many = {}
    for place = 1, 17 do
      many[place] = "A"
    end
    for _, fields in ipairs {
      { fullname = 1 },
      { active = "yes" },
      { groups = "A" },
      { groups = { "C" } },
      { groups = { 1 } },
      { groups = { "A", nil, "B" } },
      { groups = { "A", x = "B" } },
      { groups = { x = "B" } },
      { groups = many },
      { reason = "x" },
      { "A" },
      { [true] = true },
      setmetatable({}, { __index = { active = false } }),
    } do
      assert.is_nil(plain("new@acme.com", fields))
    end
    assert.is_nil(plain("new@acme.com", "no fields"))
    assert.is_nil(plain("ANN@acme.com", {})) -- repeated
    assert.is_nil(plain("no address", {}))
    assert.equal(4, #desired)
  end)

  it("adds groups to those that are there", function()
    local row = add(desired, "ann@acme.com", { "A" })
    desired:add_groups(row, { "B", "A", "B" })
    assert.same({ "A", "B" }, groups_of(desired, row))
    desired:add_groups(row, {})
    assert.same({ "A", "B" }, groups_of(desired, row))
    local other = add(desired, "bob@acme.com")
    assert.is_nil(groups_of(desired, other))
    desired:add_groups(other, {})
    assert.same({}, groups_of(desired, other))
    desired:add_groups(other, { "C" })
    desired:add_groups(row, { "C" })
    assert.same({ "C" }, groups_of(desired, other))
    assert.same({ "A", "B", "C" }, groups_of(desired, row))
  end)

  it("sets groups", function()
    local row = add(desired, "ann@acme.com", { "A", "B" })
    local other = add(desired, "bob@acme.com", { "X" })
    desired:set_groups(row, { "C", "C", "D", "E" })
    assert.same({ "C", "D", "E" }, groups_of(desired, row))
    desired:set_groups(row, { "A" })
    assert.same({ "A" }, groups_of(desired, row))
    desired:set_groups(row, {})
    assert.same({}, groups_of(desired, row))
    desired:set_groups(row, nil)
    assert.is_nil(groups_of(desired, row))
    desired:set_groups(row, { "Z" })
    assert.same({ "Z" }, groups_of(desired, row))
    assert.same({ "X" }, groups_of(desired, other))
    assert.same({ "A", "B", "X", "C", "D", "E", "Z" }, desired:group_names())
  end)

  it("keeps groups apart however they are added", function()
    local random = fuzz.random(11)
    local model = {}
    for row = 1, 20 do
      add(desired, ("p%d@acme.com"):format(row))
      model[row] = nil
    end
    for _ = 1, fuzz.rounds(5000) do
      local row, list, seen = random:upto(20), {}, {}
      for i = 1, random:upto(6) - 1 do
        list[i] = "G" .. random:upto(60)
      end
      local adds = random:upto(4) > 1
      local groups = adds and model[row] or {}
      for _, name in ipairs(groups) do
        seen[name] = true
      end
      for _, name in ipairs(list) do
        groups[#groups + 1] = not seen[name] and name or nil
        seen[name] = true
      end
      desired[adds and "add_groups" or "set_groups"](desired, row, list)
      model[row] = groups
      if random:once_in(5) then
        assert.same(groups, groups_of(desired, row))
      end
    end
    for row = 1, 20 do
      assert.same(model[row], groups_of(desired, row))
    end
  end)

  it("holds long texts and texts of any bytes", function()
    for length = 250, 260 do
      local text = ("x\0\255"):rep(length):sub(1, length)
      local email = ("p%d@acme.com"):format(length)
      local row = assert(desired:add(email, text, { text .. "g" }, nil, 0, 0))
      assert.equal(text, (select(2, desired:row(row))))
      assert.same({ text .. "g" }, groups_of(desired, row))
    end
    local long = ("long "):rep(200000)
    local row = assert(desired:add("long@acme.com", long, { long }, true, 0, 0))
    local email, fullname, groups = desired:row(row)
    assert.is_true(email == "long@acme.com" and fullname == long and groups[1] == long)
  end)

  it("holds 70,000 names of groups", function()
    local count = 70000
    local row = add(desired, "ann@acme.com", names(count))
    assert.equal(count, #desired:group_names())
    local groups = groups_of(desired, row)
    assert.equal(count, #groups)
    assert.equal("Group 70000", groups[count])
    -- one after the other, which must not take ever longer
    local other = add(desired, "bob@acme.com")
    for i = 1, count do
      desired:add_groups(other, { "Group " .. i })
    end
    assert.equal(count, #groups_of(desired, other))
    assert.equal(count, #desired:group_names())
  end)

  it("finds everybody among many", function()
    local count = fuzz.rounds(50000)
    for i = 1, count do
      assert.equal(i, desired:add(("Person.%d@acme.com"):format(i), nil, nil, nil, 1, i))
    end
    for i = 1, count do
      assert.equal(i, desired:find(("person.%d@ACME.com"):format(i)))
    end
    assert.is_nil(desired:find "person.0@acme.com")
  end)

  it("raises for a wrong type and stays as it was", function()
    for _, arguments in ipairs {
      { 12 },
      { "ann@acme.com", 12 },
      { "ann@acme.com", nil, "A" },
      { "ann@acme.com", nil, { "New", 1 } },
      { "ann@acme.com", nil, { New = true } },
      { "ann@acme.com", nil, { "New", x = "A" } },
      { "ann@acme.com", nil, { nil, "New" } },
      { "ann@acme.com", nil, { [1.5] = "New" } },
      { "ann@acme.com", nil, nil, "yes" },
      { "ann@acme.com", nil, nil, nil, -1 },
      { "ann@acme.com", nil, nil, nil, 65536 },
      { "ann@acme.com", nil, nil, nil, 0.5 },
      { "ann@acme.com", nil, nil, nil, 1, 4294967296 },
      { "ann@acme.com", nil, nil, nil, 1, "x" },
    } do
      assert.has_error(function()
        desired:add(
          arguments[1],
          arguments[2],
          arguments[3],
          arguments[4],
          arguments[5],
          arguments[6]
        )
      end)
    end
    assert.equal(0, #desired)
    assert.same({}, desired:group_names())
    add(desired, "ann@acme.com", { "A" })
    for _, row in ipairs { 0, 2, -1 } do
      assert.error_matches(function()
        desired:row(row)
      end, "no such row")
      assert.error_matches(function()
        desired:add_groups(row, {})
      end, "no such row")
      assert.error_matches(function()
        desired:set_groups(row, {})
      end, "no such row")
    end
    assert.has_error(function()
      desired:add_groups(1, nil)
    end)
    assert.error_matches(function()
      desired:add_groups(1, { "New", {} })
    end, "groups must be a list of names")
    assert.has_error(function()
      desired:set_groups(1, "A")
    end)
    assert.same({ "A" }, groups_of(desired, 1))
    assert.same({ "A" }, desired:group_names())
  end)

  it("is of no use once it is closed", function()
    add(desired, "ann@acme.com", { "A" })
    desired:close()
    desired:close()
    assert.equal(0, desired:memory())
    assert.equal("lastpass.desired (closed)", tostring(desired))
    for _, call in ipairs {
      { "add", "bob@acme.com" },
      { "row", 1 },
      { "find", "ann@acme.com" },
      { "count" },
      { "group_names" },
      { "add_groups", 1, {} },
      { "set_groups", 1, {} },
    } do
      assert.error_matches(function()
        desired[call[1]](desired, call[2], call[3])
      end, "closed")
    end
  end)

  it("is freed while others are made", function()
    for i = 1, fuzz.rounds(2000) do
      local one = core.desired()
      add(one, ("p%d@acme.com"):format(i), { "A", "B" .. i })
    end
    collectgarbage()
    collectgarbage()
    assert.equal(0, #desired)
  end)
end)
