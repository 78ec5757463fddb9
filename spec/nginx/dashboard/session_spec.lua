local digest = require "lastpass.digest"
local session = require "lastpass.nginx.dashboard.session"
local dashboard_settings = require "lastpass.nginx.dashboard.settings"
local shared_dict = require "spec.support.shared_dict"
local tokens = require "lastpass.nginx.gateway.tokens"

describe("sessions", function()
  local now, dict, token, settings

  local function list_of(entry)
    return tokens.read({ entry }, { acme = {}, other = {} }, 1)
  end

  local function sessions(list)
    return session.new { dict = dict, settings = settings, tokens = list or { token } }
  end

  local function request(cookie, scheme)
    return { now = now, scheme = scheme or "http", headers = { cookie = cookie } }
  end

  local function value_of(cookie)
    return (cookie:match "^[^;]*")
  end

  before_each(function()
    now = 1000000
    dict = shared_dict.new {
      now = function()
        return now
      end,
    }
    settings = dashboard_settings.complete({ idle = 600, lifetime = 3600 }, 1)
    token = list_of({
      name = "ann",
      hash = digest.hex "one",
      tenants = { "acme" },
      scopes = { "read" },
    })[1]
  end)

  it("begin with a cookie that is for the dashboard alone", function()
    local cookie = sessions():begin(request(), token)
    assert.truthy(
      cookie:find "^lastpass_dashboard=[%w_-]+; Path=/dashboard; HttpOnly; SameSite=Strict$"
    )
    assert.truthy(sessions():begin(request(nil, "https"), token):find("; Secure", 1, true))
    settings.secure = true
    assert.truthy(sessions():begin(request(), token):find("; Secure", 1, true))
  end)

  it("are found by their cookie, in any worker", function()
    local cookie = value_of(sessions():begin(request(), token))
    local found = sessions():find(request("other=1; " .. cookie .. "; more=2"))
    assert.equal("ann", found.name)
    assert.same({ acme = true }, found.tenants)
    assert.equal(43, #found.csrf)
  end)

  it("keep no text on the server that would let anybody in", function()
    local cookie = value_of(sessions():begin(request(), token))
    local id = cookie:match "=(.*)$"
    local one = sessions():find(request(cookie))
    assert.is_nil(one.key:find(id, 1, true))
    assert.is_nil(dict:get(one.key):find(id, 1, true))
    assert.truthy(one.key:find(digest.hex(id), 1, true))
    assert.is_nil(sessions():find(request("lastpass_dashboard=" .. digest.hex(id))))
  end)

  it("are nobody's without a cookie, or with any other", function()
    local cookie = value_of(sessions():begin(request(), token))
    for _, wrong in ipairs {
      "",
      "lastpass_dashboard=",
      "lastpass_dashboard=" .. ("x"):rep(43),
      cookie .. "x",
      cookie:sub(1, -2),
      (cookie:gsub("^lastpass_dashboard", "dashboard")),
    } do
      assert.is_nil(sessions():find(request(wrong)), wrong)
    end
    assert.is_nil(sessions():find(request()))
  end)

  it("end when they are not used, and stay while they are", function()
    local cookie = value_of(sessions():begin(request(), token))
    for _ = 1, 4 do
      now = now + 500
      assert.truthy(sessions():find(request(cookie)))
    end
    now = now + 601
    assert.is_nil(sessions():find(request(cookie)))
  end)

  it("end in any case some time after signing in", function()
    local cookie = value_of(sessions():begin(request(), token))
    for _ = 1, 7 do
      now = now + 500
      assert.truthy(sessions():find(request(cookie)))
    end
    now = now + 100
    assert.is_nil(sessions():find(request(cookie)))
  end)

  it("end after their lifetime, though they may be idle for longer", function()
    settings = dashboard_settings.complete({ idle = 600, lifetime = 600 }, 1)
    settings.lifetime = 300
    local cookie, other =
      value_of(sessions():begin(request(), token)), value_of(sessions():begin(request(), token))
    now = now + 299
    assert.truthy(sessions():find(request(cookie)))
    now = now + 1
    assert.is_nil(sessions():find(request(cookie)))
    assert.is_nil(sessions():find(request(other))) -- which nobody has used
  end)

  it("leave nothing on the server once they have ended", function()
    local cookie = value_of(sessions():begin(request(), token))
    local key = sessions():find(request(cookie)).key
    for _ = 1, 7 do
      now = now + 500
      assert.truthy(sessions():find(request(cookie)))
    end
    assert.is_string(dict:get(key))
    now = now + 100
    assert.is_nil(dict:get(key))
    assert.is_nil(dict:get(key .. " used"))
  end)

  it("end when somebody signs out, with the note that they are in use", function()
    local cookie = value_of(sessions():begin(request(), token))
    now = now + 60
    local one = sessions():find(request(cookie))
    assert.equal(now, dict:get(one.key .. " used"))
    sessions():finish(request(cookie), one)
    assert.is_nil(dict:get(one.key))
    assert.is_nil(dict:get(one.key .. " used"))
    sessions():finish(request(cookie), nil) -- nobody's: only the cookie
  end)

  it("end when somebody signs out, for good", function()
    local cookie = value_of(sessions():begin(request(), token))
    now = now + 60
    local one = sessions():find(request(cookie))
    local gone = sessions():finish(request(cookie), one)
    assert.truthy(gone:find("lastpass_dashboard=; ", 1, true))
    assert.truthy(gone:find("Max-Age=0", 1, true))
    assert.is_nil(sessions():find(request(cookie)))
  end)

  it("end when the token is taken away, replaced, or may read no more", function()
    local cookie = value_of(sessions():begin(request(), token))
    local function with(fields)
      local entry =
        { name = "ann", hash = digest.hex "one", tenants = { "acme" }, scopes = { "read" } }
      for name, value in pairs(fields) do
        entry[name] = value
      end
      return sessions(list_of(entry)):find(request(cookie))
    end
    assert.is_nil(sessions({}):find(request(cookie)))
    assert.is_nil(with { hash = digest.hex "two" })
    assert.is_nil(with { scopes = { "write" } })
    assert.same({ other = true }, with({ tenants = { "other" } }).tenants)
    assert.is_nil(with({ tenants = { "*" } }).tenants)
  end)

  it("are refused when there is no space for one more", function()
    dict.safe_add = function()
      return nil, "no memory"
    end
    assert.is_nil(sessions():begin(request(), token))
  end)

  it("come from a guard in front, when it knows who it is", function()
    settings.identify = function(asked)
      return asked.scheme == "https" and { name = "ann@acme.example", tenants = { "acme" } } or nil
    end
    local one = sessions():find(request(nil, "https"))
    assert.same({ name = "ann@acme.example", tenants = { acme = true } }, one)
    assert.is_nil(sessions():find(request()))
  end)
end)
