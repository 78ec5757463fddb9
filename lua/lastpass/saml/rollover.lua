--- Changing keys without an outage (saml §4): the next key of ours is published beside the one in use; of an identity
-- provider several keys count at once. Which key was really used is recorded, and says when an old one may go.
-- @module lastpass.saml.rollover
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"
local times = require "lastpass.time"

local M = {}

local DAY = 86400

--- How many days a key must not have been used, and others have been, before it may go.
M.QUIET_DAYS = 7

-- How long what was seen is remembered, and how often the same is recorded at most.
local REMEMBERED = 365 * DAY
local PAUSE = 60

---@class lastpass.saml.Watch
local methods = {}
local watch_mt = { __name = "lastpass.saml.Watch", __index = methods }

-- What a key was used for.
local uses = { signing = true, decryption = true }

-- An entityID has up to 1,024 characters, and a key of a state fewer.
local function state_key(entity_id, what)
  return ("saml.key\n%s\n%s"):format(digest.hex(entity_id, 32), what)
end

--- Makes a watch over keys.
---@param options table store (of `lastpass.state`), clock
---@return lastpass.saml.Watch
function M.watch(options)
  errors.check_options("saml.rollover.watch", options, {
    store = { "table", "userdata" },
    clock = "function",
  })
  if not options.store then
    errors.raise(2, "saml.rollover.watch: needs 'store', one of lastpass.state")
  end
  return setmetatable({
    _store = options.store,
    _clock = options.clock or times.now,
    _recent = {},
  }, watch_mt)
end

--- Records that a key was used: the identity provider's that verified a response, or ours that decrypted one. The same
-- key is recorded once a minute, so that it costs a sign-in nothing.
---@param entity_id string of the identity provider; of a key of ours, our own
---@param sha256 string of the key's certificate
---@param use "signing"|"decryption"
---@return boolean|nil recorded false when it was recorded within the last minute
---@return string? message
---@return lastpass.Error? err
function methods:saw(entity_id, sha256, use)
  if not uses[use] then
    errors.raise(2, "watch:saw: 'use' must be signing or decryption")
  end
  local now, key = self._clock(), state_key(entity_id, use .. "\n" .. sha256)
  if (self._recent[key] or 0) > now - PAUSE then
    return false
  end
  local store = self._store
  local ok, message, err = store:add(state_key(entity_id, "since"), tostring(now), REMEMBERED)
  if ok ~= nil then
    ok, message, err = store:add(key .. "\nfirst", tostring(now), REMEMBERED)
  end
  if ok ~= nil then
    ok, message, err = store:advance(key .. "\nlast", now, REMEMBERED)
  end
  if ok == nil then
    return nil, message, err
  end
  self._recent[key] = now
  return true
end

local function number_at(store, key)
  local value, message, err = store:get(key)
  if message then
    return nil, message, err
  end
  return value and tonumber(value)
end

-- ------------------------------------------------------------------ what follows from it

---@class lastpass.saml.KeyUse
---@field sha256 string
---@field use "signing"|"decryption"
---@field key string         "RSA 2048"
---@field not_after integer
---@field first_seen? integer
---@field last_seen? integer
---@field state "only"|"in use"|"next"|"may go"|"wait"|"unknown"
---@field text string        what to do

local function day(utc)
  return times.iso(utc):sub(1, 10)
end

local function ago(context, utc)
  local days = math.floor((context.now - utc) / DAY)
  return days < 1 and "today" or days == 1 and "yesterday" or ("%d days ago"):format(days)
end

-- Whether a key was seen later than this one, and by how much it is the newest.
local function latest_of_others(rows, except)
  local latest
  for _, row in ipairs(rows) do
    if row ~= except and row.last_seen then
      latest = math.max(latest or 0, row.last_seen)
    end
  end
  return latest
end

local function classify_unseen(row, rows, context)
  local others = latest_of_others(rows, row)
  if not others then
    return "unknown", "no response was seen yet: keep it"
  elseif row.not_before > context.newest_used then
    return "next", "not used yet, and newer than what is: keep it; it is the next one"
  elseif not context.since or context.now - context.since < context.quiet * DAY then
    return "wait",
      ("not used so far, but watched only since %s: keep it"):format(
        context.since and day(context.since) or "now"
      )
  end
  return "may go", ("never used since %s, while others were: it may go"):format(day(context.since))
end

local function classify(row, rows, context)
  if #rows == 1 then
    return "only",
      row.not_after <= context.now + 30 * DAY
          and "the only key, and it " .. "ends soon: ask for the next one"
        or "the only key"
  elseif not row.last_seen then
    return classify_unseen(row, rows, context)
  end
  local others = latest_of_others(rows, row)
  local quiet = math.floor((context.now - row.last_seen) / DAY)
  if quiet < context.quiet then
    return "in use", ("used %s: keep it"):format(ago(context, row.last_seen))
  elseif others and others > row.last_seen then
    return "may go",
      ("last used %s, others since then: it may " .. "go"):format(ago(context, row.last_seen))
  end
  return "wait",
    ("last used %s, and no other since then: keep " .. "it"):format(ago(context, row.last_seen))
end

local function rows_of(self, entity_id, use, certificates)
  local rows = {}
  for index, certificate in ipairs(certificates) do
    local fields = certificate:fields()
    local key = state_key(entity_id, use .. "\n" .. fields.sha256)
    local first, message, err = number_at(self._store, key .. "\nfirst")
    local last
    if not message then
      last, message, err = number_at(self._store, key .. "\nlast")
    end
    if message then
      return nil, message, err
    end
    rows[index] = {
      sha256 = fields.sha256,
      use = use,
      key = ("%s %d"):format(fields.key:upper(), fields.bits),
      not_before = fields.not_before,
      not_after = fields.not_after,
      first_seen = first,
      last_seen = last,
    }
  end
  return rows
end

local function newest_used(rows)
  local newest = 0
  for _, row in ipairs(rows) do
    if row.last_seen then
      newest = math.max(newest, row.not_before)
    end
  end
  return newest
end

--- What is known of the keys of an entity: of an identity provider those that sign, of ourselves (`use` "decryption")
-- those that others encrypt for.
---@param entity lastpass.saml.Entity
---@param options? table use ("signing", or "decryption"), quiet_days (7)
---@return lastpass.saml.KeyUse[]|nil in the order of the metadata
---@return string? message
---@return lastpass.Error? err
function methods:report(entity, options)
  options = errors.check_options("watch:report", options, { use = "string", quiet_days = "number" })
  local use = options.use or "signing"
  local role = use == "signing" and entity.idp or use == "decryption" and entity.sp
  if not role then
    errors.raise(2, "watch:report: %s has no keys for %s", entity.entity_id, use)
  end
  local since, message, err = number_at(self._store, state_key(entity.entity_id, "since"))
  if message then
    return nil, message, err
  end
  local rows
  rows, message, err = rows_of(
    self,
    entity.entity_id,
    use,
    role.certificates[use == "signing" and use or "encryption"]
  )
  if not rows then
    return nil, message, err
  end
  local context = {
    now = self._clock(),
    since = since,
    quiet = options.quiet_days or M.QUIET_DAYS,
    newest_used = newest_used(rows),
  }
  for _, row in ipairs(rows) do
    row.state, row.text = classify(row, rows, context)
  end
  return rows
end

-- ------------------------------------------------------------------ our own keys

local function as_certificate(given, which)
  if type(given) == "string" then
    local certificate, message, code = require("lastpass.xmldsig").certificate(given)
    if not certificate then
      return errors.fail("argument", code, ("the %s certificate: %s"):format(which, message))
    end
    return certificate
  end
  return given
end

-- The list with one more certificate, unless it has it.
local function with(list, certificate)
  local sha256 = certificate:fields().sha256
  local copy = {}
  for position, given in ipairs(list) do
    local one, message, err = as_certificate(given, "present")
    if not one then
      return nil, message, err
    elseif one:fields().sha256 == sha256 then
      return list
    end
    copy[position] = one
  end
  copy[#copy + 1] = certificate
  return copy
end

-- Nobody encrypts for an identity provider: a key of its own for that would only be one more to look after.
local uses_of = { sp = { "signing", "encryption" }, idp = { "signing" } }

-- The lists of a role with the next certificate. What has no key for a use has none afterwards: whoever takes nothing that is
-- encrypted does not begin with it.
local function with_next(which, role, certificate)
  local lists = {}
  for name, list in pairs(role.certificates or {}) do
    lists[name] = list
  end
  local has_some = false
  for _, use in ipairs(uses_of[which]) do
    if lists[use] and lists[use][1] then
      local message, err
      lists[use], message, err = with(lists[use], certificate)
      if not lists[use] then
        return nil, message, err
      end
      has_some = true
    end
  end
  if not has_some then
    local text = "there is no key beside which the next one could be published"
    return errors.fail("argument", "no_key", text)
  end
  return lists
end

--- The description of an entity with its next key published beside those that it has: of a service provider for both uses, of
-- an identity provider to sign. Peers that have read it accept both, and may encrypt for either. `saml.metadata.write` writes
-- it.
---@param description lastpass.saml.Entity
---@param next_certificate userdata|string
---@return lastpass.saml.Entity|nil
---@return string? message
---@return lastpass.Error? err code "no_key": the entity has none yet, so that this would be its first
function M.publish(description, next_certificate)
  local certificate, message, err = as_certificate(next_certificate, "next")
  if not certificate then
    return nil, message, err
  end
  local published = {}
  for name, value in pairs(description) do
    published[name] = value
  end
  for _, which in ipairs { "sp", "idp" } do
    local role = description[which]
    if role then
      local copy = {}
      for name, value in pairs(role) do
        copy[name] = value
      end
      copy.certificates, message, err = with_next(which, role, certificate)
      if not copy.certificates then
        return nil, message, err
      end
      published[which] = copy
    end
  end
  return published
end

signature.declare("watch:", methods, {
  saw = "entity_id: string, sha256: string, use: string",
  report = "entity: table, options?: table",
})

signature.declare("saml.rollover.", M, {
  watch = "options: table",
  publish = "description: table, next_certificate: userdata|string",
})

return M
