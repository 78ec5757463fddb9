--- Where rows of a source come from, and rows that were refused, with the reason.
-- @module lastpass.source.problems
local text = require "lastpass.text"

local M = {}

--- Where a person comes from, so that a plan can name the row that caused a step. `tostring` gives
-- "hr.csv:17", "table:3", "ldap://host/ou=people,dc=acme uid=ann" or "https://host/scim/v2/Users/345". Of a file it
-- has file, row and line; of a Lua list list and row; of a directory url, base and dn; of a SCIM server url and id.
---@class lastpass.source.Origin
---@field file? string
---@field list? string
---@field row? integer  the number of the row; in a spreadsheet the header is row 1, blank ones count
---@field line? integer the physical line of the file the row starts on
---@field url? string
---@field base? string
---@field dn? string
---@field id? string

--- The metatable of origins, also for the rows that are made in C.
M.origin_mt = { __name = "lastpass.source.origin" }

function M.origin_mt.__tostring(origin)
  if origin.file then
    return ("%s:%d"):format(origin.file, origin.line)
  elseif origin.list then
    return ("%s:%d"):format(origin.list, origin.row)
  elseif origin.id then
    return ("%s/Users/%s"):format(origin.url, origin.id)
  end
  -- The names of an entry and of its base share their end, as the server writes them mostly to the
  -- letter; if it does not, the whole name is shown.
  local tail = "," .. origin.base:lower()
  if #origin.dn > #tail and origin.dn:sub(-#tail):lower() == tail then
    return ("%s/%s %s"):format(origin.url, origin.base, origin.dn:sub(1, -#tail - 1))
  end
  return ("%s/%s"):format(origin.url, origin.dn)
end

--- Makes an origin of its fields.
---@param fields table {file, row, line}, {list, row}, {url, base, dn} or {url, id}
---@return lastpass.source.Origin
function M.origin(fields)
  return setmetatable(fields, M.origin_mt)
end

--- What distinguishes an origin from the others of its source, for those who remember many of them.
---@param origin lastpass.source.Origin
---@return string|integer
function M.origin_mark(origin)
  return origin.line or origin.dn or origin.id or origin.row
end

--- The text of another origin of the same source.
---@param origin lastpass.source.Origin
---@param mark string|integer of that other one
---@return string
function M.origin_text(origin, mark)
  local other = {}
  for name, value in pairs(origin) do
    other[name] = value
  end
  other[other.line and "line" or other.dn and "dn" or other.id and "id" or "row"] = mark
  return tostring(M.origin(other))
end

--- A row that was refused; `tostring` gives "hr.csv:17: " and the reason. The fields of its origin
-- (file, row, line; or list, row; or url, base, dn; or url, id) are its own as well.
---@class lastpass.source.Problem
---@field origin lastpass.source.Origin as good rows have it
---@field code string    "missing_value", "bad_email", "duplicate", "too_few_fields", …
---@field reason string   a sentence for a person
---@field field? string   the field it is about
---@field column? string  where it comes from: header, key or attribute
---@field value? string   what stands there, its first 1000 bytes
---@field key? string     the key of the row, when it could be read (addresses folded)
---@field file? string
---@field row? integer     as in `lastpass.source.Origin`
---@field line? integer
---@field first_line? integer with "duplicate" in a CSV file: the line of the row that was taken
---@field first? string   with "duplicate" elsewhere: the origin of that row, as "table:3"

local problem_mt = { __name = "lastpass.source.problems" }

function problem_mt.__tostring(problem)
  return text.clean(("%s: %s"):format(tostring(problem.origin), problem.reason))
end

--- A value as a message may show it: short, on one line, nothing a terminal would act on.
---@param value string
---@return string
function M.shown(value)
  if #value > 60 then
    value = value:sub(1, 60):gsub("[\192-\255][\128-\191]*$", "") .. "…"
  end
  return "'" .. text.clean((value:gsub("[%z\1-\31\127]", "?"))) .. "'"
end

--- Records that a row is refused.
---@param self table the source: its proof and problems
---@param origin lastpass.source.Origin
---@param code string
---@param reason string
---@param about? table {column =, value =, key =}
---@return nil
---@return lastpass.source.Problem problem
function M.refuse(self, origin, code, reason, about)
  about = about or {}
  self.proof.refused = self.proof.refused + 1
  local column, problem = about.column, {}
  for name, value in pairs(origin) do
    problem[name] = value
  end
  problem.origin, problem.code, problem.reason = origin, code, reason
  problem.field = column and column.name
  problem.column = column and column.label
  problem.value = about.value and about.value:sub(1, 1000)
  problem.key = about.key
  self.problems[#self.problems + 1] = setmetatable(problem, problem_mt)
  return nil, problem
end

return M
