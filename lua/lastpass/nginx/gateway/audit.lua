--- One line of JSON for what is about to be written, and one for how it ended: who, for which company,
-- what. No secret gets here: of what was set only the names of the fields are reported. Nothing is written
-- to LastPass that could not be written down first.
-- @module lastpass.nginx.gateway.audit
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

-- Whether nginx passes messages of level notice over, which would leave no line at all.
local function log_is_too_coarse()
  local found, errlog = pcall(require, "ngx.errlog")
  return found and errlog.get_sys_filter_level() < ngx.NOTICE
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
    local part = line:sub((piece - 1) * LONGEST_LOG + 1, piece * LONGEST_LOG)
    local number = pieces > 1 and ("(%d/%d) "):format(piece, pieces) or ""
    ngx.log(ngx.NOTICE, "lastpass audit ", number, part)
  end
  return true
end

-- Half a line that a full disk took stays by itself. What cannot be read or has no end, such as a pipe, has
-- no half lines that could be seen.
local function begins_a_line(file)
  local length = file:seek "end"
  if not length or length == 0 or not file:seek("set", length - 1) then
    return true
  end
  local last = file:read(1)
  return last == nil or last == "\n"
end

-- Opened for each line, so that whoever rotates logs only has to rename the file. The line is handed to the
-- system in one piece, so that lines of several workers do not mix; a full disk shows at the latest when
-- the file is closed.
local function to_file(path)
  return function(line)
    local file, message = io.open(path, "a+b")
    if not file then
      file, message = io.open(path, "ab") -- may be written and not read
    end
    if not file then
      return nil, message
    end
    file:setvbuf("full", #line + 2)
    line = (begins_a_line(file) and "" or "\n") .. line .. "\n"
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

-- A function says that it failed by an error, by false, or by nil and a message.
local function to_function(fn)
  local function result_of(ok, first, message)
    if not ok then
      return nil, tostring(first)
    elseif first == false or first == nil and message ~= nil then
      return nil, tostring(message or "the function of the option 'audit' says so")
    end
    return true
  end
  return function(line)
    return result_of(pcall(fn, line))
  end
end

--- What writes the lines.
---@param where string|function|nil path of a file; function that is given each line; nil: nginx's log
---@return fun(line: string): true|nil, string?
function M.sink(where)
  if type(where) == "string" then
    return to_file(where)
  end
  return where and to_function(where) or M.to_log
end

local FAILURE = "audit failure"
local FAILURE_LENGTH = 300

-- Of one length, so that there is always room for it.
local function failure_text(text)
  text = texts.clean(text:sub(1, FAILURE_LENGTH)):sub(1, FAILURE_LENGTH)
  return text .. (" "):rep(FAILURE_LENGTH - #text)
end

--- Opens the audit.
---@param where string|function|nil as of `sink`
---@param dict table of `ngx.shared`: where /healthz of any worker sees that lines are lost
---@return lastpass.nginx.gateway.Audit
function M.open(where, dict)
  dict:safe_add(FAILURE, failure_text "")
  return setmetatable({ _sink = M.sink(where), _dict = dict }, audit_mt)
end

--- Why the last line could not be written.
---@param dict table of `ngx.shared`
---@return string|nil message nil when it was written
function M.failure(dict)
  local text = (dict:get(FAILURE) or ""):match "^(.-)%s*$"
  return text ~= "" and text or nil
end

-- Control characters, marks that turn the direction of writing and the like are written out: lines of an
-- audit are read in terminals.
local function shorten(list)
  local short = json.list {}
  for place = 1, math.min(#list, MOST_SUBJECTS) do
    short[place] = texts.clean(core.clean(list[place])):sub(1, LONGEST_TEXT)
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

--- Writes an entry.
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
      self._dict:safe_set(FAILURE, failure_text "")
    end
    return true
  end
  self._dict:safe_set(FAILURE, failure_text(message))
  return errors.fail("cancelled", "no_audit", "nothing is written without a trace: " .. message)
end

return M
