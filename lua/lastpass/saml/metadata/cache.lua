--- The last good copy of metadata on disk: what a program starts with when the source cannot be reached. It holds one
-- entity, however large the document was. Its signature may be gone (what was verified stood in a larger document),
-- so a copy that others can write is not read.
-- @module lastpass.saml.metadata.cache
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"
local read = require "lastpass.saml.metadata.read"

local M = {}

local FORMAT = 1

-- What the copy was made from: another source or another pinned certificate makes it useless.
local function origin_of(options)
  local pinned, message, err = read.pinned(options.pin)
  if message then
    return nil, message, err
  end
  local pins = {}
  for index, certificate in ipairs(pinned or {}) do
    pins[index] = certificate:fields().sha256
  end
  table.sort(pins)
  table.insert(pins, 1, options.entity_id or "")
  table.insert(pins, 1, options.path or options.url)
  return table.concat(pins, "\n")
end

--- Writes the copy; what stood there stays until all of the new is written.
---@param path string
---@param version table of `load.file`
---@param options table of the source
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err
function M.write(path, version, options)
  local origin, message, err = origin_of(options)
  if not origin then
    return nil, message, err
  end
  return files.write(
    path,
    json.encode {
      format = FORMAT,
      origin = origin,
      sha256 = version.sha256,
      valid_until = version.entity.valid_until,
      extracted = version.extracted,
      xml = version.xml,
    }
  )
end

local function unusable(path, reason, hint)
  local message = ("the copy of the metadata, %s, is not used: %s"):format(path, reason)
  return errors.fail("argument", "metadata_cache", message, { hint = hint })
end

--- Reads the copy.
---@param path string
---@param reading table options of reading
---@param options table of the source
---@return table|nil version nil without a message when there is none
---@return string? message why it is not used
---@return lastpass.Error? err
function M.read(path, reading, options)
  if not files.is_readable(path) then
    return nil
  end
  local reason, hint = files.changeable(path)
  if reason then
    return unusable(path, reason, hint)
  end
  local text, message, err = files.read(path)
  if not text then
    return nil, message, err
  end
  local copy = json.decode(text)
  if type(copy) ~= "table" or copy.format ~= FORMAT or type(copy.xml) ~= "string" then
    return unusable(path, "it is not one of this program's")
  end
  local origin
  origin, message, err = origin_of(options)
  if not origin then
    return nil, message, err
  elseif copy.origin ~= origin then
    return nil
  end
  if copy.extracted then
    reading.pin = nil
  end
  local outer = type(copy.valid_until) == "number" and { copy.valid_until } or nil
  local entity
  entity, message, err = read.entity(copy.xml, reading, outer)
  if not entity then
    return unusable(path, message, err.hint)
  end
  entity.signed = options.pin ~= nil
  return {
    sha256 = copy.sha256,
    entity = entity,
    xml = copy.xml,
    extracted = copy.extracted,
    from_cache = true,
  }
end

return M
