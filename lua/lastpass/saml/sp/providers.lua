--- The identity providers of a service provider, and which of them a request goes to: by its entity ID, by the domain of
-- the user's address, by the path that was asked for, or as a function of the program decides.
-- @module lastpass.saml.sp.providers
local checks = require "lastpass.saml.checks"
local errors = require "lastpass.error"

local methods = {}
local providers_mt = { __index = methods }

local M = {}

local known_entry = { metadata = { "table", "function" }, domains = "table", paths = "table" }

-- An entity, a source of `saml.metadata.source`, a function that gives an entity, or a table with one of them as `metadata`,
-- with `domains` and `paths`.
local function entry_of(where, given)
  if type(given) == "table" and given.metadata then
    errors.check_options(where, given, known_entry, 4)
    local entry = { metadata = given.metadata, paths = given.paths or {}, domains = {} }
    for _, domain in ipairs(given.domains or {}) do
      entry.domains[domain:lower()] = true
    end
    return entry
  end
  return { metadata = given, paths = {}, domains = {} }
end

local function is_entity(value)
  return type(value) == "table" and type(value.entity_id) == "string" and type(value.idp) == "table"
end

local function is_source(value)
  return type(value) == "function" or type(value) == "table" and type(value.entity) == "function"
end

local function check_entry(where, entry)
  local metadata = entry.metadata
  if not is_entity(metadata) and not is_source(metadata) then
    errors.raise(
      4,
      "%s: needs the metadata of an identity provider (saml.metadata.load, saml.metadata.source)",
      where
    )
  end
  return entry
end

--- Makes the list.
---@param where string
---@param given table|function
function M.new(where, given)
  where = where .. ": idp"
  if type(given) == "function" then
    return setmetatable({ _choose = given, _entries = {} }, providers_mt)
  end
  local is_single = is_entity(given) or is_source(given) or given.metadata
  local entries = {}
  for index, one in ipairs(is_single and { given } or given) do
    entries[index] = check_entry(where, entry_of(where, one))
  end
  if not entries[1] then
    errors.raise(3, "%s: there is no identity provider", where)
  end
  return setmetatable({ _entries = entries }, providers_mt)
end

-- What an entry says now: a source gives its last good copy.
local function entity_of(entry)
  local metadata = entry.metadata
  if is_entity(metadata) then
    return metadata
  elseif type(metadata) == "function" then
    return metadata()
  end
  return metadata:entity()
end

local function chosen(self, hint)
  local entity, message, err = self._choose(hint)
  if entity and not is_entity(entity) then
    errors.raise(3, "saml.sp.new: idp: the function gave no metadata of an identity provider")
  elseif not entity and message then
    return nil, message, err
  end
  return entity
end

--- The identity provider of an entity ID.
---@param entity_id string
---@return lastpass.saml.Entity|nil
---@return string? message
---@return lastpass.Error? err code "unknown_idp", or that of its source
function methods:find(entity_id)
  local problem, problem_err
  local list = {}
  if self._choose then
    local entity, message, err = chosen(self, { entity_id = entity_id })
    if err then
      return nil, message, err
    end
    list[1] = entity
  end
  for _, entry in ipairs(self._entries) do
    local entity, message, err = entity_of(entry)
    list[#list + 1] = entity
    problem, problem_err = problem or message, problem_err or err
  end
  for _, entity in ipairs(list) do
    if entity.entity_id == entity_id then
      return entity
    end
  end
  if problem then
    return nil, problem, problem_err
  end
  return checks.fail("unknown_idp", { detail = ("'%s'"):format(entity_id:sub(1, 200)) })
end

local function by_domain(self, domain)
  for _, entry in ipairs(self._entries) do
    if entry.domains[domain:lower()] then
      return entry
    end
  end
  return nil
end

-- The longest of the paths decides.
local function by_path(self, path)
  local best, length
  for _, entry in ipairs(self._entries) do
    for _, beginning in ipairs(entry.paths) do
      local fits = path:sub(1, #beginning) == beginning
      local ends = beginning:sub(-1) == "/"
        or path:sub(#beginning + 1):find "^[/?]"
        or path == beginning
      if fits and ends and #beginning > (length or 0) then
        best, length = entry, #beginning
      end
    end
  end
  return best
end

--- The identity provider that a request goes to.
---@param hint {idp: string|nil, domain: string|nil, path: string|nil}
---@return lastpass.saml.Entity|nil
---@return string? message
---@return lastpass.Error? err code "unknown_idp"
function methods:choose(hint)
  if hint.idp then
    return self:find(hint.idp)
  elseif self._choose then
    local entity, message, err = chosen(self, { domain = hint.domain, path = hint.path })
    if not entity and not message then
      return checks.fail("unknown_idp")
    end
    return entity, message, err
  end
  local entry = hint.domain and by_domain(self, hint.domain)
    or hint.path and by_path(self, hint.path)
    or not self._entries[2] and self._entries[1]
  if not entry then
    local detail = ("there are %d, and nothing says which"):format(#self._entries)
    if hint.domain then
      detail = ("nobody is named for the domain '%s'"):format(hint.domain:sub(1, 100))
    end
    return checks.fail("unknown_idp", { detail = detail })
  end
  return entity_of(entry)
end

return M
