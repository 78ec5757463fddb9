--- Commands that change the directory of LastPass MFA: shown, confirmed, done one by one, each with its outcome.
-- @module lastpass.cli.mfa_writing
local confirm = require "lastpass.cli.confirm"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local mfa = require "lastpass.cli.mfa"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

---@class lastpass.cli.MfaWrite: lastpass.cli.Command
---@field argument string       the argument that names whom or what it changes, one or several
---@field what string|fun(options: table): string for the question: "suspend in LastPass MFA"
---@field send fun(directory: lastpass.mfa.Directory, subject: string, options: table): any, string?, lastpass.Error?
---@field call fun(options: table, subject: string): string the same as Lua, after "mfa.directory:"
---@field hint? string where to find what the server does not know
---@field check? fun(options: table) raises for a command line that says too little

local function subjects_of(row, options)
  local given = options[row.argument]
  return type(given) == "table" and given or { given }
end

-- A server that cannot be reached, or does not know the key, says the same of all others.
local function ends_all(err)
  return err.kind ~= "refused" and err.kind ~= "argument"
end

local function outcome_of(err)
  return err.uncertain and "uncertain" or "refused"
end

local function send_all(row, directory, subjects, options)
  local rows, last = {}, nil
  for position, subject in ipairs(subjects) do
    local shown = { row = position, who = subject }
    rows[position] = shown
    if last and ends_all(last) then
      shown.outcome, shown.reason = "not tried", last.message
    else
      local value, message, err = failure.call(row.send, directory, subject, options)
      if value == nil then
        shown.outcome, shown.reason, shown.code = outcome_of(err), message, err.code
        last = err
      else
        shown.outcome = "done"
        shown.reason = type(value) == "string" and "id " .. value or nil
      end
    end
  end
  return rows, last
end

local function planned(subjects)
  local rows = {}
  for position, subject in ipairs(subjects) do
    rows[position] = { row = position, who = subject, outcome = "would be done" }
  end
  return rows
end

local function code_of(rows, last)
  if not last then
    return exit.done
  end
  for _, shown in ipairs(rows) do
    if shown.outcome == "done" or shown.outcome == "uncertain" then
      return exit.partial
    end
  end
  return exit.of_error(last)
end

local function run(row, session, options)
  local view = require("lastpass.cli.views").outcomes
  require("lastpass.cli.output").check(session, view)
  if row.check then
    row.check(options)
  end
  local client = mfa.client(session)
  must(client:envelope()) -- the plain mode has no directory
  local subjects = subjects_of(row, options)
  if options.dry_run then
    session:show(view, planned(subjects))
    return exit.done
  end
  local what = type(row.what) == "function" and row.what(options) or row.what
  local question = ("%s: %s (%s)"):format(
    require("lastpass.text").clean(what),
    confirm.people(subjects),
    client:option "base_url"
  )
  must(confirm.harm(session, row.harm, question, subjects, #subjects))
  session.streams:flush()
  local rows, last = send_all(row, client.directory, subjects, options)
  session:show(view, rows)
  if row.hint and last and last.kind == "refused" then
    session.streams:flush()
    session:say("%s", row.hint)
  end
  return code_of(rows, last)
end

--- Completes the row of a command that changes the directory.
---@param row lastpass.cli.MfaWrite
---@return lastpass.cli.MfaWrite
function M.complete(row)
  row.rows, row.writes = true, true
  row.topics = row.topics or { "mfa", "exit-codes" }
  row.options = values.join(row.options or {}, mfa.options)
  row.lua = function(options)
    if row.check then
      row.check(options)
    end
    local lines = { mfa.lua(options) }
    if options.dry_run then
      lines[2] = "-- a dry run ends here"
      return table.concat(lines, "\n")
    end
    for _, subject in ipairs(subjects_of(row, options)) do
      lines[#lines + 1] = ("assert(mfa.directory:%s)"):format(row.call(options, subject))
    end
    return table.concat(lines, "\n")
  end
  row.run = function(session, options)
    return run(row, session, options)
  end
  return row
end

--- Completes the row of a command that lists a part of the directory.
---@param row table name, summary, view, method (of the directory), shown (fields, for Lua)
---@return lastpass.cli.Command
function M.complete_list(row)
  local method, shown = row.method, row.shown
  row.rows = true
  row.options = values.join(row.options or {}, mfa.options)
  row.topics = { "mfa", "output" }
  row.description = "The list is complete, or it fails. With the secured mode."
  row.lua = function(options)
    return ("%s\nfor one in mfa.directory:%s() do print(%s) end"):format(
      mfa.lua(options),
      method,
      shown
    )
  end
  row.list = function(session)
    local client = mfa.client(session)
    must(client:envelope())
    return client.directory[method](client.directory)
  end
  return row
end

return M
