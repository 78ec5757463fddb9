--- What SAML remembers in the sandbox: keys, sessions of browsers, sign-ons under way.
-- @module lastpass.sandbox.saml.state
local apps = require "lastpass.sandbox.saml.apps"
local certificates = require "lastpass.sandbox.certificate"
local digest = require "lastpass.digest"
local files = require "lastpass.files"
local lastpass_state = require "lastpass.state"
local secret = require "lastpass.secret"

local M = {}

local DAY = 86400

--- The most sessions and sign-ons under way; the oldest is forgotten.
M.MOST = 1000

--- Seconds until a sign-on that was begun is forgotten, and until a session ends.
M.PATIENCE, M.SESSION = 600, 8 * 3600

-- ---- a bounded table of what has an unguessable name and an end ----

local Kept = {}
Kept.__index = Kept

local function new_kept(lifetime)
  return setmetatable({ lifetime = lifetime, values = {}, order = {}, first = 1, last = 0 }, Kept)
end

--- Keeps a value.
---@return string name
function Kept:add(value, now)
  local name = digest.to_hex(digest.random(20))
  self.values[name] = { value = value, ends = now + self.lifetime }
  self.last = self.last + 1
  self.order[self.last] = name
  if self.last - self.first >= M.MOST then
    self.values[self.order[self.first]], self.order[self.first] = nil, nil
    self.first = self.first + 1
  end
  return name
end

--- The value of a name, while it lasts.
function Kept:get(name, now)
  local entry = name and self.values[name]
  return entry and entry.ends > now and entry.value or nil
end

--- Forgets a value.
function Kept:remove(name)
  self.values[name or ""] = nil
end

--- A table of sessions.
function M.kept()
  return new_kept(M.SESSION)
end

-- ---- keys: a company's survive its reset, as whoever tries it has the certificate ----

local function make_pair(name)
  local now = os.time()
  return assert(certificates.make {
    names = { "localhost" },
    common_name = name,
    rsa_bits = 2048,
    not_before = now - 30 * 365 * DAY, -- the sandbox's clock may stand anywhere
    not_after = now + 30 * 365 * DAY,
  })
end

local function new_pair(name)
  local pair = make_pair(name)
  return { certificate = pair.certificate, key = assert(secret.value(pair.key)) }
end

-- The pair that the folder has, made at the first time. The key comes last: without it there is no pair.
local function pair_of_folder(folder, cid, name)
  local path = ("%s/saml-%s"):format(folder, cid)
  if not files.is_readable(path .. ".key") then
    local pair = make_pair(name)
    assert(files.write(path .. ".pem", pair.certificate, true))
    assert(files.write(path .. ".key", pair.key))
  end
  return {
    certificate = assert(files.read(path .. ".pem")),
    key = assert(secret.file(path .. ".key")),
  }
end

--- The key of a company (`cid`), or of the service provider ("sp"). It is made when it is first needed.
---@param server table
---@param cid integer|string
---@return {certificate: string, key: userdata}
function M.key(server, cid)
  server.saml_keys = server.saml_keys or {}
  if not server.saml_keys[cid] then
    local folder, name = server.saml_key_folder, ("LastPass sandbox %s"):format(cid)
    server.saml_keys[cid] = folder and pair_of_folder(folder, cid, name) or new_pair(name)
  end
  return server.saml_keys[cid]
end

-- ---- the state of a company ----

--- What a company has of SAML.
---@param company table
---@return table state `apps`
function M.of(company)
  if not company.surfaces.saml then
    company.surfaces.saml = { apps = {}, count = 0 }
  end
  return company.surfaces.saml
end

--- What all companies have in common, since a browser is told from another only when it signs on.
---@param server table
---@return table shared `sessions`, `pending`, `store`
function M.shared(server)
  if not server.saml or server.saml.clock ~= server.clock then
    server.saml = {
      clock = server.clock, -- another one after a reset
      sessions = new_kept(M.SESSION),
      pending = new_kept(M.PATIENCE),
      store = lastpass_state.memory {
        now = function()
          return server.clock:seconds()
        end,
      },
    }
  end
  return server.saml
end

--- The app of a company that something is true of.
---@param company table
---@param holds fun(app: table): boolean
---@return table|nil app
function M.find_of(company, holds)
  for _, app in ipairs(M.of(company).apps) do
    if holds(app) then
      return app
    end
  end
  return nil
end

--- The app that something is true of, of all companies.
---@param server table
---@param holds fun(app: table): boolean
---@return table|nil app
function M.find(server, holds)
  for _, company in ipairs(server.made_list) do
    local app = M.find_of(company, holds)
    if app then
      return app
    end
  end
  return nil
end

--- Adds or replaces an app.
function M.add_app(company, given)
  return apps.add(company, M.of(company), given)
end

--- Removes an app.
function M.remove_app(company, id)
  return apps.remove(M.of(company), id)
end

return M
