local errors = require "lastpass.error"
local json = require "lastpass.json"
local problems = require "lastpass.unified.problems"

local function of(kind, code, fields, hidden)
  local _, message, err = errors.fail(kind, code, "what happened", fields)
  local value, problem = problems.of(message, err, hidden)
  assert.is_nil(value)
  local response = problems.response(problem, { id = "r" })
  response.json = assert(json.decode(response.body))
  return response
end

describe("problems", function()
  it("have the status of what happened", function()
    for _, case in ipairs {
      { 401, "auth", "authorization_error" },
      { 404, "refused", "no_such_user" },
      { 422, "refused", "refused" },
      { 422, "partial", "partial" },
      { 429, "throttled", "throttled" },
      { 502, "transport", "connection" },
      { 504, "transport", "timeout" },
      { 502, "protocol", "not_json" },
      { 403, "guard", "protected", true },
      { 409, "guard", "group_spelling", true },
      { 409, "guard", "look_alike", true },
      { 409, "conflict", "locked", true },
      { 422, "argument", "bad_time", true },
      { 503, "cancelled", "busy", true },
      { 503, "transport", "directory_not_read", true },
      { 503, "argument", "cache_too_small", true },
    } do
      local response = of(case[2], case[3], { body = '{"status":"x"}' })
      assert.equal(case[1], response.status, case[3])
      assert.equal(case[1], response.json.statusCode)
      assert.equal(case[1], response.json.status)
      assert.equal(problems.titles[case[1]], response.json.error)
      assert.equal("what happened", response.json.message)
      assert.equal("what happened", response.json.detail)
      if case[4] then
        assert.is_nil(response.json.truto_is_remote_error)
        assert.is_nil(response.json.raw_response)
      else
        assert.is_true(response.json.truto_is_remote_error)
        assert.same({ status = "x" }, response.json.raw_response)
      end
    end
  end)

  it("say when to come again", function()
    assert.equal("10", of("throttled", "throttled").headers["retry-after"])
    assert.equal("3", of("throttled", "throttled", { retry_after = 2.5 }).headers["retry-after"])
    assert.equal(
      "2",
      of("transport", "directory_not_read", { retry_after = 2 }).headers["retry-after"]
    )
    assert.equal("1", of("cancelled", "busy").headers["retry-after"])
  end)

  it("do not hide that a write may have been made", function()
    local response = of("protocol", "cut_short", { uncertain = true })
    assert.equal(504, response.status)
    assert.equal("unknown", response.json.details.outcome)
  end)

  it("hold whatever bytes they are given", function()
    local _, problem = problems.fail(400, "bad \255\254 byte", { details = { ["\255"] = "\192" } })
    local body = json.decode(problems.response(problem, { id = "\255" }).body)
    assert.equal("bad ?? byte", body.message)
    assert.equal("?", body.details["?"])
    local response = of("refused", "refused", { body = ("\195\169"):rep(5000) })
    assert.is_true(#response.json.raw_response <= 4100)
    assert.equal("<x>", of("refused", "refused", { body = "<x>" }).json.raw_response)
  end)

  it("repeat nothing that is to stay hidden", function()
    local response = of("refused", "refused", {
      body = '{"error":["bad p.ss"]}',
      rows = { { reason = "p.ss is weak" } },
    }, { "p.ss" })
    assert.is_nil(response.body:find("p.ss", 1, true))
    assert.same({ "[redacted] is weak" }, response.json.details.failures)
  end)
end)
