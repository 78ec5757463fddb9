--- One line of JSON for each write: who, for which company, what, how it ended. No secret gets here:
-- of what was set only the names of the fields are told.
-- @module lastpass.nginx.gateway.audit
local errors = require "lastpass.error"
local json = require "lastpass.json"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"

local M = {}

local MOST_SUBJECTS = 20
local LONGEST_TEXT = 200

---@class lastpass.nginx.gateway.AuditEntry
---@field token string
---@field tenant string
---@field request string        id of the request
---@field remote_address? string
---@field action string         "disable", "groups", …, or "proxy deluser"
---@field subjects string[]     addresses
---@field fields? string[]      names of what is set
---@field outcome "done"|"refused"|"failed"|"unknown"
---@field code? string          of the failure

--- Writes to the error log of nginx, level notice.
---@param line string
function M.to_log(line)
  ngx.log(ngx.NOTICE, "lastpass audit ", line)
end

-- Opened for each line, so that whoever turns logs over only has to rename the file.
local function to_file(path)
  return function(line)
    local file, message = io.open(path, "ab")
    if not file then
      return nil, message
    end
    local ok
    ok, message = file:write(line, "\n")
    file:close()
    return ok and true, message
  end
end

--- What writes the lines.
---@param where string|function|nil path of a file; function that is given each line; nil: nginx's log
---@return fun(line: string)
function M.sink(where)
  if type(where) == "string" then
    return to_file(where)
  end
  return where or M.to_log
end

--- Whether lines can be written: nothing is changed that would leave no trace.
---@param where string|function|nil as of `sink`
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.check(where)
  if type(where) ~= "string" then
    return true
  end
  local file, message = io.open(where, "ab")
  if not file then
    return errors.fail("cancelled", "no_audit", "nothing is written without a trace: " .. message)
  end
  file:close()
  return true
end

local function shorten(list)
  local short = json.list {}
  for place = 1, math.min(#list, MOST_SUBJECTS) do
    short[place] = texts.clean(list[place]):sub(1, LONGEST_TEXT)
    if not texts.is_utf8(short[place]) then
      short[place] = texts.clean(short[place])
    end
  end
  return short
end

--- The line of an entry.
---@param entry lastpass.nginx.gateway.AuditEntry
---@param now number epoch seconds
---@return string
function M.line(entry, now)
  return json.encode {
    time = time.iso(now),
    token = entry.token,
    tenant = entry.tenant,
    request = entry.request,
    remote_address = entry.remote_address,
    action = entry.action,
    subjects = shorten(entry.subjects),
    count = #entry.subjects,
    fields = entry.fields and shorten(entry.fields),
    outcome = entry.outcome,
    code = entry.code,
  }
end

--- How a write ended, from its failure.
---@param err lastpass.Error|nil
---@return string outcome
---@return string? code
function M.outcome(err)
  if not err then
    return "done"
  elseif err.uncertain then
    return "unknown", err.code
  elseif err.kind == "guard" or err.kind == "conflict" then
    return "refused", err.code
  end
  return "failed", err.code
end

return M
