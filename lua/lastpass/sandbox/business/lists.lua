--- Lists of the REST API: filters, orders and pages (business §1.2).
-- @module lastpass.sandbox.business.lists
local base64 = require "lastpass.text.base64"
local digest = require "lastpass.digest"
local json = require "lastpass.json"
local problems = require "lastpass.sandbox.business.problems"

local M = {}

local function fingerprint(operation, path, query)
  local parts = { operation.name, path, tostring(query.max) }
  for option in pairs(operation.query) do
    local value = query[option]
    parts[#parts + 1] = option .. "=" .. json.encode(value == nil and json.null or value)
  end
  table.sort(parts)
  return digest.to_hex(digest.sha256(table.concat(parts, "\n"))):sub(1, 16)
end

-- A token is opaque, and good for the same filters only.
local function offset_of(token, mark)
  local text = base64.decode(token)
  local given, offset = (text or ""):match "^(%x+):(%d+)$"
  return given == mark and tonumber(offset) or nil
end

--- A page of rows, from where the token says.
function M.page(company, operation, path, query, rows)
  local mark, offset = fingerprint(operation, path, query), 0
  if query.token then
    offset = offset_of(query.token, mark)
    if not offset then
      return problems.refuse("query/page-token", "is not one of this list")
    end
  end
  local items = json.list {}
  for at = offset + 1, math.min(offset + query.max, #rows) do
    items[#items + 1] = rows[at]
  end
  local nulls = company.settings.rest_nulls
  local more = offset + query.max < #rows
  return {
    status = 200,
    value = {
      items = #items == 0 and nulls and json.null or items,
      nextPageToken = more and base64.encode(("%s:%d"):format(mark, offset + query.max))
        or nulls and json.null
        or nil,
    },
  }
end

--- Whether a value fits a filter: "%" is anything, what else it has stands for itself, in whatever case.
---@return fun(value: string|nil): boolean
function M.matcher(company, text)
  local folded = text:lower()
  if not folded:find("%", 1, true) and company.settings.rest_match == "part" then
    folded = "%" .. folded .. "%"
  end
  local pattern = "^"
    .. folded:gsub(".", function(character)
      return character == "%" and ".*" or (character:find "%w" and character or "%" .. character)
    end)
    .. "$"
  return function(value)
    return (value or ""):lower():find(pattern) ~= nil
  end
end

--- Whether a list, or the one value, has a value.
function M.has(list, value)
  for _, one in ipairs(type(list) == "table" and list or { list }) do
    if one == value then
      return true
    end
  end
  return false
end

--- The rows that a function lets through.
function M.filtered(rows, keep)
  local list = {}
  for _, row in ipairs(rows) do
    if keep(row) then
      list[#list + 1] = row
    end
  end
  return list
end

local sort_keys =
  { id = "id", name = "name", email = "email", ["account-status"] = "accountStatus" }

--- The rows in an order; as they are without one.
---@return table[]|nil rows nil when the order is none
function M.sorted(rows, order)
  if not order then
    return rows
  end
  local key, way = order:match "^([%w-]+):(%a+)$"
  key = sort_keys[key]
  if not key or (way ~= "asc" and way ~= "desc") then
    return nil
  end
  local list = M.filtered(rows, function()
    return true
  end)
  table.sort(list, function(a, b)
    if a[key] == b[key] then
      return a.id < b.id
    elseif way == "asc" then
      return a[key] < b[key]
    end
    return a[key] > b[key]
  end)
  return list
end

return M
