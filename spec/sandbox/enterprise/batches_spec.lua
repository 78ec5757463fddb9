local support = require("spec.sandbox.support")

local json = support.json

local function row(mail, more)
  local fields = { username = mail }
  for name, value in pairs(more or {}) do
    fields[name] = value
  end
  return fields
end

describe("batchadd (enterprise-api §4.1)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("adds a user who has never logged in", function()
    assert.equal(
      '{"status":"OK"}',
      box:text("batchadd", {
        row("ann@acme.example", {
          fullname = "Ann Lée",
          groups = { "Engineering" },
          duousername = "annl",
          attribs = { Department = "R&D", EmployeeNumber = "7" },
        }),
      })
    )
    local user = box:user("ann@acme.example")
    assert.equal("ann@acme.example", user.username)
    assert.equal("Ann Lée", user.fullname)
    assert.same({ "Engineering" }, user.groups)
    assert.equal("annl", user.duousername)
    assert.same({ Department = "R&D", EmployeeNumber = "7" }, user.attribs)
    assert.equal("2026-06-15 09:00:00", user.created)
    assert.equal("2026-06-15 09:00:00", user.last_pw_change)
    assert.equal("", user.last_login)
    assert.equal("0", user.mpstrength)
    assert.is_true(user.neverloggedin)
    assert.is_false(user.disabled)
    assert.is_false(user.admin)
    assert.is_false(user.password_reset_required)
    assert.equal(json.null, user.totalscore)
    assert.equal(json.null, user.sites)
    assert.is_nil(user.multifactor)
  end)

  it("takes an address as Duo name when none is given, as recorded", function()
    box:call("batchadd", { row("ann@acme.example") })
    assert.equal("ann@acme.example", (box:user("ann@acme.example")).duousername)
  end)

  it("leaves the key attribs out when nothing was stored", function()
    box:call("batchadd", { row("ann@acme.example") })
    assert.is_nil((box:user("ann@acme.example")).attribs)
  end)

  it("puts new people at the end of the roll", function()
    box:call("batchadd", { row("one@acme.example"), row("two@acme.example") })
    local list, reply = box:addresses({ pagesize = 10, pageindex = 5 })
    assert.same({ "one@acme.example", "two@acme.example" }, list)
    assert.equal(52, reply.total)
  end)

  it("asks for a new password when one was given, unless told otherwise", function()
    box:call("batchadd", {
      row("a@acme.example", { password = "secret-1" }),
      row("b@acme.example", { password = "secret-2", password_reset_required = false }),
      row("c@acme.example", { password_reset_required = true }),
    })
    assert.is_true((box:user("a@acme.example")).password_reset_required)
    assert.is_false((box:user("b@acme.example")).password_reset_required)
    assert.is_false((box:user("c@acme.example")).password_reset_required)
  end)

  it("never shows a password", function()
    box:call("batchadd", { row("a@acme.example", { password = "canary-password" }) })
    local shown = box:text("getuserdata")
      .. json.encode((box:control("GET", "state?email=a@acme.example")))
      .. json.encode((box:control("GET", "journal")))
    assert.is_nil(shown:find("canary", 1, true))
  end)

  it("sends each new person one mail", function()
    box:call("batchadd", { row("a@acme.example"), row("b@acme.example", { password = "x" }) })
    box:call("batchadd", { row("a@acme.example", { fullname = "Again" }) })
    assert.same({ invitation = 1 }, box:mails("a@acme.example"))
    assert.same({ temporary_password = 1 }, box:mails("b@acme.example"))
  end)

  it("updates somebody who is there: the given fields, the groups added, no mail", function()
    local before = box:user("gustavo.wagner@lumenor.example")
    box:call("batchadd", {
      row("Gustavo.Wagner@Lumenor.example", { fullname = "G. Wagner", groups = { "Sales" } }),
    })
    local after = box:user("gustavo.wagner@lumenor.example")
    assert.equal("G. Wagner", after.fullname)
    assert.same({ "All Staff", "Engineering", "Sales" }, after.groups)
    assert.equal(before.created, after.created)
    assert.equal("gustavo.wagner@lumenor.example", after.username)
    assert.same({}, box:mails("gustavo.wagner@lumenor.example"))
    assert.equal(50, select(2, box:addresses({ pagesize = 2 })).total)
  end)

  it("takes the same new person twice in one call as add, then update", function()
    box:call("batchadd", {
      row("a@acme.example", { fullname = "First" }),
      row("A@acme.example", { fullname = "Second", groups = { "Sales" } }),
    })
    local user = box:user("a@acme.example")
    assert.equal("Second", user.fullname)
    assert.same({ "Sales" }, user.groups)
    assert.equal(51, select(2, box:addresses({ pagesize = 2 })).total)
    assert.same({ invitation = 1 }, box:mails("a@acme.example"))
  end)

  it("takes a known person twice in one call", function()
    local mail = "gustavo.wagner@lumenor.example"
    box:call("batchadd", { row(mail, { fullname = "One" }), row(mail, { groups = { "Sales" } }) })
    local user = box:user(mail)
    assert.equal("One", user.fullname)
    assert.same({ "All Staff", "Engineering", "Sales" }, user.groups)
  end)

  it("refuses the whole call for an address that is none, and does not say which", function()
    for _, bad in ipairs({
      "",
      "x",
      "x@y",
      " x@y.example",
      "x@y.example ",
      "x y@z.example",
      "x@@y.example",
      "jürgen@y.example",
      "x@y..example",
      ".x@y.example",
      "x.@y.example",
      ("x"):rep(250) .. "@y.example",
    }) do
      local reply = box:call("batchadd", { row("good@acme.example"), row(bad) })
      assert.equal("FAIL", reply.status)
      assert.is_nil(bad ~= "" and reply.error[1]:find(bad, 1, true) or nil)
      assert.is_nil((box:user("good@acme.example")))
    end
    assert.same({}, box:mails("good@acme.example"))
  end)

  it("skips and names such a row when told to", function()
    box:control("POST", "state", { settings = { batchadd_bad_row = "warn" } })
    local reply = box:call("batchadd", { row("bad"), row("good@acme.example") })
    assert.same({ status = "WARN", errors = { "bad is not a valid email address" } }, reply)
    assert.truthy((box:user("good@acme.example")))
  end)

  it("makes groups that are not there", function()
    box:call("batchadd", { row("a@acme.example", { groups = { "New/One", "New/One" } }) })
    local user, reply = box:user("a@acme.example")
    assert.same({ "New/One" }, user.groups)
    assert.same({ ["New/One"] = { "a@acme.example" } }, reply.Groups)
  end)

  it("names or refuses unknown groups when told to", function()
    box:control("POST", "state", { settings = { unknown_group = "warn" } })
    local reply = box:call("batchadd", { row("a@acme.example", { groups = { "Nope", "Sales" } }) })
    assert.same({ status = "WARN", errors = { "No such group: Nope" } }, reply)
    assert.same({ "Sales" }, (box:user("a@acme.example")).groups)
    box:control("POST", "state", { settings = { unknown_group = "fail" } })
    reply = box:call("batchadd", { row("b@acme.example", { groups = { "Nope" } }) })
    assert.equal("FAIL", reply.status)
    assert.is_nil((box:user("b@acme.example")))
  end)

  it("puts new people on the invited list when told to, until they accept", function()
    box:control("POST", "state", { settings = { batchadd_makes = "invited" } })
    box:call("batchadd", { row("a@acme.example", { fullname = "Ann", groups = { "Sales" } }) })
    local user, reply = box:user("a@acme.example")
    assert.is_nil(user)
    assert.same({ "a@acme.example" }, reply.invited)
    assert.same({ "Employee invited: a@acme.example" }, { box:last_events(2)[1] })
    box:control("POST", "state", { accept = { "a@acme.example" } })
    user, reply = box:user("a@acme.example")
    assert.equal("Ann", user.fullname)
    assert.same({ "Sales" }, user.groups)
    assert.same({}, reply.invited)
  end)

  it("refuses when the licences run out", function()
    local state = box:control("GET", "state")
    -- whoever is disabled takes none
    local taken = state.users - state.disabled + state.invited
    box:control("POST", "state", { settings = { licences = taken + 1 } })
    assert.equal("FAIL", box:call("batchadd", { row("a@x.example"), row("b@x.example") }).status)
    assert.is_nil((box:user("a@x.example")))
    assert.equal("OK", box:call("batchadd", { row("a@x.example"), row("A@x.example") }).status)
    assert.equal("OK", box:call("batchadd", { row("a@x.example", { fullname = "A" }) }).status)
  end)

  it("adds a message to large batches when told to", function()
    box:control("POST", "state", { settings = { batchadd_message_over = 1 } })
    assert.is_nil(box:call("batchadd", { row("a@x.example") }).message)
    local reply = box:call("batchadd", { row("b@x.example"), row("c@x.example") })
    assert.equal("OK", reply.status)
    assert.equal("string", type(reply.message))
  end)

  it("writes the audit events", function()
    box:call("batchadd", {
      row("a@x.example", { groups = { "Sales", "New" } }),
      row("b@x.example"),
    })
    assert.same({
      "Employee account created: a@x.example,b@x.example",
      "Adding user to group: a@x.example - Sales",
      "Create group: 'New'",
      "Adding user to group: a@x.example - New",
    }, box:last_events(4))
  end)

  it("checks its data", function()
    for _, case in ipairs({
      { nil, "Missing data" },
      { row("a@x.example"), "not an array" },
      { {}, "empty" },
      { { "a@x.example" }, "not an object" },
      { { { fullname = "A" } }, "Missing field: username" },
      { { row(7) }, "Wrong type of field: username" },
      { { row("a@x.example", { fullnam = "A" }) }, "Unknown field: fullnam %(fullname%?%)" },
      { { row("a@x.example", { groups = "Sales" }) }, "Wrong type of field: groups" },
      { { row("a@x.example", { groups = { 1 } }) }, "Wrong type of field: groups" },
      { { row("a@x.example", { attribs = { a = 1 } }) }, "Wrong type of field: attribs" },
      { { row("a@x.example", { password_reset_required = 1 }) }, "Wrong type of field" },
    }) do
      local reply = box:call("batchadd", case[1])
      assert.equal("FAIL", reply.status)
      assert.matches(case[2], reply.error)
    end
    assert.is_nil((box:user("a@x.example")))
  end)

  it("takes null for a field that is not given", function()
    local reply = box:call("batchadd", { row("a@x.example", { fullname = json.null }) })
    assert.equal("OK", reply.status)
  end)

  it("ignores unknown fields when not strict", function()
    box:control("POST", "state", { settings = { strict = false } })
    assert.equal("OK", box:call("batchadd", { row("a@x.example", { fullnam = "A" }) }).status)
  end)
end)

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
