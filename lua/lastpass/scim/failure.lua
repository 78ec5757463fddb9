--- Failures of SCIM: the RFC's error types and what they are called here (scim §2.12).
-- @module lastpass.scim.failure
local errors = require "lastpass.error"

local M = {}

-- By scimType: the code of the error, and its HTTP status when that is not 400.
local types = {
  invalidFilter = { code = "invalid_filter" },
  invalidPath = { code = "invalid_path" },
  invalidSyntax = { code = "invalid_syntax" },
  invalidValue = { code = "invalid_value" },
  noTarget = { code = "no_target" },
  mutability = { code = "mutability" },
  tooMany = { code = "too_many" },
  uniqueness = { code = "uniqueness", status = 409 },
}

--- A failure that a server answers with, and a client is given before it sends anything.
---@param scim_type string an error type of RFC 7644 §3.12
---@param message string for whoever administers the client
---@param fields? table further fields of the error
---@return nil
---@return string message
---@return lastpass.Error err with `status` and `scim_type`
function M.fail(scim_type, message, fields)
  local known = types[scim_type]
  local all = { status = known.status or 400, scim_type = scim_type }
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  return errors.fail("argument", known.code, message, all)
end

-- What is raised inside of a parser, and returned at its entry.
local refusal_mt = {}

local function raise(scim_type, message, fields)
  error(setmetatable({ scim_type = scim_type, message = message, fields = fields }, refusal_mt), 0)
end

--- Leaves a function that `guarded` runs with a failure.
---@param scim_type string
---@param form string as of string.format
function M.refuse(scim_type, form, ...)
  raise(scim_type, form:format(...))
end

--- The same with further fields of the error.
M.raise = raise

--- A result, or the failure that it is, in a function that `guarded` runs.
---@param result any
---@param message? string
---@param err? lastpass.Error
---@return any result
function M.must(result, message, err)
  if result == nil then
    raise(err.scim_type, message, { position = err.position })
  end
  return result
end

local function finish(ok, result, ...)
  if ok then
    return result, ...
  elseif getmetatable(result) == refusal_mt then
    return M.fail(result.scim_type, result.message, result.fields)
  end
  return error(result, 0)
end

--- Runs a function.
---@param work function
---@return any result of the function, or nil
---@return any second of its results; or the message
---@return lastpass.Error? err
function M.guarded(work, ...)
  return finish(pcall(work, ...))
end

return M
