-- Bodies that go from one Lua state to another.
local check = require "spec.support.check"
local core = require "lastpass.core"
local lastpass = require "lastpass"

describe("bodies that are handed off", function()
  local function body(hash)
    local credentials = { cid = 5, provhash = lastpass.secret.value(hash or "0123456789") }
    return core.updateuser(credentials, { username = "a@x.example" })
  end

  local TEXT =
    '{"cid":5,"cmd":"updateuser","data":{"username":"a@x.example"},"provhash":"0123456789"}'

  it("are taken once, with their secret, also when they were closed meanwhile", function()
    local first = body()
    local number, other = core.hand_off_body(first), core.hand_off_body(first)
    assert.is_true(number ~= other)
    first:close()
    collectgarbage()
    local taken = core.take_body(number)
    assert.equal(#TEXT, #taken)
    assert.equal(TEXT, core.reveal_body(taken))
    assert.is_nil((core.take_body(number)))
    assert.equal(TEXT, core.reveal_body(core.take_body(other)))
  end)

  it("do not show their secret", function()
    local taken = core.take_body(core.hand_off_body(body "canary0123456789"))
    assert.is_nil(tostring(taken):find("canary", 1, true))
    assert.is_nil(taken:preview():find("canary", 1, true))
    taken:close()
    check.blamed(function()
      core.reveal_body(taken)
    end)
  end)

  it("are not made of closed bodies, and numbers of nobody give nothing", function()
    local closed = body()
    closed:close()
    assert.has_error(function()
      core.hand_off_body(closed)
    end)
    for _, number in ipairs { 4294967295, 999999 } do
      assert.is_nil((core.take_body(number)))
    end
    for _, wrong in ipairs { 0, -1, 1e300, 0 / 0 } do
      assert.has_error(function()
        core.take_body(wrong)
      end)
    end
  end)
end)
