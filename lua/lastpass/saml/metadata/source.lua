--- A source of metadata: a file or an address that is read again, and the last good copy of it, which serves until
-- its validUntil whatever comes after it. The new copy takes the old one's place in one step.
-- @module lastpass.saml.metadata.source
local checks = require "lastpass.saml.checks"
local differences = require "lastpass.saml.metadata.diff"
local errors = require "lastpass.error"
local fetch = require "lastpass.saml.metadata.fetch"
local load = require "lastpass.saml.metadata.load"
local read = require "lastpass.saml.metadata.read"
local signature = require "lastpass.signature"
local store = require "lastpass.saml.metadata.cache"
local times = require "lastpass.time"
local warnings = require "lastpass.saml.metadata.warnings"

local M = {}

---@class lastpass.saml.Source
local methods = {}
local source_mt = { __name = "lastpass.saml.Source", __index = methods }

-- Where nothing says how long a copy is good for: a file is looked at each minute, an address each hour. What
-- cacheDuration asks for is kept within these bounds.
local FILE_INTERVAL, URL_INTERVAL = 60, 3600
local LEAST_INTERVAL, MOST_INTERVAL = 300, 86400

-- After a failure it is tried again, first soon, then less and less often.
local FIRST_PAUSE = 30

local known = {
  path = "string",
  url = "string",
  cache = "string",
  refresh = "number",
  warn_days = "number",
  approve = "function",
  on_event = "function",
  clock = "function",
  transport = { "string", "table" },
  ca_file = "string",
  proxy = "string",
  timeout = "number",
}
for name, kind in pairs(read.known) do
  if name ~= "now" and name ~= "max_bytes" then
    known[name] = kind
  end
end

local function nothing() end

local function reading_options(self)
  local options = self._options
  return {
    entity_id = options.entity_id,
    role = options.role,
    pin = options.pin,
    skew = options.skew,
    allow_http = options.allow_http,
    now = self:_now(),
  }
end

function methods:_now()
  return self._options.clock()
end

-- ------------------------------------------------------------------ the copy that serves

local function skew_of(self)
  return self._options.skew or 60
end

--- The entity, as the last good copy says it.
---@return lastpass.saml.Entity|nil entity
---@return string? message
---@return lastpass.Error? err that of the last failure when there never was a copy; "metadata_expired"
function methods:entity()
  if not self._version then
    local _, message, err = self:refresh()
    if not self._version then
      return nil, message, err
    end
  elseif self:is_due() then
    self:refresh() -- what fails is an event, and the copy serves on
  end
  local entity = self._version.entity
  if entity.valid_until and entity.valid_until + skew_of(self) <= self:_now() then
    return checks.fail("metadata_expired", {
      detail = ("the last good copy was valid until %s%s"):format(
        times.iso(entity.valid_until),
        self._failure and ("; since then: %s"):format(self._failure.message) or ""
      ),
      valid_until = entity.valid_until,
    })
  end
  return entity
end

source_mt.__call = methods.entity

function source_mt.__tostring(self)
  return ("lastpass.saml.Source (%s)"):format(self._options.path or self._options.url)
end

local function interval_of(self, entity)
  local options = self._options
  local interval = options.refresh
  if not interval then
    local hint = entity.cache_duration
    interval = hint and math.min(math.max(hint, LEAST_INTERVAL), MOST_INTERVAL)
      or options.url and URL_INTERVAL
      or FILE_INTERVAL
  end
  return interval
end

--- Whether it is time to read it again.
---@return boolean
function methods:is_due()
  return self:_now() >= (self._next or 0)
end

-- ------------------------------------------------------------------ reading it again

local function failed(self, message, err)
  self._failures = self._failures + 1
  self._failure = { message = message, code = err.code, at = self:_now() }
  local pause = math.min(
    FIRST_PAUSE * 2 ^ (self._failures - 1),
    interval_of(self, self._version and self._version.entity or {})
  )
  self._next = self:_now() + pause
  self._options.on_event {
    kind = "metadata_failed",
    message = message,
    code = err.code,
    source = self._options.path or self._options.url,
    serving = self._version ~= nil,
  }
  return nil, message, err
end

local function succeeded(self)
  self._failures, self._failure = 0, nil
  self._read_at = self:_now()
  self._next = self._read_at + interval_of(self, self._version.entity)
  for _, warning in ipairs(self:warnings()) do
    self._options.on_event { kind = "metadata_warning", message = warning.text, warning = warning }
  end
end

-- Another entity in the place of the known one is nobody's update.
local function check_identity(self, entity)
  local old = self._version and self._version.entity
  if old and old.entity_id ~= entity.entity_id then
    local detail = ("%s, not %s as before"):format(entity.entity_id, old.entity_id)
    return checks.fail("metadata_entity", { detail = detail })
  end
  return true
end

local function approve(self, difference)
  local may = self._options.approve
  if not difference or difference.risky == 0 or not may or may(difference) then
    return true
  end
  local message = ("the new metadata is not taken, for it is risky: %s"):format(
    (difference.text:gsub("\n", "; "))
  )
  return errors.fail("guard", "metadata_risky", message, { difference = difference })
end

local function read_version(self)
  local options, known_sha256 = self._options, self._version and self._version.sha256
  if options.path then
    return load.file(options.path, reading_options(self), known_sha256)
  end
  return fetch.version(self._fetcher, reading_options(self), known_sha256)
end

-- The copy on disk is for the next start; that it cannot be written does not stop this one.
local function keep(self, version)
  if not self._options.cache then
    return
  end
  local ok, message = store.write(self._options.cache, version, self._options)
  if not ok then
    self._options.on_event { kind = "metadata_cache", message = message }
  end
end

--- Reads it again. The copy that serves is replaced when the new one is whole, valid and allowed; else it stays.
---@return boolean|nil changed nil when it failed
---@return lastpass.saml.Difference|string|nil difference what changed; or the message
---@return lastpass.Error? err
function methods:refresh()
  self._next = self:_now() + FIRST_PAUSE -- while this one waits for the network, others are served the copy
  local version, message, err = read_version(self)
  if version and not version.entity then -- the bytes are those of the copy
    succeeded(self)
    return false
  end
  local ok = version and true
  local difference
  if ok then
    ok, message, err = check_identity(self, version.entity)
  end
  if ok then
    difference = self._version
      and differences.compare(self._version.entity, version.entity, self:_now())
    ok, message, err = approve(self, difference)
  end
  if not ok then
    return failed(self, message, err)
  end
  self._version = version
  succeeded(self)
  keep(self, version)
  if difference and #difference.changes > 0 then
    self._options.on_event {
      kind = "metadata_changed",
      message = difference.text,
      difference = difference,
    }
  end
  return true, difference
end

-- ------------------------------------------------------------------ what is to be known of it

--- What will end soon.
---@param days? number how many days before; default the option warn_days
---@return lastpass.saml.Warning[]
function methods:warnings(days)
  if not self._version then
    return {}
  end
  return warnings.of(self._version.entity, self:_now(), days or self._options.warn_days)
end

--- How it stands.
---@return table status read_at, next (epoch seconds), sha256, valid_until, failure ({message, code, at}), from_cache
function methods:status()
  local version = self._version
  return {
    read_at = self._read_at,
    next = self._next,
    sha256 = version and version.sha256,
    valid_until = version and version.entity.valid_until,
    failure = self._failure,
    from_cache = version ~= nil and version.from_cache == true,
  }
end

local function from_cache(self)
  local version, message = store.read(self._options.cache, reading_options(self), self._options)
  if version then
    self._version = version
  elseif message then
    self._options.on_event { kind = "metadata_cache", message = message }
  end
end

--- Makes a source. Nothing is read yet, except the copy of the option `cache`.
---@param options table
---@return lastpass.saml.Source
function M.new(options)
  options = read.check("saml.metadata.source", options, known)
  if (options.path == nil) == (options.url == nil) then
    errors.raise(3, "saml.metadata.source: needs path or url, one of them")
  elseif options.refresh and options.refresh < 1 then
    errors.raise(3, "saml.metadata.source: option 'refresh' must be at least 1 second")
  end
  local copy = { clock = times.now, on_event = nothing, warn_days = warnings.DEFAULT_DAYS }
  for name, value in pairs(options) do
    copy[name] = value
  end
  local self = setmetatable({ _options = copy, _failures = 0 }, source_mt)
  self._fetcher = copy.url and fetch.new(copy)
  if copy.cache then
    from_cache(self)
  end
  return self
end

signature.declare("source:", methods, {
  entity = "",
  refresh = "",
  is_due = "",
  warnings = "days?: number",
  status = "",
})

return M
