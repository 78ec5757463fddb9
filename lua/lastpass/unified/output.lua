--- Bodies of answers: JSON with members in the order of the documentation, the envelope of lists, and
-- single items (unified-directory §1.2, §1.3).
-- @module lastpass.unified.output
local json = require "lastpass.json"
local query = require "lastpass.unified.query"

local M = {}

-- `id` first, the raw record last; members that are not named here come in between, sorted.
local order = "id external_id identifiers user_id role_id group_id first_name last_name name label "
  .. "title username email emails phones description status action actor type is_primary "
  .. "is_email_verified is_2fa_enabled roles organization organizations user_type group_type "
  .. "workspace applicable_in licenses groups workspaces created_at updated_at last_login_at "
  .. "last_active_at"

local UNNAMED, LAST = 500, 1000
local rank, quoted, ranked = { remote_data = LAST }, { remote_data = '"remote_data":' }, 0
for name in order:gmatch "%S+" do
  ranked = ranked + 1
  rank[name], quoted[name] = ranked, ('"%s":'):format(name)
end

local function comes_before(a, b)
  local one, other = rank[a] or UNNAMED, rank[b] or UNNAMED
  if one ~= other then
    return one < other
  end
  return a < b
end

local function sorted_names(object)
  local names = {}
  for name in pairs(object) do
    names[#names + 1] = name
  end
  table.sort(names, comes_before)
  return names
end

local encode

local function encode_object(object)
  local parts = {}
  for position, name in ipairs(sorted_names(object)) do
    parts[position] = (quoted[name] or json.encode(name) .. ":") .. encode(object[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  if type(value) ~= "table" then
    return json.encode(value)
  elseif #value > 0 or json.is_list(value) then
    local parts = {}
    for position = 1, #value do
      parts[position] = encode(value[position])
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  return encode_object(value)
end

--- Writes a value as JSON; equal values give equal bytes.
---@param value any
---@return string
M.encode = encode

-- Members are left out only when the caller excludes them.
local function encode_item(object, options)
  for name in pairs(options.exclude) do
    object[name] = nil
  end
  return encode(object)
end

local function is_scalar(value)
  return value ~= nil and (type(value) ~= "table" or value == json.null)
end

local function encode_by_key(items, options, keys)
  local name, parts, positions = options.key_by, {}, {}
  local is_key = keys[name] == "scalar"
  for _, item in ipairs(is_key and items or {}) do
    local key = item[name]
    is_key = is_key and is_scalar(key)
    key = key == json.null and "" or tostring(key)
    local position = positions[key] or #parts + 1
    positions[key] = position
    parts[position] = json.encode(key) .. ":" .. encode_item(item, options)
  end
  if not is_key then
    return query.bad("truto_key_by", "must be a member that is one value, such as id")
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encode_list(items, options)
  local parts = {}
  for position, item in ipairs(items) do
    parts[position] = encode_item(item, options)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

--- A page of a list. `debug` is null, because a page comes from the directory that was read before: there is no
-- call of LastPass to describe.
---@param items table[] they are changed
---@param next_cursor string|nil
---@param options table of `query.options`
---@param keys table<string, string> member -> kind; `truto_key_by` may name those of kind "scalar"
---@param is_partial? boolean
---@return string|nil body
---@return lastpass.unified.Problem? problem
function M.list(items, next_cursor, options, keys, is_partial)
  local result, problem
  if options.key_by then
    result, problem = encode_by_key(items, options, keys)
  else
    result = encode_list(items, options)
  end
  if not result then
    return nil, problem
  end
  return ('{"result":%s,"next_cursor":%s,"prev_cursor":null,"result_count":%d%s%s}'):format(
    result,
    json.encode(next_cursor),
    #items,
    is_partial and ',"is_partial_response":true' or "",
    options.format == "debug" and ',"debug":null' or ""
  )
end

--- A single item.
---@param object table it is changed
---@param options table of `query.options`
---@return string body
function M.single(object, options)
  if options.format == "raw" then
    return encode(object.remote_data or object)
  end
  local body = encode_item(object, options)
  if options.format == "debug" then
    return ('{"result":%s,"debug":null}'):format(body)
  end
  return body
end

return M
