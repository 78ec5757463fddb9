-- Writes of the gateway that ask for a second factor: codes, phones of a sandbox, and nobody else's.
-- Runs once: nginx has its own LuaJIT.
local boxes = require "spec.support.box"
local json = require "lastpass.json"
local second_factor = require "lastpass.nginx.gateway.second_factor"
local sites = require "spec.support.site"
local tokens = require "lastpass.nginx.gateway.tokens"
local totp = require "lastpass.mfa.totp"

local ANN = "ann@acme.example"
local SECRET = ("s"):rep(20)

local DICTS = [[
  lua_shared_dict lastpass_mfa 1m;
  lua_shared_dict lastpass_mfa_posts 1m;
  lua_shared_dict lastpass_mfa_revoked 1m;
]]

local SETUP = [[
  tokens = {
    { name = "ann", hash = %q, tenants = { "acme" }, scopes = { "read", "write", "proxy" } },
    { name = "job", hash = %q, tenants = { "acme" }, scopes = { "read", "write", "proxy" } },
  },
  gateway = { second_factor = { people = { ann = "ann@acme.example" } } },
  mfa = {
    url = "http://127.0.0.1:9", events_every = false,
    cookie_keys = { { id = "a", secret = assert(lastpass.secret.value(("a"):rep(32))) } },
    factors = { list = function(_, account)
      return account == "ann@acme.example"
        and { { id = "a", kind = "totp", label = "App", secret = ("s"):rep(20) } } or {}
    end },
    push = {
      mode = "plain", base_url = %q, api_key = assert(lastpass.secret.value %q),
      poll = { first = 0.1, every = 0.1, max = 1000 },
    },
  },
]]

describe("second factor of the gateway's writes", function()
  local box, site, texts, emails

  setup(function()
    box = boxes.start { users = 20, frozen = false }
    assert(box:phone { email = ANN, state = "paired" })
    texts, emails = {}, {}
    local hashes = {}
    for place, name in ipairs { "ann", "job" } do
      texts[name], hashes[place] = tokens.new()
    end
    for user in assert(box:client()):users { status = "active" } do
      emails[#emails + 1] = not user.admin and user.email or nil
    end
    site = sites.start(box, {
      server = "location /unified/ { content_by_lua_block { site:gateway() } }"
        .. " location /proxy/ { content_by_lua_block { site:gateway() } }",
      http = DICTS,
      setup = SETUP:format(hashes[1], hashes[2], box.mfa.url, box.mfa.login_key),
    })
    site:directory()
  end)

  teardown(function()
    site:stop()
    box:stop()
  end)

  local function disable(token, email, shown)
    local body = json.encode(json.list { email })
    local status, text = site.server:get("/proxy/disableuser", {
      method = "POST",
      body = body,
      timeout = 120,
      headers = {
        Authorization = "Bearer " .. texts[token],
        ["Content-Type"] = "application/json",
        ["Content-Length"] = tostring(#body),
        ["X-Second-Factor"] = shown,
      },
    })
    return status, json.decode(text), text
  end

  local function is_disabled(email)
    return box:client():user(email).status == "disabled"
  end

  it("are refused without one, and made with a code, once", function()
    local status, _, text = disable("ann", emails[1])
    assert.equal(403, status, text)
    assert.truthy(text:find("second_factor_required", 1, true), text)
    assert.is_false(is_disabled(emails[1]))
    local code = assert(totp.code { secret = SECRET })
    assert.equal(403, (disable("ann", emails[1], "000000")))
    assert.equal(200, (disable("ann", emails[1], code)))
    assert.is_true(is_disabled(emails[1]))
    assert.equal(403, (disable("ann", emails[2], code)))
    assert.is_false(is_disabled(emails[2]))
  end)

  it("ask the phone of whose token it is, and nobody's for a token of nobody", function()
    assert(box:phone_auto { email = ANN, action = "approve" })
    local status, _, text = disable("ann", emails[3], "push")
    assert.equal(200, status, text)
    assert.is_true(is_disabled(emails[3]))
    assert(box:phone_auto { email = ANN, action = "deny" })
    assert.equal(403, (disable("ann", emails[4], "push")))
    assert.is_false(is_disabled(emails[4]))
    -- after a denial the phone rests: throttled, and not denied
    status, _, text = disable("ann", emails[4], "push")
    assert.is_true(status == 429 or status == 503, text)
    assert.truthy(text:find("Too many requests", 1, true), text)
    status, _, text = disable("job", emails[4], "push")
    assert.equal(403, status)
    assert.truthy(text:find("second_factor_nobody", 1, true), text)
    assert.is_false(is_disabled(emails[4]))
    assert.equal(2, assert(box:phone { email = ANN }).rings)
  end)

  it("are those that take access away, unless the settings name others", function()
    local settings = second_factor.read({ people = { ann = ANN } }, 1)
    assert.is_true(settings.kinds.disable)
    assert.is_nil(settings.kinds.enable)
    assert.is_true(second_factor.check(settings, "job", nil, { { kind = "enable" } }))
    for text, given in pairs {
      ["'people' must say"] = {},
      ["is no e-mail address"] = { people = { ann = "ann" } },
      ["there is no kind 'disabel' (did you mean 'disable'?)"] = {
        people = { ann = ANN },
        kinds = { "disabel" },
      },
    } do
      local ok, message = pcall(second_factor.read, given, 1)
      assert.is_false(ok)
      assert.truthy(message:find(text, 1, true), message)
    end
  end)
end)
