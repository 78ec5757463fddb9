--- What a request of the REST API asks for: which operation, its ids, its query and its body, checked by the table of
-- operations.
-- @module lastpass.sandbox.business.request
local json = require "lastpass.json"
local operations = require "lastpass.business.operations"
local percent = require "lastpass.text.percent"
local problems = require "lastpass.sandbox.business.problems"

local M = {}

local DEFAULT_PAGE = 10

local refuse = problems.refuse

local patterns = {}
for _, operation in ipairs(operations.list) do
  local names = {}
  local path = operation.path:gsub("%-", "%%-"):gsub("{([^}]+)}", function(name)
    names[#names + 1] = name
    return "(%d+)"
  end)
  patterns[#patterns + 1] = {
    operation = operation,
    path = "^" .. path .. "$",
    parameters = names,
    method = operation.method,
  }
end

-- What is only named or inferred (business §2).
local undocumented = {
  { "GET", "^/v1/users/(%d+)$", "get_user" },
  { "PATCH", "^/v1/users/(%d+)$", "patch_user" },
  { "DELETE", "^/v1/users/(%d+)$", "delete_user" },
  { "POST", "^/v1/users/(%d+)/invite$", "invite_user" },
  { "GET", "^/v1/admin%-levels/(%d+)/users$", "admin_level_users", { most = 500, query = {} } },
}

--- An id as a number; those above 2^53 are nobody's here.
function M.id(digits)
  return #digits < 16 and tonumber(digits) or 0
end

--- The operation of a path, and its ids as digits.
---@return table|nil operation
---@return string[]|nil digits
---@return boolean|nil other there is one of another method
function M.find(method, path)
  local other = false
  for _, one in ipairs(patterns) do
    local found = { path:match(one.path) }
    if found[1] then
      if one.method == method then
        return one.operation, found
      end
      other = true
    end
  end
  for _, one in ipairs(undocumented) do
    local found = { path:match(one[2]) }
    if found[1] and one[1] == method then
      local operation = { name = one[3], is_undocumented = true }
      operation.body = one[3] == "patch_user" and {} or nil
      for name, value in pairs(one[4] or {}) do
        operation[name] = value
      end
      return operation, found
    end
  end
  return nil, nil, other
end

-- A value of the query, as the client's option would have it; nil and what it must be.
local function read_parameter(row, text)
  for _, value in ipairs { text, tonumber(text) or false } do
    if value and row[1](value) then
      return value
    end
  end
  local list = {}
  for word in text:gmatch "[^,]+" do
    list[#list + 1] = word
  end
  local ok, expected = row[1](list)
  if ok then
    return list
  end
  local _, of_text = row[1](text)
  return nil, of_text or expected
end

--- The query, by the options of the client.
---@return table|nil query with `max` and `token` of a list
---@return table|nil refusal a reply
function M.query(operation, text)
  local known = {}
  for option, row in pairs(operation.query or {}) do
    known[row[2]] = { option, row }
  end
  local given, message = percent.form(text or "")
  if not given then
    return nil, refuse("query", message)
  end
  local query = { max = DEFAULT_PAGE }
  local seen = {}
  for _, one in ipairs(given) do
    local name = one.name
    if seen[name] then
      return nil, refuse("query/" .. name, "is given twice")
    end
    seen[name] = true
    if name == "max-results" and operation.most then
      local number = one.value:find "^%d+$" and tonumber(one.value)
      if not number or number < 1 or number > operation.most then
        return nil, refuse("query/max-results", ("must be 1 to %d"):format(operation.most))
      end
      query.max = number
    elseif name == "page-token" and operation.most then
      query.token = one.value
    elseif known[name] then
      local value, expected = read_parameter(known[name][2], one.value)
      if value == nil then
        return nil, refuse("query/" .. name, "must be " .. tostring(expected))
      end
      query[known[name][1]] = value
    else
      return nil, refuse("query/" .. name, "is not known")
    end
  end
  for _, name in ipairs(operation.query and operation.required or {}) do
    if query[name] == nil then
      return nil, refuse("query/" .. operation.query[name][2], "is missing")
    end
  end
  return query
end

--- The body, by the names on the wire.
---@return table|nil body
---@return table|nil refusal a reply
function M.body(operation, request)
  local value = json.decode(request.body or "")
  if type(value) ~= "table" or #value > 0 then
    return nil, problems.fail(400, "the body is not a JSON object")
  end
  local known = {}
  for option, row in pairs(operation.body) do
    known[row[2]] = { option, row }
  end
  local body, errors = {}, {}
  for name, one in pairs(value) do
    local row = known[name]
    if one == json.null then
      one = nil
    elseif not operation.is_undocumented then
      local ok, expected
      if row then
        ok, expected = row[2][1](one)
      end
      if not ok then
        errors[#errors + 1] = {
          pointer = "/" .. name,
          detail = row and "must be " .. tostring(expected) or "is not known",
        }
      end
    end
    body[name] = one
  end
  for _, name in
    ipairs(operation.name == "update_managed_company" and {} or operation.required or {})
  do
    local wire = operation.body[name][2]
    if body[wire] == nil then
      errors[#errors + 1] = { pointer = "/" .. wire, detail = "is missing" }
    end
  end
  table.sort(errors, function(a, b)
    return a.pointer < b.pointer
  end)
  if errors[1] then
    return nil, problems.fail(400, "one or more fields are wrong", errors)
  end
  return body
end

return M
