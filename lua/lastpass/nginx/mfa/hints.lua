--- What the guard's own pages have to know of the page that somebody wants to see: its address, and what it asks for. They
-- carry it in their addresses and forms. It decides what is shown and nothing else: the location itself decides whether
-- somebody passes.
-- @module lastpass.nginx.mfa.hints
local errors = require "lastpass.error"
local mfa_options = require "lastpass.nginx.mfa.options"
local requests = require "lastpass.nginx.guard.request"

local M = {}

local MOST_METHODS = 200 -- bytes

--- The hints of a requirement.
---@param target string
---@param requirement table
---@return table hints target, age, by, methods (texts)
function M.of(target, requirement)
  return {
    target = target,
    age = requirement.max_age and ("%d"):format(requirement.max_age) or nil,
    by = requirement.by and table.concat(errors.names_of(requirement.by), ",") or nil,
    methods = requirement.method_list and table.concat(requirement.method_list, ",") or nil,
  }
end

local function words_of(text, allowed)
  local list = {}
  for word in (text or ""):gmatch "%a+" do
    if not allowed or allowed[word] then
      list[#list + 1] = word
    end
  end
  return list[1] and list or nil
end

--- The hints of a request's parameters.
---@param given table<string, any> query or form
---@param landing string where to go without a target
---@return table|nil hints nil: the target is not a path of this server, or a parameter came twice
function M.read(given, landing)
  for _, name in ipairs { "target", "age", "by", "methods" } do
    if given[name] ~= nil and type(given[name]) ~= "string" then
      return nil
    end
  end
  local target = given.target or landing
  if not requests.is_target(target) or #(given.methods or "") > MOST_METHODS then
    return nil
  end
  local by = words_of(given.by, mfa_options.factors)
  local asked = words_of(given.methods)
  return {
    target = target,
    age = given.age and given.age:match "^%d%d?%d?%d?%d?%d?%d?$",
    by = by and table.concat(by, ","),
    methods = asked and table.concat(asked, ","),
  }
end

--- What the hints say that the page asks for, together with the guard.
---@param hints table
---@param settings table
---@return table requirement max_age, by, methods, method_list
function M.requirement(hints, settings)
  local asked = words_of(hints.methods)
  local by = {}
  for _, word in ipairs(words_of(hints.by) or errors.names_of(settings.by)) do
    by[word] = settings.by[word]
  end
  return {
    max_age = tonumber(hints.age),
    by = by,
    methods = asked and errors.set_of(asked),
    method_list = asked,
  }
end

--- The address of one of the guard's own locations, with hints.
---@param path string
---@param hints table
---@return string
function M.address(path, hints)
  local parts = {}
  for _, name in ipairs { "target", "age", "by", "methods" } do
    if hints[name] then
      parts[#parts + 1] = name .. "=" .. ngx.escape_uri(hints[name])
    end
  end
  return path .. "?" .. table.concat(parts, "&")
end

return M
