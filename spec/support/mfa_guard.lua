--- nginx with the second-factor guard in front of an application that shows what it was sent, for specs. Who somebody is
-- says a header, as a proxy would set it. Browsers are those of `saml_guard`.
local cookies = require "lastpass.nginx.guard.cookies"
local guard = require "spec.support.saml_guard"
local keys = require "lastpass.nginx.guard.keys"
local lastpass = require "lastpass"
local nginx = require "spec.support.nginx"
local proofs = require "lastpass.nginx.mfa.proof"
local totp = require "lastpass.mfa.totp"

local M = {}

--- The secret of somebody's app: those have one whose name has "app" in it.
function M.secret(account)
  return (account:lower():rep(20)):sub(1, 20)
end

local HTTP = [[
  lua_shared_dict lastpass_locks 1m;
  lua_shared_dict lastpass_metrics 1m;
  lua_shared_dict lastpass_mfa %s;
  lua_shared_dict lastpass_mfa_posts 1m;
  lua_shared_dict lastpass_mfa_revoked 1m;
  underscores_in_headers on;
  init_by_lua_block {
    local lastpass = require "lastpass"
    require("lastpass.nginx.metrics").begin()
    local function key(id, text)
      return { id = id, secret = assert(lastpass.secret.value(text)) }
    end
    local store = {
      list = function(_, account)
        local list = {}
        if account:find "app" then
          list[1] = { id = "a", kind = "totp", label = "App", secret = account:rep(20):sub(1, 20) }
        end
        return list
      end,
    }
    require("lastpass.nginx.mfa").setup {
      url = "http://127.0.0.1:" .. assert(os.getenv "GUARD_PORT"),
      cookie_keys = { key("a", ("a"):rep(32)) },
      %s
    }
  }
  init_worker_by_lua_block { require("lastpass.nginx.mfa").start() }
]]

--- Settings for people whom a header names, and codes.
M.SETTINGS = [[
  account = { header = "X-User", from = { "127.0.0.1" } },
  factors = store,
]]

--- Settings for people whom a header names, and phones of a sandbox.
function M.push(box, more)
  return ([[
    account = { header = "X-User", from = { "127.0.0.1" } },
    factors = store,
    push = {
      mode = "plain", base_url = %q, api_key = assert(lastpass.secret.value %q),
      app_name = "Acme", poll = { first = 0, every = 0.05, max = 5000 }, %s
    },
  ]]):format(box.mfa.url, box.mfa.login_key, more or "")
end

local SERVER = [[
  location = /who {
    content_by_lua_block {
      local json = require "lastpass.json"
      ngx.req.read_body()
      ngx.header["Content-Type"] = "application/json"
      ngx.print(json.encode {
        method = ngx.req.get_method(), uri = ngx.var.request_uri, body = ngx.req.get_body_data(),
        headers = ngx.req.get_headers(0, true),
      })
    }
  }
  location / {
    access_by_lua_block { require("lastpass.nginx.mfa").guard() }
    proxy_pass http://127.0.0.1:$server_port/who;
  }
  location /vault/ {
    access_by_lua_block { require("lastpass.nginx.mfa").guard { max_age = 300 } }
    proxy_pass http://127.0.0.1:$server_port/who;
  }
  location = /metrics {
    content_by_lua_block { ngx.print(require("lastpass.nginx.metrics").render()) }
  }
  location = /trivial { return 204; }
  %s
]]

M.free_port = nginx.free_port

--- Starts it.
---@param options? table settings (text of Lua, beside those of `SETTINGS`), replace (in place of them), workers, dict (size),
-- connections, server and http (text), env, port, main
function M.start(options)
  options = options or {}
  local settings = (options.replace or M.SETTINGS) .. (options.settings or "")
  return nginx.start {
    workers = options.workers or 2,
    connections = options.connections,
    main = options.main or "thread_pool lastpass threads=8;",
    port_variable = "GUARD_PORT",
    port = options.port,
    env = options.env,
    http = HTTP:format(options.dict or "2m", settings) .. (options.http or ""),
    server = SERVER:format(options.server or ""),
    files = options.files,
  }
end

local browser = {}
local browser_mt = { __index = browser }

--- A browser of a person.
---@param server table
---@param account? string default "ann.app@acme.example"
function M.browser(server, account)
  local inner = guard.browser(server)
  return setmetatable({
    inner = inner,
    jar = inner.jar,
    account = account or "ann.app@acme.example",
    server = server,
  }, browser_mt)
end

--- A request, as of `saml_guard`.
function browser:request(path, options)
  options = options or {}
  local headers = { ["X-User"] = self.account }
  for name, value in pairs(self.headers or {}) do
    headers[name] = value
  end
  for name, value in pairs(options.headers or {}) do
    headers[name] = value
  end
  local more = {}
  for name, value in pairs(options) do
    more[name] = value
  end
  more.headers = headers
  return self.inner:request(path, more)
end

--- Follows a redirect to a path of the server.
function browser:follow(response)
  local path = assert(response.location, response.status .. " " .. response.body)
  assert(path:sub(1, #self.server.url) == self.server.url, path)
  return self:request(path:sub(#self.server.url + 1))
end

local function unescape(text)
  return (text:gsub("&quot;", '"'):gsub("&#39;", "'"):gsub("&lt;", "<"):gsub("&amp;", "&"))
end

--- The hidden fields of a page's form with an action, and the form's address.
function M.form(page, action)
  local percent = require "lastpass.text.percent"
  local parts = {}
  for form in page.body:gmatch "<form.-</form>" do
    local where = form:match 'action="([^"]*)"'
    if where:find(action, 1, true) and not parts[1] then
      for input in form:gmatch '<input[^>]*type="hidden"[^>]*>' do
        local name, value = input:match 'name="([^"]*)"', input:match 'value="([^"]*)"'
        parts[#parts + 1] = name .. "=" .. percent.encode(unescape(value))
      end
      parts.action = where
    end
  end
  assert(parts.action, "no form " .. action .. ": " .. page.body)
  return table.concat(parts, "&"), parts.action
end

--- Sends a form of a page.
---@param page table response
---@param action string what its address has
---@param more? string further fields, encoded
---@param options? table of `request`
function browser:submit(page, action, more, options)
  local body, where = M.form(page, action)
  local all = { body = body .. (more and "&" .. more or "") }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return self:request(where, all)
end

--- Gives a browser the proof that the guard would have sealed so many seconds ago.
function M.older(one, server, seconds, session)
  local secret = assert(lastpass.secret.value(("a"):rep(32)))
  local all = proofs.new {
    keys = keys.read({ { id = "a", secret = secret } }, "mfa", "cookie_keys", 1),
    purpose = "proof " .. server.url,
    lifetime = 8 * 3600,
    bound = "session",
    revoked = {
      has = function()
        return false
      end,
      clock = function(_, at)
        return at
      end,
    },
  }
  local headers = all:begin(
    { account = one.account, session = session },
    assert(all:device(cookies.read(one.inner:cookie_header()))),
    { by = "code", evidence = "proved", at = os.time() - seconds },
    os.time()
  )
  one.jar["__Host-lastpass_mfa"] = { value = headers[1]:match "=([^;]*)" }
end

--- The code of somebody's app, so many steps from now.
function M.code(account, steps)
  return assert(totp.code { secret = M.secret(account), time = os.time() + 30 * (steps or 0) })
end

--- Shows a code on the page that a request leads to: the answer to the form, and the page.
function browser:show(path, steps)
  local page = self:follow(self:request(path))
  assert(page.status == 200, page.body)
  return self:submit(page, "/mfa/code", "code=" .. M.code(self.account, steps)), page
end

--- A figure of /metrics.
function M.metric(server, line)
  local _, text = server:get "/metrics"
  for row in text:gmatch "[^\n]+" do
    if row:sub(1, #line) == line then
      return tonumber(row:match " (%S+)$")
    end
  end
  return 0
end

return M
