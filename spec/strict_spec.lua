-- The same client, but failures are raised.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local support = require "spec.support.box"

describe("lastpass.strict", function()
  local box, client, strict

  setup(function()
    box = support.start { users = 20 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
    strict = lastpass.strict(client)
  end)

  it("gives the same values", function()
    assert.same(client:getsfdata "all", strict:getsfdata "all")
    assert.equal(tostring(client), tostring(strict))
    assert.equal(client:snapshot():count(), strict:snapshot():count())
    local email = client:users()().email
    assert.equal(email, strict:user(email).email)
    assert.equal("OK", strict:updateuser({ username = email, fullname = "New" }).status)
  end)

  it("raises the error object of a failure, not a text", function()
    local err = check.raised("refused", "no_such_user", strict.user, strict, "nobody@x.example")
    assert.matches("nobody@x.example", tostring(err), 1, true)
    check.raised("refused", "no_such_user", strict.deluser, strict, {
      username = "nobody@x.example",
      deleteaction = 0,
    })
    check.raised("refused", "no_such_user", strict.call, strict, "resetpassword", {
      username = "nobody@x.example",
    })
    assert(box:faults { command = "getuserdata", body = '{"status":"FAIL"}' })
    check.raised("refused", nil, strict.snapshot, strict)
  end)

  it("wraps users, groups and snapshots, from methods and from iterators", function()
    local function fails(fn, ...)
      check.raised("refused", nil, fn, ...)
    end
    local email = client:users()().email
    local snapshot = strict:snapshot()
    local users = {
      strict:user(email),
      strict:users()(),
      snapshot:user(email),
      snapshot:users()(),
      strict:user(email):reload(),
    }
    local groups = {
      strict:group "All Staff",
      strict:groups()(),
      snapshot:groups()(),
      snapshot:group "All Staff",
    }
    assert.equal(5, #users)
    assert.equal(4, #groups)
    assert(box:faults { body = '{"status":"FAIL"}' })
    for _, user in ipairs(users) do
      assert.equal(email, user.email)
      assert.matches(email, tostring(user), 1, true)
      fails(user.disable, user)
      fails(user.join, user, "Sales")
      fails(user.reload, user)
    end
    fails(groups[1].members, groups[1])
    for _, group in ipairs(groups) do
      assert.equal("All Staff", group.name)
      assert.equal("All Staff", tostring(group))
    end
    check.raised("guard", "not_confirmed", users[1].delete, users[1])
  end)

  it("goes through iterators to their end", function()
    local count = 0
    for user in strict:users() do
      assert.equal("string", type(user.email))
      count = count + 1
    end
    assert.equal(box:state().users + box:state().invited, count)
    count = 0
    for user in strict:users { stream = true, admin = true } do
      assert.is_true(user.admin)
      count = count + 1
    end
    assert.equal(box:state().admins, count)
    for event in strict:events { from = "2026-06-14 00:00:00" } do
      assert.equal("string", type(event.action))
    end
  end)

  it("leaves nil that is no failure alone", function()
    local user = strict:users()()
    assert.is_nil(strict:snapshot():user "nobody@x.example")
    assert.is_nil(strict:snapshot():group "No Such Group")
    assert.equal(client:user(user.email).linked_account, user.linked_account)
  end)

  it("leaves the results of batches alone: they say themselves what failed", function()
    local result = strict:disable_users { "nobody@x.example" }
    assert.is_false(result.ok)
    assert.equal(1, #result.refused)
  end)

  it("lets strict users be handed on", function()
    local user = strict:users { status = "active" }()
    assert.is_true(strict:group("Night"):add(user).ok)
    assert.is_true(strict:group("Night"):remove({ user }).ok)
  end)

  it("blames mistakes on the caller's line", function()
    assert.equal(
      "deluser: unknown field 'usrname' (did you mean 'username'?)",
      check.blamed(function()
        strict:deluser { usrname = "x" }
      end)
    )
    check.blamed(function()
      strict:users { statu = "x" }
    end)
    local user = strict:users()()
    assert.matches(
      "no field or method 'emial'",
      check.blamed(function()
        return user.emial
      end)
    )
  end)

  it("needs a client, or what a client gives", function()
    for _, wrong in ipairs { 5, "x", {}, io.stdout, box, print, setmetatable({}, {}) } do
      assert.matches(
        "lastpass.strict: 'client' must be a Client",
        check.blamed(function()
          lastpass.strict(wrong)
        end),
        1,
        true
      )
    end
    check.blamed(function()
      lastpass.strict()
    end)
    local user = lastpass.strict(client:users()())
    check.raised("guard", nil, user.delete, user)
  end)

  it("works in tasks", function()
    local folders = {}
    lastpass.parallel(4, function(spawn)
      for i = 1, 4 do
        spawn(function()
          folders[i] = strict:getsfdata "all"
        end)
      end
    end)
    assert.equal(4, #folders)
    local ok, err = pcall(lastpass.parallel, 2, function(spawn)
      spawn(strict.user, strict, "nobody@x.example")
    end)
    assert.is_false(ok)
    assert.equal("no_such_user", err.code)
  end)
end)
