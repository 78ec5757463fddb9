--- Answers: the envelope of lists, single things, what deletes and custom methods give (§1.2, §1.3).
-- @module lastpass.unified.envelope
local encode = require("lastpass.unified.encode").encode
local json = require "lastpass.json"
local query = require "lastpass.unified.query"

local M = {}

-- The caller may not want some members; no other reason takes any away.
local function trim(object, output)
  for name in pairs(output.exclude) do
    object[name] = nil
  end
  return object
end

local function is_scalar(value)
  return value ~= nil and (type(value) ~= "table" or value == json.null)
end

local function by_key(items, output, scalars)
  local name, parts, places = output.key_by, {}, {}
  if not scalars[name] then
    return query.bad("truto_key_by", "must be a member that is one value, such as id")
  end
  for _, item in ipairs(items) do
    local key = item[name]
    if not is_scalar(key) then
      return query.bad("truto_key_by", "must be a member that is one value, such as id")
    end
    key = key == json.null and "" or tostring(key)
    local place = places[key] or #parts + 1
    places[key] = place
    parts[place] = json.encode(key) .. ":" .. encode(trim(item, output))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function as_list(items, output)
  local parts = {}
  for place, item in ipairs(items) do
    parts[place] = encode(trim(item, output))
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

--- A page of a list. `debug` has null for what would be said of a call of LastPass: the page comes
-- from what has been read before.
---@param items table[] they are changed
---@param next_cursor string|nil
---@param output table of `output.read`
---@param scalars table<string, true> members that `truto_key_by` may name
---@param is_partial? boolean
---@return string|nil body
---@return lastpass.unified.Problem? problem
function M.list(items, next_cursor, output, scalars, is_partial)
  local result, problem
  if output.key_by then
    result, problem = by_key(items, output, scalars)
  else
    result = as_list(items, output)
  end
  if not result then
    return nil, problem
  end
  return ('{"result":%s,"next_cursor":%s,"prev_cursor":null,"result_count":%d%s%s}'):format(
    result,
    json.encode(next_cursor),
    #items,
    is_partial and ',"is_partial_response":true' or "",
    output.format == "debug" and ',"debug":null' or ""
  )
end

--- One thing.
---@param object table it is changed
---@param output table of `output.read`
---@return string body
function M.single(object, output)
  if output.format == "raw" then
    return encode(object.remote_data or object)
  end
  local body = encode(trim(object, output))
  if output.format == "debug" then
    return ('{"result":%s,"debug":null}'):format(body)
  end
  return body
end

return M
