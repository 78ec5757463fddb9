--- Brings a file with the metadata of one entity up to date, from an address or from another file: for timers and for
-- people. What reads the file never sees half of it, and what is worse than what is there does not replace it.
-- @module lastpass.saml.metadata.refresh
local checks = require "lastpass.saml.checks"
local differences = require "lastpass.saml.metadata.diff"
local errors = require "lastpass.error"
local fetch = require "lastpass.saml.metadata.fetch"
local files = require "lastpass.files"
local load = require "lastpass.saml.metadata.load"
local read = require "lastpass.saml.metadata.read"
local times = require "lastpass.time"
local warnings = require "lastpass.saml.metadata.warnings"

local M = {}

---@class lastpass.saml.Refreshed
---@field changed boolean                the file was written
---@field entity lastpass.saml.Entity
---@field difference? lastpass.saml.Difference to what the file had; nil when there was none
---@field warnings lastpass.saml.Warning[]

local known = {
  from = "string",
  to = "string",
  dry_run = "boolean",
  hold_risky = "boolean",
  warn_days = "number",
  transport = { "string", "table" },
  ca_file = "string",
  proxy = "string",
  timeout = "number",
}
for name, kind in pairs(read.known) do
  known[name] = kind
end

local function reading_of(options)
  local reading = {}
  for name in pairs(read.known) do
    reading[name] = options[name]
  end
  return reading
end

local function new_version(options)
  local reading = reading_of(options)
  if not options.from:find "^%a[%w+.-]*://" then
    return load.file(options.from, reading)
  end
  local fetcher = fetch.new {
    url = options.from,
    allow_http = options.allow_http,
    transport = options.transport,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout,
  }
  return fetch.version(fetcher, reading)
end

-- What the file has so far. It is read without a pin (its signature may be gone, and it only serves as what to compare
-- with) and whatever its age. What is no metadata is somebody's file, and is not written over.
local function old_version(options)
  if not files.is_readable(options.to) then
    return nil
  end
  local version, message = load.file(options.to, { allow_http = true, now = -math.huge })
  if not version then
    return errors.fail(
      "argument",
      "cannot_write",
      ("%s is there and is not the metadata of one entity: %s"):format(options.to, message),
      { file = options.to, hint = "name another file, or remove this one first" }
    )
  end
  version.entity.signed = options.pin ~= nil
  return version
end

local function check_replacement(options, old, new, difference)
  if old and old.entity.entity_id ~= new.entity.entity_id then
    local detail = ("%s has %s, and this is %s"):format(
      options.to,
      old.entity.entity_id,
      new.entity.entity_id
    )
    return checks.fail("metadata_entity", { detail = detail })
  elseif options.hold_risky and difference and difference.risky > 0 then
    local message = ("%s stays as it is, for the new metadata is risky"):format(options.to)
    return errors.fail("guard", "metadata_risky", message, {
      difference = difference,
      hint = "compare with the other side, then refresh without the option hold_risky",
    })
  end
  return true
end

--- Brings a file up to date.
---@param options table from (path or address), to (path), and those of `read`; hold_risky: what is risky is not taken;
-- dry_run; warn_days; ca_file, proxy, timeout, transport
---@return lastpass.saml.Refreshed|nil
---@return string? message the file stays as it is
---@return lastpass.Error? err
function M.file(options)
  options = read.check("saml.metadata.refresh", options, known)
  if not options.from or not options.to then
    errors.raise(3, "saml.metadata.refresh: needs from and to")
  end
  local new, message, err = new_version(options)
  if not new then
    return nil, message, err
  end
  local now = options.now or times.now()
  local old
  old, message, err = old_version(options)
  if message then
    return nil, message, err
  end
  local difference = old and differences.compare(old.entity, new.entity, now)
  local ok
  ok, message, err = check_replacement(options, old, new, difference)
  local changed = not old or old.xml ~= new.xml
  if ok and changed and not options.dry_run then
    ok, message, err = files.write(options.to, new.xml, true)
  end
  if not ok then
    return nil, message, err
  end
  return {
    changed = changed,
    entity = new.entity,
    difference = difference,
    warnings = warnings.of(new.entity, now, options.warn_days),
  }
end

return M
