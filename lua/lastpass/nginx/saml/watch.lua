--- Which keys the sign-ons of a guard use, recorded in the journal for `lastpass saml rollover`. A timer does it: a sign-on
-- neither waits for the journal nor fails with it.
-- @module lastpass.nginx.saml.watch
local rollover = require "lastpass.saml.rollover"
local state = require "lastpass.state"

---@class lastpass.nginx.saml.Watch
local methods = {}
local watch_mt = { __name = "lastpass.nginx.saml.Watch", __index = methods }

local M = {}

local function now()
  return math.floor(ngx.now())
end

--- Makes one.
---@param journal fun(): lastpass.store.Journal called in the worker
---@param complain fun(message: string)
---@return lastpass.nginx.saml.Watch
function M.new(journal, complain)
  return setmetatable({ _journal = journal, _complain = complain, _under_way = {} }, watch_mt)
end

local function saw(self, ...)
  self._watch = self._watch
    or rollover.watch { store = state.database(self._journal()), clock = now }
  return self._watch:saw(...)
end

local function record(premature, self, key, ...)
  if not premature then
    local ok, recorded, message = pcall(saw, self, ...)
    if not ok or recorded == nil then
      self._complain(tostring(ok and message or recorded))
    end
  end
  self._under_way[key] = nil
end

--- Records that a key was used, see `saml.rollover`.
---@param entity_id string
---@param sha256 string of the key's certificate
---@param use "signing"|"decryption"
---@return boolean asked false when the same is being recorded
function methods:saw(entity_id, sha256, use)
  local key = table.concat({ use, sha256, entity_id }, "\n")
  if self._under_way[key] then
    return false
  end
  self._under_way[key] = ngx.timer.at(0, record, self, key, entity_id, sha256, use)
  return true
end

return M
