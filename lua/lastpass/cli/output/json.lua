--- `--json`: one array, an object a line; `--ndjson` without the array.
-- @module lastpass.cli.output.json
local json = require "lastpass.json"
local output = require "lastpass.cli.output"

local M = {}

-- A field that has no elements is a list: no field of a view is an object.
local function encode(value)
  if type(value) == "table" then
    if (getmetatable(value) or {}).__tostring then
      return json.shown(tostring(value))
    elseif next(value) == nil then
      return "[]"
    end
  end
  return json.shown(value)
end

--- An object as JSON, its fields in their order; what has no value is null.
---@param view lastpass.cli.View
---@param fields string[]
---@param object any
---@return string
function M.object(view, fields, object)
  local parts = {}
  for place, field in ipairs(fields) do
    local value = output.value(view, object, field)
    parts[place] = ('"%s":%s'):format(field, value == nil and "null" or encode(value))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- Shows rows as an array.
function M.rows(session, view, plan, each)
  local before = "[\n"
  for object in each do
    session.streams:write(before, M.object(view, plan.fields, object))
    before = ",\n"
  end
  session.streams:write(before == "[\n" and "[]\n" or "\n]\n")
end

--- Shows one object.
function M.one(session, view, plan, object)
  session.streams:write(M.object(view, plan.fields, object), "\n")
end

return M
