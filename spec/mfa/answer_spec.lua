-- What an answer means: every status, every shape, both modes, at the first answer and at a question.
local json = require "lastpass.json"
local server = require "spec.support.mfa_server"

local statuses = {
  Success = "approved",
  Denied = "denied",
  ["Denied by Geofencing"] = "denied_by_policy",
  ["Denied by Policy"] = "denied_by_policy",
  ["No Location"] = "denied_by_policy",
  NoResponse = "timeout",
  NoResponseTimeout = "timeout",
  UnpairedUser = "not_enrolled",
  DoesNotExist = "unknown_user",
  InvalidUser = "unknown_user",
  LockedUser = "locked",
  Alert = "denied",
  Password = "error",
  Failure = "error",
  LogError = "error",
}

local odd =
  { "success", "SUCCESS", " Success", "Success ", "Approved", "", "Success\0", 1, 0, true }

for _, mode in ipairs { "plain", "secured" } do
  describe("an answer of LastPass MFA, " .. mode .. ",", function()
    -- What comes of an answer: at once, and to a question; the two must be the same.
    local function results_of(reply)
      local at_once = server.ask((server.client(mode, function()
        return reply
      end)))
      local client, transport = server.client(mode, function(call)
        return call.number == 1 and server.waiting() or reply
      end)
      local asked = server.ask(client):wait()
      assert.equal(2, #transport.calls)
      return at_once:poll(), asked
    end

    -- The one result of both.
    local function result_of(reply)
      local first, second = results_of(reply)
      assert.equal(first.outcome, second.outcome)
      assert.equal(first.code, second.code)
      assert.equal(first.outcome == "approved", first.ok)
      assert.equal(first.ok, second.ok)
      return second
    end

    it("has an outcome for every status", function()
      for status, outcome in pairs(statuses) do
        local result = result_of(server.answer(status))
        assert.equal(outcome, result.outcome, status)
        assert.equal(status, result.raw)
        assert.equal(server.USER, result.user)
        assert.equal("log-1", result.log_id)
        assert.is_nil(result.code)
        assert.is_nil(result.method)
      end
    end)

    it("denies what is no status", function()
      for _, status in ipairs(odd) do
        local result = result_of(server.answer(status))
        assert.same({ "denied", "unexpected_status" }, { result.outcome, result.code })
        assert.is_nil(result.evidence)
      end
      for _, status in ipairs { json.null, {}, { "Success" }, json.list { "Success" } } do
        local result = result_of(server.answer(status))
        assert.same({ "denied", "unexpected_status" }, { result.outcome, result.code })
      end
    end)

    it("denies where parts are missing, or of another type", function()
      local good = server.answer "Success"
      for _, value in ipairs {
        json.null,
        "Success",
        true,
        1,
        json.list {},
        { AuthStatus = json.null },
        {},
      } do
        local result = result_of { Succeeded = true, Message = "", Value = value }
        assert.same({ "denied", "unexpected_status" }, { result.outcome, result.code })
      end
      for _, reply in ipairs {
        { Value = good.Value },
        { Succeeded = "true", Value = good.Value },
        { Succeeded = 1, Value = good.Value },
        { Succeeded = json.null, Value = good.Value },
        { succeeded = true, Value = good.Value },
        good.Value,
      } do
        local client = server.client(mode, function()
          return reply
        end)
        local result = server.ask(client):poll()
        assert.same(
          { "error", "unexpected_shape", false },
          { result.outcome, result.code, result.ok }
        )
      end
    end)

    it("is no approval where success is denied, whatever the status", function()
      for status, outcome in pairs(statuses) do
        local reply = server.answer(status)
        reply.Succeeded, reply.Message = false, "no"
        local result = result_of(reply)
        if status == "Success" then
          assert.same({ "error", "contradiction" }, { result.outcome, result.code })
        else
          assert.equal(outcome, result.outcome)
        end
      end
      for _, status in ipairs { "WaitingForResponse", "Other", 5 } do
        local reply = server.answer(status)
        reply.Succeeded = false
        local result = result_of(reply)
        assert.same({ "error", "contradiction" }, { result.outcome, result.code })
      end
      local result = result_of { Succeeded = false, Message = "not today", Value = json.null }
      assert.same({ "error", "refused", "not today" }, { result.outcome, result.code, result.raw })
      local long = ("nön"):rep(400) -- cut between two characters, not within one
      result = result_of { Succeeded = false, Message = long, Value = json.null }
      assert.truthy(#result.raw < #long and json.decode(json.encode(result.raw)) == result.raw)
    end)

    it("is for the user who was asked, or for nobody", function()
      for _, user in ipairs {
        "bob@x.example",
        "",
        "ann@x.example ",
        "xann@x.example",
        "ann@x.exampl\195\169",
        5,
        true,
        {},
        json.list { server.USER },
      } do
        for _, status in ipairs { "Success", "Denied", "WaitingForResponse" } do
          local result = result_of(server.answer(status, user))
          assert.same({ "denied", "wrong_user" }, { result.outcome, result.code })
        end
      end
      local reply = server.answer "Success"
      reply.Value.Username = nil
      local result = result_of(reply)
      assert.same({ "denied", "wrong_user" }, { result.outcome, result.code })
      reply.Value.AuthStatus = "Denied"
      assert.is_nil(result_of(reply).code)
      assert.equal("approved", result_of(server.answer("Success", "ANN@X.Example")).outcome)
    end)

    it("that asks to wait has to say what to ask about", function()
      for _, token in ipairs { "", 5, true, ("x"):rep(1025), json.null } do
        local client = server.client(mode, function()
          local reply = server.waiting()
          reply.Value.AsyncLoginToken = token
          return reply
        end)
        local result = server.ask(client):poll()
        assert.same({ "error", "no_token" }, { result.outcome, result.code })
      end
      local client, transport = server.client(mode, function()
        return server.waiting()
      end)
      local result = client:authenticate { user = server.USER, ip = "2001:db8::1" }
      assert.same({ "timeout", "WaitingForResponse" }, { result.outcome, result.raw })
      assert.equal(1, #transport.calls)
    end)

    it("is asked for by the token alone", function()
      local client, transport = server.client(mode, function(call)
        return call.number == 1 and server.waiting() or server.answer "Denied"
      end, { app_name = "Billing", callback_url = "https://app.example/back" })
      local handle = server.ask(client, {
        device = "D",
        browser_id = "b",
        methods = { "face", "pattern" },
        first_name = "Ann",
        last_name = "Lee",
      })
      handle:wait()
      local first, second = transport.calls[1], transport.calls[2]
      local expected = {
        APIKey = mode == "plain" and server.KEY or nil,
        Username = server.USER,
        IPAddress = "192.0.2.1",
        BrowserId = "b",
        DeviceName = "Billing, D",
        FirstName = "Ann",
        LastName = "Lee",
        AuthenticationMethods = { "face", "pattern" },
        CallbackUrl = "https://app.example/back?handle=" .. handle:id(),
      }
      assert.same(expected, first.inner)
      if mode == "plain" then
        assert.equal("/auth/loginasync", first.path)
        assert.equal("/auth/CheckLoginToken", second.path)
        assert.same({ AsyncLoginToken = "t-1" }, second.inner)
      else
        assert.equal("/Generic/LoginAsync", first.path)
        assert.equal("/Generic/CheckLoginToken", second.path)
        assert.equal("t-1", second.inner)
        assert.is_true(server.is_signed(first.outer))
        assert.is_true(server.is_signed(second.outer))
        assert.equal(server.KEY, second.outer.Key)
      end
    end)

    it("goes to the paths that are set", function()
      local names = mode == "plain" and { "login_async", "check", "login" }
        or { "s_login_async", "s_check", "s_login" }
      local client, transport = server.client(mode, function(call)
        return call.number == 1 and server.waiting() or server.answer "NoResponse"
      end, {
        base_url = "https://mfa.example/gateway/",
        endpoints = {
          [names[1]] = "/Generic/a",
          [names[2]] = "/Generic/b",
          [names[3]] = "/Generic/c",
        },
      })
      if mode == "secured" then
        server.ask(client):wait()
        client:authenticate { user = server.USER, ip = "192.0.2.1" }
        assert.equal("/gateway/Generic/a", transport.calls[1].path)
        assert.equal("/gateway/Generic/b", transport.calls[2].path)
        assert.equal("/gateway/Generic/c", transport.calls[3].path)
      end
    end)
  end)
end

describe("the outer envelope of LastPass MFA", function()
  it("says no in words alone, and there is nothing to decrypt", function()
    for _, message in ipairs { "Invalid API Key", "no" } do
      local client = server.client("secured", function()
        return json.encode { Succeeded = false, Message = message, Value = "x" }
      end)
      local result = server.ask(client):poll()
      assert.same({ "error", "refused", message }, { result.outcome, result.code, result.raw })
    end
  end)

  it("is no approval where only the inner one says yes", function()
    local client = server.client("secured", function()
      local reply = json.decode(server.sealed_answer(server.answer "Success"))
      reply.Succeeded = false
      return json.encode(reply)
    end)
    assert.equal("error", server.ask(client):poll().outcome)
    client = server.client("secured", function()
      return json.encode(server.answer "Success") -- not encrypted at all
    end)
    local result = server.ask(client):poll()
    assert.same({ "error", "cannot_decrypt" }, { result.outcome, result.code })
  end)
end)
