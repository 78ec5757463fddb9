--- What became of an export, for people and for programs.
-- @module lastpass.cli.export_result
local errors = require "lastpass.error"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

local function unknown_text(unknown)
  local parts = {}
  for _, name in ipairs(errors.names_of(unknown)) do
    parts[#parts + 1] = ("%s (%s)"):format(text.clean(name), text.count(unknown[name]))
  end
  return table.concat(parts, ", ")
end

local function result_text(result)
  local line = text.plural(result.events, "event")
  if result.cursor then
    line = ("%s; %s met before and left out; cursor %s: %s"):format(
      line,
      text.count(result.duplicates),
      result.cursor,
      result.position and time.iso(result.position) or "new"
    )
  end
  if result.refused > 0 then
    line = ("%s\n%s refused by the receiver: %s"):format(
      line,
      text.plural(result.refused, "event"),
      result.dead_letters
    )
  end
  if next(result.unknown) then
    line = line .. "\nactions with unknown names: " .. unknown_text(result.unknown)
  end
  return line
end

--- Tells it: on standard error, or with --json as an object where no events are on standard output.
---@param session lastpass.cli.Session
---@param result lastpass.ExportResult
---@param sink table|false false when the events went to standard output
function M.tell(session, result, sink)
  local options = session.options
  if options.json then
    local line = require("lastpass.json").shown {
      events = result.events,
      duplicates = result.duplicates,
      unknown = result.unknown,
      cursor = result.cursor,
      position = result.position and time.iso(result.position) or nil,
      refused = result.refused,
      dead_letters = result.dead_letters,
    }
    if sink then
      return session:print(line)
    end
    return session:say("%s", line)
  elseif not options.quiet and (sink or result.cursor or next(result.unknown)) then
    session:say("%s", result_text(result))
  end
end

return M
