--- Which attributes of a resource an answer shows: `attributes`, `excludedAttributes` and the schema's `returned`
-- (scim §2.3, §2.6).
-- @module lastpass.scim.server.selection
local schema = require "lastpass.scim.schema"

local M = {}

local methods = {}
local selection_mt = { __index = methods }

-- A tree of names: those of the core by themselves, an extension's below its URN. `true`: all of it.
local function add(tree, name, sub)
  if not sub then
    tree[name] = true
  elseif tree[name] ~= true then
    tree[name] = tree[name] or {}
    tree[name][sub] = true
  end
end

-- Names that no schema knows are ignored (scim §2.6).
local function tree_of(type, names)
  local tree = {}
  for _, text in ipairs(names) do
    local found = schema.resolve(type, text)
    local extension = found and found.extension
    if extension and found.name then
      tree[extension.urn] = tree[extension.urn] or {}
      if tree[extension.urn] ~= true then
        add(tree[extension.urn], found.name, found.sub)
      end
    elseif extension then
      tree[extension.urn] = true
    elseif found and found.name then
      add(tree, found.name, found.sub)
    end
  end
  return tree
end

-- Names whose `returned` is not "default", of a type.
local function special_names(type)
  local special = {}
  for _, attribute in ipairs(type.attributes) do
    if attribute.returned and attribute.returned ~= "default" then
      special[attribute.name] = attribute.returned
    end
  end
  special.id, special.schemas = "always", "always"
  return special
end

local specials = setmetatable({}, { __mode = "k" })

--- Makes a selection for resources of a type.
---@param type table of lastpass.scim.schema
---@param asked table `attributes`, `excluded`: lists of names, nil when not given
---@param written? table<string, any> attributes that the client has just written
function M.new(type, asked, written)
  local special = specials[type] or special_names(type)
  specials[type] = special
  return setmetatable({
    special = special,
    only = asked.attributes and tree_of(type, asked.attributes),
    without = asked.excluded and tree_of(type, asked.excluded),
    written = written or {},
  }, selection_mt)
end

--- Whether an attribute, or something of it, will be shown.
---@param name string an attribute of the core, or the URN of an extension
function methods:wants(name)
  local returned = self.special[name]
  if returned == "always" then
    return true
  elseif returned == "never" or (self.without and self.without[name] == true) then
    return false
  elseif self.only then
    return self.only[name] ~= nil
  end
  return returned ~= "request" or self.written[name] ~= nil
end

local select_value

local function select_object(value, only, without)
  local copy
  for name, sub in pairs(value) do
    if (not only or only[name]) and not (without and without[name] == true) then
      copy = copy or {}
      copy[name] = select_value(sub, only and only[name], without and without[name])
    end
  end
  return copy
end

-- Of a complex value the named parts, of a list those of each element.
function select_value(value, only, without)
  only = type(only) == "table" and only or nil
  without = type(without) == "table" and without or nil
  if type(value) ~= "table" or not (only or without) then
    return value
  elseif #value == 0 then
    return select_object(value, only, without)
  end
  local list = {}
  for _, element in ipairs(value) do
    list[#list + 1] = type(element) == "table" and select_object(element, only, without) or element
  end
  return list[1] and list or nil
end

--- The part of a resource that is shown; the resource is not changed.
---@param resource table
---@return table
function methods:apply(resource)
  local shown = {}
  for name, value in pairs(resource) do
    if self:wants(name) then
      local is_whole = self.special[name] == "always"
      shown[name] = is_whole and value
        or select_value(value, self.only and self.only[name], self.without and self.without[name])
    end
  end
  return shown
end

return M
