--- Reads metadata: one entity of a document, its validity, its roles (saml §4).
-- @module lastpass.saml.metadata.read
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"
local hints = require "lastpass.saml.metadata.hints"
local names = require "lastpass.saml.names"
local reading = require "lastpass.saml.read"
local roles = require "lastpass.saml.metadata.roles"
local times = require "lastpass.time"

local M = {}

local MD = names.ns.metadata

--- How deep EntitiesDescriptor may be nested, and how many bytes the XML of one entity may have.
M.MAX_NESTING = 8
M.MAX_BYTES = 4 * 1024 * 1024

local MAX_ELEMENTS = 4000000

local DEFAULT_SKEW, MAX_SKEW = 60, 300

-- ------------------------------------------------------------------ options

--- What all ways of reading take.
M.known = {
  entity_id = "string",
  role = "string",
  pin = { "string", "table", "userdata" },
  now = "number",
  skew = "number",
  allow_http = "boolean",
  max_bytes = "number",
}

--- Checks the options of a reader; wrong ones raise.
---@param where string
---@param options table|nil
---@param known? table
---@return table
function M.check(where, options, known)
  options = errors.check_options(where, options, known or M.known, 3)
  if options.role and options.role ~= "idp" and options.role ~= "sp" then
    errors.raise(3, "%s: option 'role' must be idp or sp", where)
  elseif options.entity_id == "" then
    errors.raise(3, "%s: option 'entity_id' is empty", where)
  elseif options.skew and (options.skew < 0 or options.skew > MAX_SKEW) then
    errors.raise(3, "%s: option 'skew' must be from 0 to %d seconds", where, MAX_SKEW)
  end
  return options
end

--- The certificates of the option `pin`.
---@param pin string|table|userdata|nil PEM, DER or Base64, a certificate, or a list of these
---@return table[]|nil certificates nil without a message when nothing is pinned
---@return string? message
---@return lastpass.Error? err
function M.pinned(pin)
  if pin == nil then
    return nil
  end
  local list = {}
  for index, one in ipairs(type(pin) == "table" and pin or { pin }) do
    local certificate, message, code = one, nil, nil
    if type(one) == "string" then
      certificate, message, code = require("lastpass.xmldsig").certificate(one)
    end
    if not certificate then
      message = ("the pinned certificate of the metadata: %s"):format(message)
      return errors.fail("argument", code, message)
    end
    list[index] = certificate
  end
  if #list == 0 then
    errors.raise(
      3,
      "saml.metadata: option 'pin' is an empty list; leave it out if nothing is pinned"
    )
  end
  return list
end

-- ------------------------------------------------------------------ the document

-- What the XML library refuses has the same codes as for messages.
local function refused(message, code)
  local _, refusal, err = checks.fail_xml(code, "the metadata: " .. tostring(message))
  err.hint = hints[err.code] or err.hint
  return nil, refusal, err
end

local function parse(text, options)
  local limit = options.max_bytes or M.MAX_BYTES
  if #text > limit then
    local detail = ("the metadata has %d bytes, more than %d"):format(#text, limit)
    return checks.fail("message_too_large", { detail = detail, hint = "load it by its path" })
  end
  local document, message, code =
    require("lastpass.xmldsig").parse(text, { bytes = limit, elements = MAX_ELEMENTS })
  if not document then
    return refused(message, code)
  end
  return document
end

--- Verifies the signature on the root of a document, and gives what was signed.
---@param text string
---@param pinned table[] certificates
---@param options table max_bytes
---@return string|nil octets
---@return string? message
---@return lastpass.Error? err
function M.verified(text, pinned, options)
  local document, message, err = parse(text, options)
  if not document then
    return nil, message, err
  end
  local octets, code
  octets, message, code = document:verify { certificates = pinned }
  document:close() -- it may be large, which the collector does not know
  if not octets then
    return refused(message, code)
  end
  return octets
end

-- ------------------------------------------------------------------ validity

-- xs:duration: without months and years, which have no fixed length, 30 and 365 days are counted.
local UNITS = { Y = 31536000, M = 2592000, D = 86400 }
local TIME_UNITS = { H = 3600, M = 60, S = 1 }

local function add_units(text, units)
  local total, rest = 0, text
  while rest ~= "" do
    local number, unit, after = rest:match "^(%d+%.?%d*)(%u)(.*)$"
    if not number or not units[unit] or #number > 9 then
      return nil
    end
    total, rest = total + tonumber(number) * units[unit], after
  end
  return total
end

--- Reads an xs:duration.
---@param text string "PT6H", "P1D"
---@return number|nil seconds
function M.duration(text)
  local days, clock = text:match "^%s*P([^T]*)T?(.-)%s*$"
  if not days or days .. clock == "" then
    return nil
  end
  days, clock = add_units(days, UNITS), add_units(clock, TIME_UNITS)
  return days and clock and days + clock or nil
end

-- Keeps the earliest end of all levels that an entity stands in, and the shortest cacheDuration.
local function validity_of(options)
  local now = options.now or times.now()
  local limits = {}

  local function until_(utc, where)
    if utc <= now - (options.skew or DEFAULT_SKEW) then
      local detail = ("%s was valid until %s, and it is %s"):format(
        where,
        times.iso(utc),
        times.iso(now)
      )
      return checks.fail("metadata_expired", { detail = detail, valid_until = utc })
    end
    limits.valid_until = math.min(utc, limits.valid_until or utc)
    return true
  end

  return limits,
    function(element)
      local utc, message, err = reading.optional_time(element, "validUntil")
      if message then
        return nil, message, err
      end
      local cached = element.attributes.cacheDuration
      local seconds = cached and M.duration(cached)
      if cached and not seconds then
        local detail = ('cacheDuration="%s" of %s'):format(cached, element.name)
        return checks.fail("metadata_value", { detail = detail })
      elseif seconds then
        limits.cache_duration = math.min(seconds, limits.cache_duration or seconds)
      end
      if utc then
        return until_(utc, element.name)
      end
      return true
    end,
    until_
end

-- ------------------------------------------------------------------ one entity

local function collect(element, path, found, entity_id)
  if #path > M.MAX_NESTING then
    local detail = ("EntitiesDescriptor nested deeper than %d"):format(M.MAX_NESTING)
    return checks.fail("xml_too_deep", { detail = detail })
  end
  for _, child in ipairs(element.children) do
    if child.ns == MD and child.name == "EntityDescriptor" then
      found.seen[#found.seen + 1] = child.attributes.entityID
      if child.attributes.entityID == entity_id then
        found[#found + 1] = { element = child, path = { (table.unpack or unpack)(path) } }
      end
    elseif child.ns == MD and child.name == "EntitiesDescriptor" then
      path[#path + 1] = child
      local ok, message, err = collect(child, path, found, entity_id)
      path[#path] = nil
      if not ok then
        return nil, message, err
      end
    end
  end
  return found
end

local function some_of(list)
  local shown = {}
  for index = 1, math.min(#list, 5) do
    shown[index] = list[index]
  end
  return table.concat(shown, ", ") .. (#list > 5 and (", and %d more"):format(#list - 5) or "")
end

-- The element of the entity that was asked for, and those around it.
local function find_entity(root, entity_id)
  if root.ns ~= MD or root.name ~= "EntityDescriptor" and root.name ~= "EntitiesDescriptor" then
    local detail = ("the root element is %s of %s"):format(
      root.name,
      root.ns ~= "" and root.ns or "no namespace"
    )
    return checks.fail("metadata_kind", { detail = detail })
  elseif root.name == "EntityDescriptor" then
    local is = root.attributes.entityID
    if not is or is == "" then
      return checks.fail("metadata_value", { detail = "EntityDescriptor has no entityID" })
    elseif entity_id and is ~= entity_id then
      return checks.fail("metadata_entity", { detail = ("%s, not %s"):format(is, entity_id) })
    end
    return { element = root, path = {} }
  end
  local found, message, err = collect(root, { root }, { seen = {} }, entity_id)
  if not found then
    return nil, message, err
  elseif not entity_id then
    return checks.fail("metadata_ambiguous", { detail = some_of(found.seen) })
  elseif #found > 1 then
    return checks.fail("metadata_duplicate", { detail = entity_id })
  elseif #found == 0 then
    local detail = ("%s is not among %d: %s"):format(entity_id, #found.seen, some_of(found.seen))
    return checks.fail("metadata_entity", { detail = detail })
  end
  return found[1]
end

local function check_levels(found, check_validity)
  for _, element in ipairs(found.path) do
    local ok, message, err = check_validity(element)
    if not ok then
      return nil, message, err
    end
  end
  return check_validity(found.element)
end

local function read_roles(element, entity, options)
  for _, which in ipairs { "idp", "sp" } do
    if not options.role or options.role == which then
      local role, message, err = roles.read(element, which, options)
      if message then
        return nil, message, err
      end
      entity[which] = role
    end
  end
  if not entity.idp and not entity.sp then
    local wanted = options.role == "idp" and "an identity provider"
      or options.role == "sp" and "a service provider"
      or "an identity provider or a service provider"
    return checks.fail(
      "metadata_role",
      { detail = ("%s is not %s"):format(entity.entity_id, wanted) }
    )
  end
  return entity
end

-- What LastPass does not say in its metadata: where its sessions are ended (saml §1.2).
local function complete(entity)
  local lastpass = require "lastpass.saml.lastpass"
  entity.lastpass = lastpass.generation_of(entity.entity_id)
  if entity.lastpass and entity.idp then
    entity.idp.logout_url = lastpass.generations[entity.lastpass].logout
  end
  return entity
end

local function read_root(root, options, outer)
  local limits, check_validity, check_until = validity_of(options)
  for _, utc in ipairs(outer or {}) do
    local ok, message, err = check_until(utc, "EntitiesDescriptor")
    if not ok then
      return nil, message, err
    end
  end
  local found, message, err = find_entity(root, options.entity_id)
  local ok
  if found then
    ok, message, err = check_levels(found, check_validity)
  end
  if not ok then
    return nil, message, err
  end
  local entity = { entity_id = found.element.attributes.entityID, notes = {} }
  ok, message, err = read_roles(found.element, entity, {
    role = options.role,
    allow_http = options.allow_http,
    check_validity = check_validity,
    note = function(format, ...)
      entity.notes[#entity.notes + 1] = format:format(...)
    end,
  })
  if not ok then
    return nil, message, err
  end
  entity.valid_until, entity.cache_duration = limits.valid_until, limits.cache_duration
  return complete(entity)
end

--- Reads one entity out of the root element of a document.
---@param root table
---@param options table
---@param outer? integer[] validUntil of the elements that it was taken out of
---@return lastpass.saml.Entity|nil
---@return string? message
---@return lastpass.Error? err
function M.from_root(root, options, outer)
  local entity, message, err = read_root(root, options, outer)
  if err then
    err.hint = hints[err.code] or err.hint
  end
  return entity, message, err
end

--- Reads one entity out of a text.
---@param xml string
---@param options table checked by `check`
---@param outer? integer[] validUntil of the elements that it was taken out of
---@return lastpass.saml.Entity|nil
---@return string? message
---@return lastpass.Error? err
function M.entity(xml, options, outer)
  local pinned, message, err = M.pinned(options.pin)
  if message then
    return nil, message, err
  end
  if pinned then
    xml, message, err = M.verified(xml, pinned, options)
    if not xml then
      return nil, message, err
    end
  end
  local document
  document, message, err = parse(xml, options)
  if not document then
    return nil, message, err
  end
  local entity
  local root = document:tree()
  document:close()
  entity, message, err = M.from_root(root, options, outer)
  if entity then
    entity.signed = pinned ~= nil
  end
  return entity, message, err
end

return M
