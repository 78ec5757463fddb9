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
    assert.equal("new@lumenor.example", (box:addresses())[2], "keeps the old place and id")
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
      local list, reply = box:addresses({ pagesize = 2000 })
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

local ONE = "christoph.larsen@lumenor.example"
local TWO = "gustavo.wagner@lumenor.example"
local INVITED = "max.chan@lumenor.example"

describe("disableuser and enableuser (enterprise-api §4.5)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("answer success in lower case and say who changed", function()
    assert.equal(
      '{"status":"success","disabled_users":["' .. ONE .. '","' .. TWO .. '"]}',
      box:text("disableuser", { ONE, TWO })
    )
    assert.is_true((box:user(ONE)).disabled)
    assert.equal(
      '{"status":"success","enabled_users":["' .. ONE .. '"]}',
      box:text("enableuser", { ONE })
    )
    assert.is_false((box:user(ONE)).disabled)
    assert.same({
      "Deactivated user: " .. ONE,
      "Deactivated user: " .. TWO,
      "Reactivated user: " .. ONE,
    }, box:last_events(3))
  end)

  it("list those who were in that state already", function()
    box:call("disableuser", { ONE })
    assert.same(
      { status = "success", disabled_users = { TWO }, unchanged_users = { ONE } },
      box:call("disableuser", { ONE, TWO })
    )
    assert.same(
      { status = "success", unchanged_users = { ONE, TWO } },
      box:call("disableuser", { ONE, TWO })
    )
  end)

  it("leave unknown people out of both lists", function()
    assert.same(
      { status = "success", disabled_users = { ONE } },
      box:call("disableuser", { ONE, "no@x.example", INVITED })
    )
  end)

  it("fail when nobody is known", function()
    local reply = box:call("enableuser", { "no@x.example", "nor@x.example" })
    assert.equal("FAIL", reply.status)
    assert.equal("No such user: no@x.example, nor@x.example", reply.error)
  end)

  it("need a list of strings", function()
    for _, data in ipairs({ {}, { username = ONE }, { { username = ONE } }, ONE, { 1 } }) do
      assert.equal("FAIL", box:call("disableuser", data).status)
    end
    assert.equal("FAIL", box:call("disableuser").status)
    assert.is_false((box:user(ONE)).disabled)
  end)
end)

describe("the four commands on one user (enterprise-api §4.6)", function()
  local box

  before_each(function()
    box = support.open()
  end)

  it("reinviteuser sends the invitation again", function()
    box:call("batchadd", { { username = "fresh@x.example" } })
    assert.same({ status = "OK" }, box:call("reinviteuser", { username = "fresh@x.example" }))
    assert.same({ invitation = 2 }, box:mails("fresh@x.example"))
    assert.same({ status = "OK" }, box:call("reinviteuser", { username = INVITED }))
    assert.same({ invitation = 1 }, box:mails(INVITED))
    assert.same({ "Re-invite user: " .. INVITED }, box:last_events(1))
    local reply = box:call("reinviteuser", { username = ONE })
    assert.equal("FAIL", reply.status)
    assert.same({}, box:mails(ONE))
  end)

  it("resetpassword only sends a mail", function()
    local before = box:user(ONE)
    assert.same({ status = "OK" }, box:call("resetpassword", { username = ONE }))
    assert.same(before, (box:user(ONE)))
    assert.same({ password_reset = 1 }, box:mails(ONE))
    assert.same({ "Password reset: " .. ONE }, box:last_events(1))
  end)

  it("requiremasterpasswordchange asks at the next log-in", function()
    assert.same({ status = "OK" }, box:call("requiremasterpasswordchange", { username = ONE }))
    assert.is_true((box:user(ONE)).password_reset_required)
    assert.same({ "Require password change: " .. ONE }, box:last_events(1))
  end)

  it("disablemultifactor takes the second factor away", function()
    assert.truthy((box:user(TWO)).multifactor)
    assert.same({ status = "OK" }, box:call("disablemultifactor", { username = TWO }))
    assert.is_nil((box:user(TWO)).multifactor)
    assert.same({ "Disabled multifactor authentication: " .. TWO }, box:last_events(1))
  end)

  for _, command in ipairs({
    "reinviteuser",
    "resetpassword",
    "requiremasterpasswordchange",
    "disablemultifactor",
  }) do
    it(command .. " fails for somebody unknown", function()
      local list = '{"status":"FAIL","error":["user not found: no@x.example"]}'
      local text = command == "disablemultifactor" and list:gsub("[%[%]]", "") or list
      assert.equal(text, box:text(command, { username = "no@x.example" }))
      box:control("POST", "state", { settings = { disablemultifactor_error = "list" } })
      assert.equal(list, box:text(command, { username = "no@x.example" }))
    end)

    it(command .. " checks its data", function()
      for _, data in ipairs({
        {},
        { username = { ONE } },
        { username = ONE, more = 1 },
        ONE,
        { ONE },
      }) do
        assert.equal("FAIL", box:call(command, data).status)
      end
      assert.equal("FAIL", box:call(command).status)
    end)
  end
end)
