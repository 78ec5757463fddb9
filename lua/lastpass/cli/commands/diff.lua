--- `lastpass diff`.
-- @module lastpass.cli.commands.diff
local exit = require "lastpass.cli.exit"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local views = require "lastpass.cli.views"

local function directory_at(client, time)
  if time == "now" then
    return client:snapshot()
  end
  return mistakes.call(client.kept_snapshot, client, time)
end

local function lua_at(time)
  return time == "now" and "assert(client:snapshot())"
    or ("assert(client:snapshot{ as_of = %s })"):format(lua_text.value(time))
end

return {
  name = "diff",
  summary = "Compare the directory at two times, as it was kept",
  connects = true,
  rows = true,
  arguments = {
    { "before", "a time: 2026-03-31, -7d, ..." },
    { "after", "a time; default now: the directory as it is", args = "?" },
  },
  options = { { "--detailed-exitcode", "end with 2 when there are differences" } },
  examples = {
    { "lastpass diff -7d", "what has changed within a week" },
    { "lastpass diff 2026-03-01 2026-03-31 --csv", "March, for the auditor" },
  },
  topics = { "output" },
  lua = function(options)
    local lines = {
      "local before = " .. lua_at(options.before),
      "local after = " .. lua_at(options.after or "now"),
      'local list = require("lastpass").directory.diff(before, after)',
      "for _, one in ipairs(list) do print(one) end",
    }
    return table.concat(lines, "\n")
  end,
  run = function(session, options)
    local client = session:client()
    local before, message, err = directory_at(client, options.before)
    if not before then
      return nil, message, err
    end
    local after
    after, message, err = directory_at(client, options.after or "now")
    if not after then
      return nil, message, err
    end
    local list = require("lastpass.directory").diff(before, after)
    session:show(views.differences, list)
    return options.detailed_exitcode and #list > 0 and exit.changes or exit.done
  end,
}
