--- Failures: what happened and what to do, on standard error; in the words of the command line.
-- @module lastpass.cli.failure
local errors = require "lastpass.error"

local M = {}

-- ------------------------------------------------------------------ from Lua to the command line

local function as_flag(name)
  return "--" .. name:gsub("_", "-")
end

-- What a report calls an option, where the program has another name for it.
local other_names = { domains = "--domain", field = "--last-day" }

local function as_option(name)
  return "(" .. (other_names[name] or as_flag(name)) .. ")"
end

local rules = {
  {
    "^write %S+, or set LASTPASS_CID and LASTPASS_PROVHASH_FILE$",
    "lastpass profile add NAME --cid NUMBER makes one; or set LASTPASS_CID and "
      .. "LASTPASS_PROVHASH_FILE; to try things out, lastpass repl --sandbox",
  },
  { "^lastpass%.scim%.new: option '([%w_]+)'", "%1" },
  { "^saml%.metadata%.[%w_.]+: option 'entity_id'", "--entity" },
  { "^saml%.metadata%.[%w_.]+: option 'url': ", "" },
  { "^saml%.[%w_.]+: option '([%w_]+)'", as_flag },
  { "the option timeout", "--timeout" },
  { "the option (allow_%w+)", as_flag },
  { "the options? entity_id", "--entity" },
  { "^client:export: option '([%w_]+)'", as_flag },
  { "^client:export: ", "" },
  { "^report%.[%w_]+: option '([%w_]+)'", as_flag },
  { "^report%.[%w_]+: ", "" },
  { "^evidence%.[%w_]+: ", "" },
  { "^access_review%.[%w_]+: option '([%w_]+)'", as_flag },
  { "^access_review%.[%w_]+: ", "" },
  {
    "^give it the option scim = { token = … }, or write into the profile ([^;]*)",
    "write into the profile %1, or set LASTPASS_SCIM_TOKEN_FILE",
  },
  {
    "^give it the option rest = { key = … }, or write into the profile ([^;]*)",
    "write into the profile %1, or set LASTPASS_REST_KEY_FILE",
  },
  { "{ via = '(%a+)' }", "--via %1" },
  { "%(option ([%w_]+)%)", as_option },
  { "%(option 'path'%)", "(--journal)" },
  { "client:resume%((%d+)%)", "lastpass run resume %1" },
  { "client:undo%((%d+)%) makes the plan", "lastpass run undo %1" },
  { "client:undo%((%d+)%)", "lastpass run undo %1" },
  { "journal:runs{} lists them", "lastpass runs lists them" },
  { "journal:snapshots%(tenant%) lists them", "lastpass snapshot lists them" },
  { "} as an option of the call", "} as an option of plan" },
  { '{ limit = { ([%w_]+) = "?([%d.%%]+)"? } } as an option of plan', "--limit %1=%2" },
  {
    '{ limit_over_all = { ([%w_]+) = "?([%d.%%]+)"? } } as an option of plan',
    "--limit-over-all %1=%2",
  },
  {
    "{ limit = { (per_%a+) = { ([%w_]+) = (%d+) } } } as an option of plan",
    "--limit %1.%2=%3",
  },
  {
    "^say who applies it: lastpass%.new{.-} }, or (.*)$",
    "write %1: lastpass help mfa",
  },
  { "apply with { approver = … }", "--approver names the admin" },
  {
    "^give it the option mfa = { api_key = … }, or write into the profile (.*)$",
    "write into the profile %1, or set LASTPASS_MFA_KEY_FILE",
  },
  { "{ confirm_final = (%d+) }", "--confirm-final %1" },
  { "confirm_final = (%d+)", "--confirm-final %1" },
}

-- About a file that the command line names; a playbook has these as fields of its source.
local file_rules = {
  { "name it: source%.csv%b()", "--column email=TITLE names it" },
  { "say which column is which with the option 'columns'", "--column FIELD=TITLE says which is" },
  { "is the option 'delimiter' right%?", "is --delimiter right?" },
  { "delimiter = '(.-)'", "--delimiter '%1'" },
  { "leave out the option 'encoding'", "leave out --encoding" },
  { "see the option 'encoding'", "see --encoding" },
  { "encoding = '(.-)'", "--encoding %1" },
  { "header = (%d+)", "--header %1" },
  { "see the option 'max_problems'", "is it the right file, and are its options right?" },
  { "read it with source%.json, or save it as CSV", "save it as CSV" },
  { "read the directory with source%.ldap, or export", "export" },
}

local function replace(text, list)
  for _, rule in ipairs(list) do
    text = text:gsub(rule[1], rule[2])
  end
  return text
end

--- Replaces Lua by the commands and options that do the same.
---@param text string
---@param of_playbook? boolean it is about a playbook, where the fields of sources are written
---@return string
function M.in_commands(text, of_playbook)
  text = replace(text, rules)
  return of_playbook and text or replace(text, file_rules)
end

-- ------------------------------------------------------------------ as text

-- Fields that a program may want to decide by; the others are for people or large.
local FIELDS =
  { "kind", "code", "message", "hint", "command", "status", "retry_after", "uncertain" }

-- Lists of files: what has become of evidence.
local LISTS = { "changed", "missing", "added" }

local MOST_ROWS = 20

local function as_json(message, hint, err, code)
  local json = require "lastpass.json"
  local shown = { exit_code = code }
  for _, name in ipairs(FIELDS) do
    shown[name] = err[name]
  end
  for _, name in ipairs(LISTS) do
    shown[name] = type(err[name]) == "table" and json.list(err[name]) or nil
  end
  shown.message, shown.hint = message, hint
  return json.shown { error = shown }
end

local function add_rows(lines, rows, clean)
  for position, row in ipairs(rows) do
    if position > MOST_ROWS then
      lines[#lines + 1] = ("  and %d more"):format(#rows - MOST_ROWS)
      return
    end
    local who = type(row.item) == "table" and row.item.username or row.item or row.origin
    lines[#lines + 1] = ("  %s: %s"):format(
      clean(tostring(who or "?")),
      clean(tostring(row.reason))
    )
  end
end

--- The text of a failure.
---@param message string
---@param err lastpass.Error|nil
---@param options? table json: true for programs; code: the exit code; hint: instead of that of the failure
---@return string text without a final newline
function M.text(message, err, options)
  options = options or {}
  err = type(err) == "table" and err or {}
  local of_playbook = err.playbook ~= nil
  local hint = options.hint or err.hint
  hint = hint and M.in_commands(hint, of_playbook)
  message = M.in_commands(tostring(message), of_playbook)
  if options.json then
    return as_json(message, hint, err, options.code)
  end
  local clean = require("lastpass.core").clean
  local lines = {}
  for line in (message .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = clean(line)
  end
  lines[1] = "lastpass: " .. lines[1]
  add_rows(lines, err.rows or {}, clean)
  if hint and not message:find(hint, 1, true) then
    lines[#lines + 1] = "  " .. clean(hint)
  end
  return table.concat(lines, "\n")
end

-- ------------------------------------------------------------------ raised and returned

-- How the messages of the interpreter begin: nobody's words on a command line are the cause of these.
local INTERNAL = {
  "attempt to ",
  "bad argument #",
  "assertion failed!",
  "stack overflow",
  "C stack overflow",
  "not enough memory",
  "invalid value (",
  "invalid order function",
  "'for' ",
  "table index is ",
  "number has no integer representation",
  "module '",
  "string length overflow",
}

--- A message that was raised, without the place in the program.
---@param text string
---@return string
function M.without_position(text)
  return (text:gsub("^[^:]*:%d+: ", ""))
end

--- Whether an error that was raised is a mistake of this program: one of the interpreter, and no sentence about what
-- a person has given.
---@param raised any
---@return boolean
function M.is_internal(raised)
  if type(raised) ~= "string" then
    return false
  end
  local text = M.without_position(raised)
  for _, start in ipairs(INTERNAL) do
    if text:sub(1, #start) == start then
      return true
    end
  end
  return false
end

--- Whether it was raised by Ctrl-C, wherever the interpreter was.
---@param raised any
---@return boolean
function M.is_interrupt(raised)
  return type(raised) == "string" and raised:find("interrupted!", 1, true) ~= nil
end

local function after_call(ok, ...)
  if ok then
    return ...
  end
  local raised = ...
  if type(raised) == "table" or M.is_internal(raised) or M.is_interrupt(raised) then
    error(raised, 0)
  end
  return errors.fail("argument", "usage", M.without_position(tostring(raised)))
end

--- Calls a function of the library with what a person has given. What it raises for a programmer's
-- mistake is a mistake in the command line here; what the interpreter raises is one of this program, and is raised again.
---@param fn function
---@return any ... what it returns; or nil, message, err with kind "argument" when it raised a string
function M.call(fn, ...)
  return after_call(pcall(fn, ...))
end

--- Raises a failure, which the program then reports and ends with; gives anything else back.
---@param ... any what a function returned: a value, or nil, message, err
---@return any ...
function M.must(...)
  local value, message, err = ...
  if value == nil and message ~= nil then
    error(err or message, 0)
  end
  return ...
end

return M
