--- nginx with the SAML guard in front of an application that shows what it was sent, for specs; and what a browser does
-- with cookies and redirects. The service provider is a double (`saml_guard_provider.lua`) unless a spec gives its own.
local json = require "lastpass.json"
local nginx = require "spec.support.nginx"
local ssl_request = require "socket.http"

local M = {}

M.SECRETS = { a = ("a"):rep(32), b = ("b"):rep(32) }

M.DICTS = [[
  lua_shared_dict lastpass_locks 1m;
  lua_shared_dict lastpass_metrics 1m;
  lua_shared_dict lastpass_saml %s;
  lua_shared_dict lastpass_saml_posts %s;
  lua_shared_dict lastpass_saml_revoked %s;
]]

local INIT = [[
  init_by_lua_block {
    local lastpass = require "lastpass"
    local function key(id, text)
      return { id = id, secret = assert(lastpass.secret.value(text)) }
    end
    %s
    require("lastpass.nginx.saml").setup {
      url = "http://127.0.0.1:" .. assert(os.getenv "GUARD_PORT"),
      cookie_keys = { %s },
      %s
    }
  }
  init_worker_by_lua_block { require("lastpass.nginx.saml").start() }
]]

local DOUBLE = [[package.loaded["lastpass.saml"] = dofile(os.getenv "GUARD_TREE" ..
  "/spec/support/saml_guard_provider.lua")]]

local SERVER = [[
  client_body_buffer_size 128k;
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
    access_by_lua_block { require("lastpass.nginx.saml").guard() }
    proxy_pass http://127.0.0.1:$server_port/who;
  }
  location /vault/ {
    access_by_lua_block {
      require("lastpass.nginx.saml").guard { authn_context = "strong", max_age = 300 }
    }
    proxy_pass http://127.0.0.1:$server_port/who;
  }
  %s
]]

-- Headers that nginx would drop by itself.
local LOOSE = "underscores_in_headers on; ignore_invalid_headers off;"

local function quoted_key(id, text)
  return ("key(%q, %q)"):format(id, text)
end

local function keys_text(ids)
  local parts = {}
  for position, id in ipairs(ids) do
    parts[position] = quoted_key(id, M.SECRETS[id])
  end
  return table.concat(parts, ", ")
end

local function working_directory()
  local pipe = assert(io.popen "pwd")
  local text = pipe:read "*l"
  pipe:close()
  return text
end

M.free_port = nginx.free_port

--- Starts it.
---@param options? table settings (text of Lua), keys (ids), dicts (three sizes), server, server_name and http
-- (text), workers, init (text), port, env, main
function M.start(options)
  options = options or {}
  local sizes = options.dicts or { "1m", "1m", "1m" }
  local env = { GUARD_TREE = working_directory() }
  for name, value in pairs(options.env or {}) do
    env[name] = value
  end
  local unpack = table.unpack or unpack
  return nginx.start {
    workers = options.workers or 2,
    main = options.main,
    port_variable = "GUARD_PORT",
    port = options.port,
    env = env,
    http = M.DICTS:format(unpack(sizes)) .. LOOSE .. INIT:format(
      options.init or DOUBLE,
      keys_text(options.keys or { "a" }),
      options.settings or [[idp = { entity_id = "https://idp.example", idp = {} }]]
    ) .. (options.http or ""),
    server = (options.server_name and "server_name " .. options.server_name .. ";" or "")
      .. SERVER:format(options.server or ""),
    files = options.files,
  }
end

-- ---- a browser ----

local browser = {}
local browser_mt = { __index = browser }

--- A browser: it keeps cookies, and follows redirects only when it is told to.
function M.browser(server)
  return setmetatable({ server = server, jar = {} }, browser_mt)
end

local ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

function browser:cookie_header(is_cross_site)
  local parts = {}
  for name, cookie in pairs(self.jar) do
    if not is_cross_site or cookie.site == "None" then
      parts[#parts + 1] = name .. "=" .. cookie.value
    end
  end
  table.sort(parts)
  return parts[1] and table.concat(parts, "; ") or nil
end

-- luasocket joins headers of one name with ", "; no attribute here has a comma.
function browser:take_cookies(text)
  for part in ((text or "") .. ", __Host-"):gmatch "(__Host%-.-), %f[_]" do
    local name, value = part:match "^([^=]+)=([^;]*)"
    local site = part:match "SameSite=(%a+)"
    assert(part:find("; Secure; HttpOnly", 1, true), part)
    self.jar[name] = not part:find "Max%-Age=0" and { value = value, site = site } or nil
  end
end

--- A request.
---@param path string
---@param options? table method, body, headers, cross_site (from another site: SameSite=None alone comes)
function browser:request(path, options)
  options = options or {}
  local headers = { Accept = ACCEPT, Cookie = self:cookie_header(options.cross_site) }
  if options.body then
    headers["Content-Length"] = tostring(#options.body)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    headers.Origin = options.cross_site and "https://idp.example" or self.server.url
  end
  for name, value in pairs(options.headers or {}) do
    headers[name] = value or nil
  end
  local patience = ssl_request.TIMEOUT
  ssl_request.TIMEOUT = 30
  local ltn12 = require "ltn12"
  local parts = {}
  local _, status, got = ssl_request.request {
    url = self.server.url .. path,
    method = options.method or options.body and "POST" or "GET",
    headers = headers,
    redirect = false,
    source = options.body and ltn12.source.string(options.body),
    sink = ltn12.sink.table(parts),
  }
  ssl_request.TIMEOUT = patience
  local body = table.concat(parts)
  assert(type(status) == "number", tostring(status))
  self:take_cookies(got["set-cookie"])
  local kind = got["content-type"] or ""
  return {
    status = status,
    headers = got,
    body = body,
    json = kind:find "json" and json.decode(body) or nil,
    location = got.location,
  }
end

--- The id of the request that a redirect to the identity provider carries.
function M.request_id(response)
  local id = (response.location or ""):match "^https://idp%.example/sso%?id=([%w_-]+)"
  return assert(id, ("no sign-on began: %d %s"):format(response.status, response.body))
end

--- What the double takes for a response of an identity provider.
---@param fields table id, name, context, auth_time, index, and others
function M.answer(fields)
  return "SAMLResponse=" .. require("lastpass.text.percent").encode(json.encode(fields))
end

--- Signs in: from the first page to the one that was asked for.
---@param path string
---@param fields? table what the identity provider says
function browser:sign_in(path, fields)
  if self.jar["__Host-lastpass_saml"] then -- signed in, and once more
    path = "/saml/login?target=" .. path
  end
  local first = self:request(path)
  local answer = { id = M.request_id(first), name = "Ann@acme.example", index = "i1" }
  for name, value in pairs(fields or {}) do
    answer[name] = value
  end
  local arrived = self:request("/saml/acs", { body = M.answer(answer), cross_site = true })
  return arrived, first
end

return M
