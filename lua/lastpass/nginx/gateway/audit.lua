--- The audit log of the gateway: a line of JSON for what is about to be written to LastPass, and one for its outcome:
-- who, for which company, what. No secret gets here: of what is set only the names of the fields are logged. Nothing
-- is written to LastPass that could not be logged first.
-- @module lastpass.nginx.gateway.audit
local characters = require "lastpass.text.characters"
local core = require "lastpass.core"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local texts = require "lastpass.unified.texts"
local time = require "lastpass.time"

---@class lastpass.nginx.gateway.Audit
local methods = {}
local audit_mt = { __index = methods }

local M = {}

local MOST_SUBJECTS = 20
local LONGEST_TEXT = 254 -- of an address (RFC 5321)

---@class lastpass.nginx.gateway.AuditEntry
---@field token string
---@field tenant string
---@field request string        id of the request
---@field remote_address? string
---@field action string         "disable", "groups", …, or "proxy deluser"
---@field subjects string[]     addresses
---@field fields? string[]      names of what is set
---@field outcome "intent"|"done"|"refused"|"failed"|"unknown"
---@field code? string          of the failure

-- nginx cuts a message of its log at 2048 bytes, its own beginning and end included.
local LONGEST_LOG = 1500

-- Whether nginx drops messages of level notice, which would leave no line at all.
local function log_is_too_coarse()
  local ok, errlog = pcall(require, "ngx.errlog")
  return ok and errlog.get_sys_filter_level() < ngx.NOTICE
end

--- Writes to the error log of nginx, level notice; a long line in pieces.
---@param line string
---@return true|nil
---@return string? message
function M.to_log(line)
  if log_is_too_coarse() then
    return nil, "nginx's error_log leaves out messages of level notice"
  end
  local pieces = math.ceil(#line / LONGEST_LOG)
  for piece = 1, pieces do
    local text = line:sub((piece - 1) * LONGEST_LOG + 1, piece * LONGEST_LOG)
    local number = pieces > 1 and ("(%d/%d) "):format(piece, pieces) or ""
    ngx.log(ngx.NOTICE, "lastpass audit ", number, text)
  end
  return true
end

-- Whether the file ends with a line end: half a line that was written to a full disk must stay by itself. Files that
-- cannot be read or have no end, such as pipes, count as ending with one.
local function ends_with_line_end(file)
  local length = file:seek "end"
  if not length or length == 0 or not file:seek("set", length - 1) then
    return true
  end
  local last = file:read(1)
  return last == nil or last == "\n"
end

-- Opens the file for each line, so that log rotation only has to rename it. The line is handed to the system in one
-- piece, so that lines of several workers do not mix; a full disk shows at the latest when the file is closed.
local function file_sink(path)
  return function(line)
    local file, message = io.open(path, "a+b")
    if not file then
      file, message = io.open(path, "ab") -- may be written and not read
    end
    if not file then
      return nil, message
    end
    file:setvbuf("full", #line + 2)
    line = (ends_with_line_end(file) and "" or "\n") .. line .. "\n"
    file:seek "end" -- C wants this between reading and writing
    local ok
    ok, message = file:write(line)
    if ok then
      ok, message = file:flush()
    end
    local closed, reason = file:close()
    if ok and closed then
      return true
    end
    return nil, message or reason or "it could not be closed"
  end
end

-- A function reports a failure by an error, by false, or by nil and a message.
local function function_sink(fn)
  local function result_of(ok, first, message)
    if not ok then
      return nil, tostring(first)
    elseif first == false or first == nil and message ~= nil then
      return nil, tostring(message or "the function of the option 'audit' failed")
    end
    return true
  end
  return function(line)
    return result_of(pcall(fn, line))
  end
end

--- The function that writes the lines.
---@param where string|function|nil path of a file; function that gets each line; nil: nginx's log
---@return fun(line: string): true|nil, string?
function M.sink(where)
  if type(where) == "string" then
    return file_sink(where)
  end
  return where and function_sink(where) or M.to_log
end

local FAILURE = "audit failure"
local FAILURE_LENGTH = 300

-- Of fixed length, so that there is always memory for it.
local function padded(text)
  text = texts.clean(text:sub(1, FAILURE_LENGTH)):sub(1, FAILURE_LENGTH)
  return text .. (" "):rep(FAILURE_LENGTH - #text)
end

--- Opens the audit.
---@param where string|function|nil as of `sink`
---@param dict table of `ngx.shared`: where /healthz of every worker sees that lines are lost
---@return lastpass.nginx.gateway.Audit
function M.open(where, dict)
  dict:safe_add(FAILURE, padded "")
  return setmetatable({ _sink = M.sink(where), _dict = dict }, audit_mt)
end

--- Why the last line could not be written.
---@param dict table of `ngx.shared`
---@return string|nil message nil when it was written
function M.failure(dict)
  local text = (dict:get(FAILURE) or ""):match "^(.-)%s*$"
  return text ~= "" and text or nil
end

-- Shortens a list and its strings, and escapes control characters, marks that change the direction of writing and the
-- like: audit logs are read in terminals.
local function shorten(list)
  local short = json.list {}
  for position = 1, math.min(#list, MOST_SUBJECTS) do
    short[position] = texts.clean(core.clean(list[position])):sub(1, LONGEST_TEXT)
    if not characters.is_utf8(short[position]) then
      short[position] = texts.clean(short[position])
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

--- The outcome of a write, from its failure.
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

--- Logs an entry.
---@param entry lastpass.nginx.gateway.AuditEntry
---@param now number epoch seconds
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "no_audit"
function methods:write(entry, now)
  local ok, message = self._sink(M.line(entry, now))
  local before = M.failure(self._dict)
  if ok then
    if before then
      self._dict:safe_set(FAILURE, padded "")
    end
    return true
  end
  self._dict:safe_set(FAILURE, padded(message))
  return errors.fail("cancelled", "no_audit", "nothing is written without a trace: " .. message)
end

return M
