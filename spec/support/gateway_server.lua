--- The gateway in a real nginx over directories that are written down, for specs of the gateway alone.
local connection = require "spec.support.connection"
local nginx = require "spec.support.nginx"
local sites = require "spec.support.site"
local tokens = require "lastpass.nginx.gateway.tokens"

local M = {}

local HTTP = [[
  %s
  client_max_body_size 1m;
  client_body_timeout 1s;
  keepalive_requests 1000000;
  sendfile on;
  init_by_lua_block {
    company = require "company"
    site = {
      tenants = company.tenants,
      options = {
        tokens = {
          {
            name = "acme", hash = %q, tenants = { "acme" }, rate = 1e9,
            scopes = { "read", "write", "proxy" },
          },
          { name = "reader", hash = %q, tenants = { "acme" }, scopes = { "read" }, rate = 1e9 },
          { name = "slow", hash = %q, tenants = { "acme" }, scopes = { "read" }, rate = 0.3 },
        },
        gateway = { audit = %q, protect = { "boss@acme.example" } },
      },
    }
    gateway = require("lastpass.nginx.gateway").of(site)
    function say(value)
      ngx.header["Content-Length"] = #tostring(value)
      ngx.print(tostring(value))
    end
  }
]]

local SERVER = [[
  location / { content_by_lua_block { gateway:serve() } }
  location /change { content_by_lua_block { say(company.change()) } }
  location /unchanged { content_by_lua_block { say(company.unchanged()) } }
  location /memory {
    content_by_lua_block {
      collectgarbage()
      collectgarbage()
      say(collectgarbage "count")
    }
  }
  location /static { root static; }
]]

--- Starts it.
---@param company string text of the Lua module `company`: tenants (acme, globex), change()
---@param workers? integer default 1
---@return table server with `texts` (tokens), `audit` (path) and `open()`, a connection
function M.start(company, workers)
  local texts, hashes = {}, {}
  for place, name in ipairs { "acme", "reader", "slow" } do
    texts[name], hashes[place] = tokens.new()
  end
  local audit = os.tmpname()
  local server = nginx.start {
    workers = workers or 1,
    http = HTTP:format(sites.dicts(), hashes[1], hashes[2], hashes[3], audit),
    server = SERVER,
    files = { ["company.lua"] = company },
  }
  os.execute("mkdir -p " .. server.directory .. "/static/static")
  server.texts, server.audit = texts, audit
  function server.open()
    return connection.new(server.port)
  end
  local stop = server.stop
  function server:end_it()
    stop(self)
    os.remove(audit)
  end
  return server
end

return M
