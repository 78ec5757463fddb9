-- Groups: who is in them, and changing that.
local check = require "spec.support.check"
local support = require "spec.support.box"

describe("lastpass.directory.group", function()
  local box, client

  setup(function()
    box = support.start { users = 30 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
    assert(box:load {
      users = {
        { username = "ann@x.example", groups = { "Night" } },
        { username = "bob@x.example", groups = { "Night" } },
        { username = "cy@x.example" },
      },
    })
  end)

  local function members(name)
    local list = assert(client:group(name):members())
    table.sort(list)
    return list
  end

  it("needs a name, and sends nothing before it is used", function()
    local group = client:group "Night"
    assert.equal("Night", group.name)
    assert.equal("Night", tostring(group))
    assert.equal(0, support.requests(box))
    for _, name in ipairs { "", 5, false } do
      check.blamed(function()
        client:group(name)
      end)
    end
  end)

  it("has members, and nobody when there is no such group", function()
    assert.same({ "ann@x.example", "bob@x.example" }, members "Night")
    assert.same({}, members "night")
    assert.same({}, members "No Such Group")
  end)

  it("reads its members once", function()
    local group = client:group "Night"
    group:members()
    local before = support.requests(box)
    group:members()
    assert.equal(before, support.requests(box))
  end)

  it("takes people in and lets them go, several or one", function()
    local group = client:group "Night"
    group:members()
    assert.is_true(assert(group:add { "cy@x.example", "ann@x.example" }).ok)
    assert.equal(3, #group:members())
    assert.is_true(assert(group:remove "ann@x.example").ok)
    assert.same({ "bob@x.example", "cy@x.example" }, members "Night")
    assert.same({ "Night" }, support.person(box, "cy@x.example").fields.groups)
  end)

  it("takes several, one by one and in lists, and drops none", function()
    local group, ann = client:group "Day", assert(client:user "ann@x.example")
    assert.equal(3, #assert(group:add(ann, { "bob@x.example" }, "cy@x.example")).done)
    assert.equal(3, #members "Day")
    assert.equal(2, #assert(group:remove("bob@x.example", ann)).done)
    assert.same({ "cy@x.example" }, members "Day")
    check.blamed(function()
      group:add("ann@x.example", 5)
    end)
    assert.equal(1, #members "Day")
  end)

  it("says who is unknown", function()
    local result = assert(client:group("Night"):add { "cy@x.example", "nobody@x.example" })
    assert.is_false(result.ok)
    assert.equal(2, result.refused[1].row)
    assert.equal(1, #result.done)
  end)

  it("takes user objects as well", function()
    local cy = assert(client:user "cy@x.example")
    assert.is_true(assert(client:group("Night"):add(cy)).ok)
    assert.is_true(assert(client:group("Night"):remove { cy }).ok)
  end)

  it("raises for what is no address", function()
    for _, wrong in ipairs { 5, { 5 }, { false }, true } do
      check.blamed(function()
        client:group("Night"):add(wrong)
      end)
    end
    check.blamed(function()
      client:group("Night"):add()
    end)
    for _, list in ipairs {
      { "cy@x.example", nil, "ann@x.example" },
      { [2] = "cy@x.example" },
      { "cy@x.example", also = "ann@x.example" },
    } do
      local message = check.blamed(function()
        client:group("Night"):add(list)
      end)
      assert.matches("without gaps", message, 1, true)
    end
  end)

  it("gives the failure when the directory cannot be read", function()
    assert(box:faults { command = "getuserdata", body = '{"status":"FAIL"}' })
    check.failure("refused", "refused", client:group("Night"):members())
    check.raised("refused", "refused", client.groups, client)
  end)

  it("are listed by the client, by name", function()
    local names = {}
    for group in client:groups() do
      names[#names + 1] = group.name
      assert.is_table(group:members())
    end
    assert.is_true(#names > 3)
    for position = 2, #names do
      assert.is_true(names[position - 1] < names[position])
    end
    assert.equal(1, support.requests(box))
  end)
end)
