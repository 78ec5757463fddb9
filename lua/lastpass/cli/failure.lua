--- How failures are told: what happened, and what to do, on standard error.
-- @module lastpass.cli.failure
local M = {}

local advice = require "lastpass.cli.advice"
local clean = require("lastpass.text.cells").clean

-- Fields that a program may want to decide by; the others are for people or large.
local FIELDS =
  { "kind", "code", "message", "hint", "command", "status", "retry_after", "uncertain" }

-- Lists of files: what has become of evidence.
local LISTS = { "changed", "missing", "added" }

-- A mistake in a playbook is told in the words of playbooks.
local function in_commands(text, err)
  return advice.in_commands(text, type(err) == "table" and err.playbook ~= nil)
end

local function as_json(message, err, code)
  local json = require "lastpass.json"
  local shown = { exit_code = code }
  for _, name in ipairs(FIELDS) do
    shown[name] = type(err) == "table" and err[name] or nil
  end
  for _, name in ipairs(LISTS) do
    local list = type(err) == "table" and err[name]
    shown[name] = type(list) == "table" and json.list(list) or nil
  end
  shown.message = message
  shown.hint = shown.hint and in_commands(shown.hint, err)
  return json.shown { error = shown }
end

local function add_rows(lines, err)
  for place, row in ipairs(type(err) == "table" and err.rows or {}) do
    if place > 20 then
      lines[#lines + 1] = ("  and %d more"):format(#err.rows - 20)
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
---@param options? table json: true for programs; code: the exit code
---@return string text without a final newline
function M.text(message, err, options)
  options = options or {}
  message = in_commands(tostring(message), err)
  if options.json then
    return as_json(message, err, options.code)
  end
  local lines = {}
  for line in (message .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = clean(line)
  end
  lines[1] = "lastpass: " .. lines[1]
  add_rows(lines, err)
  local hint = type(err) == "table" and err.hint
  hint = hint and in_commands(hint, err)
  if hint and not message:find(hint, 1, true) then
    lines[#lines + 1] = "  " .. clean(hint)
  end
  return table.concat(lines, "\n")
end

return M
