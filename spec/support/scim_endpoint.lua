--- The SCIM endpoint in a real nginx over a sandbox, for specs: a connection, a token, and what an identity provider
-- sends.
local connection = require "spec.support.connection"
local json = require "lastpass.json"
local sites = require "spec.support.site"
local store = require "lastpass.store"
local tokens = require "lastpass.inbound.tokens"

local M = {}

local methods = {}
local endpoint_mt = { __index = methods }

local SERVER = [[
  location /scim/ {
    error_page 400 403 404 405 408 411 413 414 429 500 501 502 503 504 /scim-error;
    content_by_lua_block { site:scim() }
    %s
  }
  error_page 400 405 414 494 495 496 497 501 505 /scim-error;
  location = /scim-error { internal; content_by_lua_block { site:scim_error() } }
]]

--- The URN of PATCH bodies.
M.PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
M.USER = "urn:ietf:params:scim:schemas:core:2.0:User"
M.GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

--- Threads of its nginx, and Lua states for them.
M.THREADS = 32

local function temporary_folder()
  local pipe = assert(io.popen "mktemp -d")
  local folder = pipe:read "*l"
  pipe:close()
  return folder
end

--- Starts it.
---@param box table the sandbox
---@param options? table connections (text of Lua: default one, "entra"), scim (text: further settings), tenant (text),
-- location (text), tokens (false: none), journal (path or DSN; default a new file), and those of `spec.support.site`
function M.start(box, options)
  options = options or {}
  local folder = not options.journal and temporary_folder() or nil
  local journal = options.journal or folder .. "/journal.db"
  local merged = {}
  for name, value in pairs(options) do
    merged[name] = value
  end
  merged.tenant = ("journal = %q, folders = false, %s"):format(journal, options.tenant or "")
  merged.setup = ("%s scim = { connections = { %s }, %s },"):format(
    options.setup or "",
    options.connections or 'entra = { provider = "entra" }',
    options.scim or ""
  )
  merged.server = SERVER:format(options.location or "") .. (options.server or "")
  merged.main = options.main or ("thread_pool lastpass threads=%d;"):format(M.THREADS)
  merged.http = ("lua_worker_thread_vm_pool_size %d; %s"):format(M.THREADS, options.http or "")
  local site = sites.start(box, merged)
  local self = setmetatable({
    site = site,
    port = site.server.port,
    journal_path = journal,
    _folder = folder,
  }, endpoint_mt)
  if options.tokens ~= false then
    self.token = self:new_token "entra"
  end
  return self
end

--- The journal, opened by the spec's own process.
function methods:journal()
  local option = self.journal_path:find "^postgres" and "dsn" or "path"
  self._journal = self._journal or assert(store.open { [option] = self.journal_path })
  return self._journal
end

--- A new token of a connection.
---@param name string
---@param fields? table of `journal:add_scim_token`
---@return string text
---@return integer id
function methods:new_token(name, fields)
  local text, hash = tokens.new()
  local token = { connection = name, hash = hash, label = "spec " .. hash:sub(1, 4) }
  for key, value in pairs(fields or {}) do
    token[key] = value
  end
  return text, assert(self:journal():add_scim_token(token))
end

--- A request of the identity provider.
---@param method string
---@param path string below the connection's address
---@param body? table|string
---@param headers? table
---@return integer|nil status nil when the connection was closed without an answer
---@return any answer decoded, or the text; or why there is none
---@return table? headers
function methods:push(method, path, body, headers)
  local all = { Authorization = "Bearer " .. (self.token or ""), Accept = "application/scim+json" }
  if body then
    all["Content-Type"] = "application/scim+json"
  end
  for name, value in pairs(headers or {}) do
    all[name] = value or nil
  end
  self._connection = self._connection or connection.new(self.port)
  local status, text, answered = self._connection:request(
    method,
    "/scim/" .. (self.connection or "entra") .. path,
    all,
    type(body) == "table" and json.encode(body) or body
  )
  local ok, value = pcall(json.decode, text)
  return status, ok and value or text, answered
end

--- The id of a person, found as identity providers do.
---@param address string
---@return string|nil id
function methods:id_of(address)
  local filter = ('userName eq "%s"'):format(address)
  local status, list =
    self:push("GET", "/Users?filter=" .. filter:gsub(" ", "%%20"):gsub('"', "%%22"))
  assert(status == 200, status)
  return list.Resources[1] and list.Resources[1].id
end

--- A PATCH with operations.
function methods:patch(path, operations)
  return self:push("PATCH", path, { schemas = { M.PATCH }, Operations = operations })
end

--- Entra's way to disable or enable somebody.
function methods:set_active(id, active)
  return self:patch("/Users/" .. id, {
    { op = "Replace", path = "active", value = active and "True" or "False" },
  })
end

function methods:stop()
  if self._connection then
    self._connection:close()
  end
  self.site:stop()
  if self._journal then
    self._journal:close()
    self._journal = nil
  end
  if self._folder then
    os.execute("rm -rf " .. self._folder)
  end
end

return M
