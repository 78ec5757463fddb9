local support = require("spec.sandbox.support")

local MEMBER = "christoph.larsen@lumenor.example"

describe("updateuser (enterprise-api §4.2)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("changes the given fields", function()
    local before = box:user(MEMBER)
    local reply = box:call("updateuser", { username = MEMBER:upper(), fullname = "C. Larsen" })
    assert.same({ status = "OK" }, reply)
    local after = box:user(MEMBER)
    assert.equal("C. Larsen", after.fullname)
    before.fullname, after.fullname = nil, nil
    assert.same(before, after)
    box:call("updateuser", { username = MEMBER, duousername = "cl", securidusername = "s" })
    assert.equal("cl", (box:user(MEMBER)).duousername)
    assert.equal("s", box:control("GET", "state?email=" .. MEMBER).fields.securidusername)
  end)

  it("does nothing with a username only, as in the vendor's sample", function()
    assert.same({ status = "OK" }, box:call("updateuser", { username = MEMBER }))
  end)

  it("can empty a name", function()
    box:call("updateuser", { username = MEMBER, fullname = "" })
    assert.equal("", (box:user(MEMBER)).fullname)
  end)

  it("cannot change admin rights", function()
    local reply = box:call("updateuser", { username = MEMBER, admin = true })
    assert.equal("FAIL", reply.status)
    assert.matches("Unknown field: admin", reply.error)
  end)

  it("fails for somebody unknown", function()
    local reply = box:call("updateuser", { username = "no@x.example", fullname = "N" })
    assert.same({ status = "FAIL", error = "No such user: no@x.example" }, reply)
  end)
end)

describe("updateemail (enterprise-api §4.3)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("is finished when the user logs in with the old address", function()
    local reply = box:call("updateemail", { oldemail = MEMBER, newemail = "new@lumenor.example" })
    assert.same({ status = "OK" }, reply)
    assert.truthy((box:user(MEMBER)))
    assert.is_nil((box:user("new@lumenor.example")))
    assert.same({ email_change = 1 }, box:mails(MEMBER))
    assert.equal("new@lumenor.example", box:control("GET", "state?email=" .. MEMBER).pending_email)
    box:control("POST", "state", { login = { MEMBER } })
    assert.is_nil((box:user(MEMBER)))
    local user, whole = box:user("new@lumenor.example")
    assert.equal("Christoph Larsen", user.fullname)
    assert.equal("new@lumenor.example", whole.Groups["All Staff"][1])
    assert.equal("new@lumenor.example", (box:roll())[2], "keeps the old place and id")
    assert.equal("new@lumenor.example", box:events({ user = "new@lumenor.example" })[1].Username)
  end)

  it("needs a free address that is one", function()
    local taken = "gustavo.wagner@lumenor.example"
    local invited = "max.chan@lumenor.example"
    for _, new in ipairs({ taken, taken:upper(), invited, "x", "x y@z.example" }) do
      local reply = box:call("updateemail", { oldemail = MEMBER, newemail = new })
      assert.equal("FAIL", reply.status)
    end
    assert.equal(
      "OK",
      box:call("updateemail", { oldemail = MEMBER, newemail = MEMBER:upper() }).status
    )
  end)

  it("needs an active person", function()
    box:call("batchadd", { { username = "fresh@x.example" } })
    box:call("disableuser", { MEMBER })
    for _, old in ipairs({ "fresh@x.example", MEMBER, "no@x.example" }) do
      local reply = box:call("updateemail", { oldemail = old, newemail = "new@x.example" })
      assert.equal("FAIL", reply.status)
      assert.matches(old, reply.error)
    end
  end)

  it("answers 429 beyond ten in a second", function()
    local function try(old)
      local _, reply = box:call("updateemail", { oldemail = old, newemail = "n@x.example" })
      return reply.status or 200
    end
    for _ = 1, 10 do
      assert.equal(200, try(MEMBER))
    end
    assert.equal(429, try(MEMBER))
    assert.equal(
      429,
      try("gustavo.wagner@lumenor.example"),
      "the limit is per address of the caller too"
    )
    box:control("POST", "clock", { advance = 1 })
    assert.equal(200, try(MEMBER))
  end)
end)

describe("deluser (enterprise-api §4.4)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("0 deactivates and keeps membership; twice is OK with an error text", function()
    local before = box:user(MEMBER)
    assert.same({ status = "OK" }, box:call("deluser", { username = MEMBER, deleteaction = 0 }))
    local after = box:user(MEMBER)
    assert.is_true(after.disabled)
    assert.same(before.groups, after.groups)
    assert.equal(
      '{"status":"OK","error":"User already disabled: ' .. MEMBER .. '"}',
      box:text("deluser", { username = MEMBER, deleteaction = 0 })
    )
    assert.same({ "Deactivated user: " .. MEMBER }, box:last_events(1))
  end)

  for action, event in pairs({ "Remove user from company", "Employee account deleted" }) do
    it(action .. " takes the user out", function()
      assert.same(
        { status = "OK" },
        box:call("deluser", { username = MEMBER, deleteaction = action })
      )
      assert.is_nil((box:user(MEMBER)))
      local list, reply = box:roll({ pagesize = 2000 })
      assert.equal(49, #list)
      assert.equal(49, reply.total)
      for _, members in pairs(reply.Groups) do
        for _, mail in ipairs(members) do
          assert.not_equal(MEMBER, mail)
        end
      end
      assert.same({ event .. ": " .. MEMBER }, box:last_events(1))
      assert.equal(
        '{"status":"FAIL","error":"No such user: ' .. MEMBER .. '"}',
        box:text("deluser", { username = MEMBER, deleteaction = action })
      )
    end)
  end

  it("lets a removed person come back as somebody new", function()
    local _, id = next({ (select(2, box:user(MEMBER))).Users })
    box:call("deluser", { username = MEMBER, deleteaction = 1 })
    box:call("batchadd", { { username = MEMBER, fullname = "Back" } })
    local user, reply = box:user(MEMBER)
    assert.equal("Back", user.fullname)
    assert.is_true(user.neverloggedin)
    assert.not_equal(next(id), (next(reply.Users)))
  end)

  it("3 withdraws an invitation, and only that", function()
    local invited = "max.chan@lumenor.example"
    assert.same({ invited }, box:call("getuserdata").invited)
    assert.equal("FAIL", box:call("deluser", { username = MEMBER, deleteaction = 3 }).status)
    assert.equal("FAIL", box:call("deluser", { username = invited, deleteaction = 0 }).status)
    assert.same({ status = "OK" }, box:call("deluser", { username = invited, deleteaction = 3 }))
    assert.same({}, box:call("getuserdata").invited)
    assert.equal("FAIL", box:call("deluser", { username = invited, deleteaction = 3 }).status)
  end)

  it("takes the action as a digit in a string", function()
    assert.same({ status = "OK" }, box:call("deluser", { username = MEMBER, deleteaction = "0" }))
    assert.is_true((box:user(MEMBER)).disabled)
  end)

  it("needs an action that exists", function()
    for _, action in ipairs({ 4, -1, 1.5, "x", true }) do
      local reply = box:call("deluser", { username = MEMBER, deleteaction = action })
      assert.equal("FAIL", reply.status)
    end
    assert.matches("deleteaction", box:call("deluser", { username = MEMBER }).error)
    assert.is_false((box:user(MEMBER)).disabled)
  end)
end)
