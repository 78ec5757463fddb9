local support = require("spec.sandbox.support")

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
