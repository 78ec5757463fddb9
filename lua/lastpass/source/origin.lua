--- Origins: where a person comes from, so that a plan can name the row that caused a step.
-- @module lastpass.source.origin
local M = {}

--- A place in a file; `tostring` gives "hr.csv:17".
---@class lastpass.source.Origin
---@field file string
---@field row integer  the number of the row; in a spreadsheet the header is row 1, blank ones count
---@field line integer the physical line of the file the row starts on

--- The metatable of places in files, for the rows that are made in C.
M.file_mt = { __name = "lastpass.source.origin" }

function M.file_mt.__tostring(origin)
  return ("%s:%d"):format(origin.file, origin.line)
end

--- A place in a file.
---@param file string
---@param row integer
---@param line integer
---@return lastpass.source.Origin
function M.of_file(file, row, line)
  return setmetatable({ file = file, row = row, line = line }, M.file_mt)
end

local list_mt = { __name = "lastpass.source.origin" }

function list_mt.__tostring(origin)
  return ("%s:%d"):format(origin.list, origin.row)
end

--- A place in a Lua list; `tostring` gives "table:3".
---@param list string what the list is called
---@param row integer
---@return table origin {list, row}
function M.of_list(list, row)
  return setmetatable({ list = list, row = row }, list_mt)
end

local entry_mt = { __name = "lastpass.source.origin" }

-- The names of an entry and of its base share their end, as the server writes them mostly to the
-- letter; if it does not, the whole name is shown.
function entry_mt.__tostring(origin)
  local tail = "," .. origin.base:lower()
  if #origin.dn > #tail and origin.dn:sub(-#tail):lower() == tail then
    return ("%s/%s %s"):format(origin.url, origin.base, origin.dn:sub(1, -#tail - 1))
  end
  return ("%s/%s"):format(origin.url, origin.dn)
end

--- An entry of a directory; `tostring` gives "ldap://host/ou=people,dc=acme uid=ann".
---@param url string
---@param base string
---@param dn string
---@return table origin {url, base, dn}
function M.of_entry(url, base, dn)
  return setmetatable({ url = url, base = base, dn = dn }, entry_mt)
end

--- What tells a place from the others of its source, for those who remember many of them.
---@param place table
---@return string|integer
function M.mark(place)
  return place.line or place.dn or place.row
end

--- The text of another place of the same source.
---@param place table
---@param mark string|integer of that other place
---@return string
function M.text(place, mark)
  local other = {}
  for name, value in pairs(place) do
    other[name] = value
  end
  other[other.line and "line" or other.dn and "dn" or "row"] = mark
  return tostring(setmetatable(other, getmetatable(place)))
end

return M
