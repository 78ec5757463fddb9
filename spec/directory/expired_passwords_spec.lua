-- Users whose master password has expired, over all tokens.
local check = require "spec.support.check"
local support = require "spec.support.box"

describe("lastpass.directory.expired_passwords", function()
  local box, client

  setup(function()
    box = support.start { users = 1200, assumptions = { password_expiry_days = 1 } }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
  end)

  local function all(iterator)
    local list = {}
    for item in iterator do
      list[#list + 1] = item
    end
    return list
  end

  it("come complete, 500 at a time, each once", function()
    local list, seen = all(client:expired_passwords()), {}
    local requests = support.requests(box, "expiredmasterpwlist")
    for _, item in ipairs(list) do
      assert.is_nil(seen[item.id])
      seen[item.id] = true
    end
    assert.is_true(#list > 1000)
    assert.equal(math.ceil(#list / 500), requests)
    local user = assert(client:user(list[700].email))
    assert.equal(user.id, list[700].id)
    assert.equal(user.last_password_change, list[700].last_password_change)
  end)

  it("may be none", function()
    assert(box:act { settings = { password_expiry_days = 100000 } })
    assert.same({}, all(client:expired_passwords()))
  end)

  it("follow tokens until none comes", function()
    local tokens = {}
    local fake = box:client()
    function fake.expiredmasterpwlist(_, data)
      tokens[#tokens + 1] = data.continuation_token or "none"
      return {
        items = {
          { user_id = #tokens, user_name = "a@x.example", last_pw_change = "2020-01-01 00:00:00" },
        },
        continuation = #tokens < 3 and { token = "t" .. #tokens } or { token = "" },
      }
    end
    assert.equal(3, #all(fake:expired_passwords()))
    assert.same({ "none", "t1", "t2" }, tokens)
  end)

  it("understand the times, and have none where there is none", function()
    support.inject(
      box,
      "expiredmasterpwlist",
      '{"status":"Success","continuation":[],"items":['
        .. '{"user_id":1,"user_name":"a@x.example","last_pw_change":"2026-01-01 00:00:00"},'
        .. '{"user_id":2,"user_name":"b@x.example","last_pw_change":""},'
        .. '{"user_id":3,"user_name":"c@x.example","last_pw_change":null}]}'
    )
    assert.same({
      { id = 1, email = "a@x.example", last_password_change = 1767243600 },
      { id = 2, email = "b@x.example" },
      { id = 3, email = "c@x.example" },
    }, all(client:expired_passwords()))
  end)

  it("whose tokens go in a circle are refused", function()
    assert(box:faults {
      command = "expiredmasterpwlist",
      body = '{"status":"Success","continuation":{"token":"same"},"items":[]}',
    })
    check.raised("protocol", "repeated_token", client.expired_passwords, client)
    assert.equal(2, support.requests(box))
  end)

  it("whose reply has another shape are refused", function()
    for _, body in ipairs {
      '{"status":"Success"}',
      '{"status":"Success","items":null}',
      '{"status":"Success","items":"x"}',
      '{"status":"Success","items":["x"]}',
      '{"status":"Success","items":[{"user_id":1}]}',
    } do
      box:clear_faults()
      assert(box:faults { command = "expiredmasterpwlist", body = body })
      check.raised("protocol", "unexpected_shape", client.expired_passwords, client)
    end
  end)

  it("raise the error when a page fails", function()
    assert(box:faults { command = "expiredmasterpwlist", nth = 2, body = '{"status":"FAIL"}' })
    check.raised("refused", "refused", client.expired_passwords, client)
  end)
end)
