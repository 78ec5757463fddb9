local support = require("spec.sandbox.support")

local ONE = "christoph.larsen@lumenor.example"
local TWO = "gustavo.wagner@lumenor.example"

describe("batchchangegrp (enterprise-api §4.7)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("adds and removes", function()
    assert.equal(
      '{"status":"OK"}',
      box:text("batchchangegrp", {
        { username = ONE, add = { "Sales", "Finance" } },
        { username = TWO, add = { "Sales" }, del = { "Engineering" } },
      })
    )
    local one, two = box:user(ONE).groups, box:user(TWO).groups
    assert.equal("Sales|Finance", table.concat(one, "|"):match("Sales|Finance$"))
    assert.same({ "All Staff", "Sales" }, two)
    assert.same({
      "Adding user to group: " .. ONE .. " - Sales",
      "Adding user to group: " .. ONE .. " - Finance",
      "Adding user to group: " .. TWO .. " - Sales",
      "Remove from group: 'Engineering' '" .. TWO .. "'",
    }, box:last_events(4))
  end)

  it("is seen in the Groups map, paged or not", function()
    box:call("batchchangegrp", { { username = TWO, add = { "Sales" }, del = { "Engineering" } } })
    for _, data in ipairs({ { pagesize = 2000 }, {} }) do
      local groups = box:call("getuserdata", data).Groups
      local function is_in(name)
        for _, mail in ipairs(groups[name] or {}) do
          if mail == TWO then
            return true
          end
        end
        return false
      end
      assert.is_true(is_in("Sales"))
      assert.is_false(is_in("Engineering"))
      assert.is_true(is_in("All Staff"))
    end
  end)

  it("writes no event for what was so already", function()
    box:call("batchchangegrp", { { username = TWO, add = { "All Staff" }, del = { "Sales" } } })
    assert.is_nil(box:last_events(1)[1]:find(TWO .. " - All Staff", 1, true))
    assert.same({ "All Staff", "Engineering" }, (box:user(TWO)).groups)
  end)

  it("does the rest and names the unknown people", function()
    assert.equal(
      '{"status":"WARN","errors":["no@x.example does not exist"]}',
      box:text("batchchangegrp", {
        { username = "no@x.example", add = { "Sales" } },
        { username = TWO, add = { "Sales" } },
      })
    )
    assert.same({ "All Staff", "Engineering", "Sales" }, (box:user(TWO)).groups)
    local reply = box:call("batchchangegrp", { { username = "no@x.example", add = { "Sales" } } })
    assert.equal("WARN", reply.status)
  end)

  it("refuses the whole call for unknown people when told to", function()
    box:control("POST", "state", { settings = { group_unknown_user = "fail" } })
    local reply = box:call("batchchangegrp", {
      { username = TWO, add = { "Sales" } },
      { username = "no@x.example", add = { "Sales" } },
    })
    assert.same({ status = "FAIL", errors = { "no@x.example does not exist" } }, reply)
    assert.same({ "All Staff", "Engineering" }, (box:user(TWO)).groups)
  end)

  it("makes, names or refuses unknown groups", function()
    box:call("batchchangegrp", { { username = TWO, add = { "Made" } } })
    assert.same({ TWO }, box:call("getuserdata").Groups.Made)
    assert.equal("Create group: 'Made'", box:last_events(2)[1])
    box:control("POST", "state", { settings = { unknown_group = "warn" } })
    local reply = box:call("batchchangegrp", { { username = TWO, add = { "Other", "Sales" } } })
    assert.same({ status = "WARN", errors = { "No such group: Other" } }, reply)
    assert.same({ "All Staff", "Engineering", "Made", "Sales" }, (box:user(TWO)).groups)
    box:control("POST", "state", { settings = { unknown_group = "fail" } })
    reply = box:call("batchchangegrp", {
      { username = ONE, add = { "Sales" } },
      { username = TWO, add = { "Other" } },
    })
    assert.same({ status = "FAIL", errors = { "No such group: Other" } }, reply)
    local groups = table.concat((box:user(ONE)).groups, "|")
    assert.is_nil(groups:find("Sales", 1, true))
  end)

  it("keeps a group that has become empty", function()
    box:call("batchchangegrp", { { username = TWO, add = { "Made" } } })
    box:call("batchchangegrp", { { username = TWO, del = { "Made" } } })
    assert.same({}, box:call("getuserdata").Groups.Made)
  end)

  it("needs add or del", function()
    for _, data in ipairs({
      {},
      { { username = TWO } },
      { { add = { "Sales" } } },
      { { username = TWO, add = "Sales" } },
      { { username = TWO, groups = { "Sales" } } },
      { username = TWO, add = { "Sales" } },
    }) do
      assert.equal("FAIL", box:call("batchchangegrp", data).status)
    end
    assert.same({ "All Staff", "Engineering" }, (box:user(TWO)).groups)
  end)
end)
