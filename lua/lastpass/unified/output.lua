--- What a request says about its answer: how much, from where on, in which form (§1.4, §1.5).
-- @module lastpass.unified.output
local problems = require "lastpass.unified.problems"
local query = require "lastpass.unified.query"

local M = {}

M.DEFAULT_LIMIT = 100
M.MAX_LIMIT = 500

local formats = { unified = true, raw = true, normalized = true, stream = true, debug = true }

local function limit_of(tree)
  local text = tree.limit
  if text == nil or text == "" then
    return M.DEFAULT_LIMIT
  end
  local number = type(text) == "string" and text:find "^%d%d?%d?%d?$" and tonumber(text)
  if not number or number < 1 or number > M.MAX_LIMIT then
    return query.bad("limit", ("must be a number from 1 to %d"):format(M.MAX_LIMIT))
  end
  return number
end

local function text_of(tree, name)
  local value = tree[name]
  if value ~= nil and type(value) ~= "string" then
    return query.bad(name, "must be a text")
  end
  return value ~= "" and value or nil
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

--- Reads the options of an answer.
---@param tree table of `query.read`
---@param settings table remote_data
---@return table|nil output limit, cursor, sort, format, key_by, exclude, with_record, remote
---@return lastpass.unified.Problem? problem
function M.read(tree, settings)
  local output, problem = {}, nil
  local function need(name, value, failure)
    output[name] = value
    problem = problem or failure
  end
  local ignore_limit, ignore_record, exclude
  ignore_limit, problem = query.truth(tree, "truto_ignore_limit")
  if not problem then
    ignore_record, problem = query.truth(tree, "truto_ignore_remote_data")
  end
  if not problem then
    exclude, problem = query.list(tree, "truto_exclude_fields")
  end
  need("limit", limit_of(tree))
  need("cursor", text_of(tree, "next_cursor"))
  need("sort", text_of(tree, "sort_by"))
  need("key_by", text_of(tree, "truto_key_by"))
  need("format", text_of(tree, "truto_response_format"))
  if problem then
    return nil, problem
  end
  output.format = output.format or "unified"
  if not formats[output.format] then
    return query.bad("truto_response_format", "must be unified, raw, normalized, stream or debug")
  elseif ignore_limit then
    output.limit = M.DEFAULT_LIMIT
  end
  output.exclude = set_of(exclude)
  output.with_record = ignore_record == false
    or settings.remote_data and not ignore_record
    or output.format == "raw"
  output.remote = tree.remote_query or {}
  if type(output.remote) ~= "table" then
    return problems.fail(400, "remote_query must be an object: remote_query[name]=value")
  end
  return output
end

return M
