--- The commands about the directory at other times: what has changed, and who did it.
-- @module lastpass.cli.commands.history
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"

local must = failure.must

local function lua_at(time)
  return time == "now" and "assert(client:snapshot())"
    or ("assert(client:snapshot{ as_of = %s })"):format(lua_text.value(time))
end

-- The directory as it was stored at a time.
local function stored_at(client, time)
  return must(failure.call(client.kept_snapshot, client, time))
end

local function directory_at(client, time)
  return time == "now" and must(client:snapshot()) or stored_at(client, time)
end

return {
  {
    name = "drift",
    summary = "List what has changed since the last plan was applied, and who did it",
    description = "Ends with 7 when something has.",
    connects = true,
    rows = true,
    examples = {
      { "lastpass drift --json", "for a monitor" },
      { "lastpass drift --tenants all", "of every company" },
    },
    topics = { "output", "tenants", "exit-codes" },
    lua = "for _, one in ipairs(assert(client:drift())) do print(one) end",
    tenants = { kind = "drift", view = "drift" },
    run = function(session)
      local list = must(session:client():drift())
      session:show(require("lastpass.cli.views").drift, list)
      return #list > 0 and exit.findings or exit.done
    end,
  },
  {
    name = "snapshot",
    summary = "Store the directory as it is now, list what is stored, or show it as it was",
    description = "Without an option it lists what is stored. Completions of users and groups come "
      .. "from the newest one.",
    connects = true,
    rows = true,
    options = {
      { "--keep", "read the directory and store it in the journal" },
      { "--as-of", "show the users as they were stored at that time", value = "TIME" },
      { "--limit", "how many are listed; default 20", value = "COUNT", number = "whole" },
    },
    examples = {
      { "lastpass snapshot --keep", "from cron, every night" },
      {
        "lastpass snapshot --as-of 2026-03-31 --csv",
        "who was in the company at the end of March",
      },
    },
    topics = { "output" },
    lua = function(options)
      if options.keep then
        return "print(assert(client:keep_snapshot()))"
      elseif options.as_of then
        return ("local kept = %s\nfor user in kept:users() do print(user.email) end"):format(
          lua_at(options.as_of)
        )
      end
      return "for _, kept in ipairs(assert(client:kept_snapshots())) do print(kept.read_at) end"
    end,
    run = function(session, options)
      if options.keep and options.as_of then
        return require("lastpass.cli.values").usage "--keep and --as-of do not go together"
      end
      local views = require "lastpass.cli.views"
      local client = session:client()
      if options.keep then
        must(client:keep_snapshot(must(client:snapshot())))
        session:show_one(views.snapshots, must(client:kept_snapshots(1))[1])
      elseif options.as_of then
        session:show(views.kept_users, stored_at(client, options.as_of):users())
      else
        session:show(views.snapshots, must(client:kept_snapshots(options.limit or 20)))
      end
      return 0
    end,
  },
  {
    name = "diff",
    summary = "Compare the directory at two times, as it was stored",
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
      return table.concat({
        "local before = " .. lua_at(options.before),
        "local after = " .. lua_at(options.after or "now"),
        'local list = require("lastpass").directory.diff(before, after)',
        "for _, one in ipairs(list) do print(one) end",
      }, "\n")
    end,
    run = function(session, options)
      local client = session:client()
      local list = require("lastpass.directory").diff(
        directory_at(client, options.before),
        directory_at(client, options.after or "now")
      )
      session:show(require("lastpass.cli.views").differences, list)
      return options.detailed_exitcode and #list > 0 and exit.changes or exit.done
    end,
  },
}
