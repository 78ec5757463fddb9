-- A second factor by way of the browser: what is asked, and what counts as yes.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local server = require "spec.support.mfa_server"

local BACK = "https://app.example/mfa/"
local PATHS = { web_start = "/auth/webauth", web_check = "/Auth/WebAuthCheckToken" }

describe("a sign-in by way of the browser", function()
  local function client_of(answer, options)
    options = options or { endpoints = PATHS }
    return server.client("plain", answer, options)
  end

  local function given(more)
    local all = {
      user = server.USER,
      success_url = BACK .. "done",
      not_registered_url = BACK .. "none",
      cancel_url = BACK .. "cancel",
    }
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return all
  end

  local function said(value, succeeded)
    return { Succeeded = succeeded ~= false, Message = "m", Value = value }
  end

  it("begins with an address and a token", function()
    local client, transport = client_of(function()
      return said { RedirectUrl = "https://mfa.example/web?login=1", Token = "t-1" }
    end)
    assert.same(
      { url = "https://mfa.example/web?login=1", token = "t-1", user = server.USER },
      client:web_start(given())
    )
    assert.equal("/auth/webauth", transport.calls[1].path)
    assert.same({
      APIKey = server.KEY,
      Username = server.USER,
      SuccessUrl = BACK .. "done",
      NotRegisteredUrl = BACK .. "none",
      CancelUrl = BACK .. "cancel",
      AuthType = "Web",
    }, transport.calls[1].inner)
  end)

  it("begins with nothing else", function()
    for _, value in ipairs {
      {},
      json.null,
      "x",
      { RedirectUrl = "javascript:alert(1)", Token = "t" },
      { RedirectUrl = "http://mfa.example/", Token = "t" },
      { RedirectUrl = "https://mfa.example/", Token = "" },
      { RedirectUrl = "https://mfa.example/", Token = 5 },
      { Token = "t" },
    } do
      local client = client_of(function()
        return said(value)
      end)
      check.failure("protocol", "unexpected_shape", client:web_start(given()))
    end
    local client = client_of(function()
      return said({ RedirectUrl = "https://mfa.example/", Token = "t" }, false)
    end)
    check.failure("refused", "refused", client:web_start(given()))
    client = client_of(error)
    check.failure("argument", "bad_user", client:web_start(given { user = "" }))
    check.failure("argument", "bad_cancel_url", client:web_start(given { cancel_url = "/back" }))
    check.failure("argument", "bad_success_url", client:web_start { user = server.USER })
  end)

  it("is approved for the user it was begun for", function()
    for _, case in ipairs {
      { { Username = server.USER, IsAuthenticated = true }, "approved" },
      { { Username = "ANN@x.example", IsAuthenticated = true }, "approved" },
      { { Username = "bob@x.example", IsAuthenticated = true }, "denied", "wrong_user" },
      { { IsAuthenticated = true }, "denied", "wrong_user" },
      { { Username = server.USER, IsAuthenticated = false }, "denied" },
      { { Username = server.USER, IsAuthenticated = "true" }, "denied", "unexpected_status" },
      { { Username = server.USER, IsAuthenticated = 1 }, "denied", "unexpected_status" },
      { { Username = server.USER }, "denied", "unexpected_status" },
      { json.null, "denied", "unexpected_status" },
    } do
      local client, transport = client_of(function()
        return said(case[1])
      end)
      local result = assert(client:web_check("t-1", server.USER))
      assert.same({ case[2], case[3] }, { result.outcome, result.code })
      assert.equal(case[2] == "approved", result.ok)
      assert.same({ apiKey = server.KEY, token = "t-1" }, transport.calls[1].inner)
      assert.equal("/Auth/WebAuthCheckToken", transport.calls[1].path)
    end
    local client = client_of(function()
      return said({ Username = server.USER, IsAuthenticated = true }, false)
    end)
    assert.equal("error", client:web_check("t", server.USER).outcome)
    client = client_of(function()
      return errors.fail("transport", "timeout", "no")
    end)
    assert.equal("unreachable", client:web_check("t", server.USER).outcome)
  end)

  it("is off until its paths are set, and of the plain mode", function()
    local client = client_of(error, {})
    check.failure("argument", "unsupported", client:web_start(given()))
    check.failure("argument", "unsupported", client:web_check("t", server.USER))
    client = server.client("secured", error, { endpoints = PATHS })
    check.failure("argument", "unsupported", client:web_start(given()))
  end)
end)
