--- Carries a verb out over a list of people: shows what would be done, asks, writes, and says of each
-- what became of it.
-- @module lastpass.cli.writing
local confirm = require "lastpass.cli.confirm"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local interrupt = require "lastpass.cli.interrupt"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local output = require "lastpass.cli.output"
local verbs = require "lastpass.cli.verbs"
local views = require "lastpass.cli.views"

local M = {}

-- For so few people each is asked for, for more the directory is read.
local FEW = 5

-- After these nothing more is sent: the next call would fare no better.
local ends = { auth = true, transport = true, throttled = true, protocol = true, cancelled = true }

local function finder(client, items)
  if #items <= FEW then
    return function(item)
      return client:user(item.username)
    end
  end
  local snapshot, message, err = client:snapshot()
  return function(item)
    if not snapshot then
      return nil, message, err
    end
    local user = snapshot:user(item.username)
    if user then
      return user
    end
    return errors.fail("refused", "no_such_user", ("there is no user %s"):format(item.username))
  end
end

local function file(result, outcome, row, item, message, err)
  local list = result[outcome]
  list[#list + 1] = { row = row, item = item, reason = message, code = err and err.code }
end

local function new_result()
  return { done = {}, unchanged = {}, refused = {}, uncertain = {}, not_tried = {}, requests = 0 }
end

-- One call a person, for what the API takes one by one.
local function one_by_one(client, verb, items)
  local result, find = new_result(), verb.finds and finder(client, items)
  for row, item in ipairs(items) do
    local user, reply, message, err = nil, nil, nil, result.stopped
    if not result.stopped then
      if interrupt.has_come() then
        reply, message, err = errors.fail("cancelled", "interrupted", "interrupted")
      elseif find then
        user, message, err = find(item)
      end
      if not err then
        reply, message, err = verb.call(client, item, user)
      end
    end
    if reply then
      file(result, "done", row, item)
    elseif result.stopped then
      file(result, "not_tried", row, item, result.stopped.message, result.stopped)
    elseif err.uncertain then
      file(result, "uncertain", row, item, message, err)
      result.stopped = ends[err.kind] and err or nil
    elseif ends[err.kind] then
      result.stopped = err
      file(result, "not_tried", row, item, message, err)
    else
      file(result, "refused", row, item, message, err)
    end
  end
  result.ok = #result.refused + #result.uncertain + #result.not_tried == 0
  return result
end

local function carry_out(client, verb, items)
  if verb.call then
    return one_by_one(client, verb, items)
  end
  local list = items
  if verb.takes == "addresses" then
    list = {}
    for place, item in ipairs(items) do
      list[place] = item.username
    end
  end
  return mistakes.call(client[verb.method], client, list)
end

local order = { "done", "unchanged", "refused", "uncertain", "not_tried" }

--- A result as rows, in the order of the list.
---@param result lastpass.BatchResult
---@param lines? table<integer, integer> the line of each row, where they come from a file
---@return table[] rows {row, who, outcome, reason, code}
function M.rows(result, lines)
  local rows = {}
  for _, outcome in ipairs(order) do
    for _, entry in ipairs(result[outcome]) do
      local who = type(entry.item) == "table" and entry.item.username or entry.item
      rows[#rows + 1] = {
        row = lines and lines[entry.row] or entry.row,
        who = who,
        outcome = outcome:gsub("_", " ") .. "",
        reason = entry.reason,
        code = entry.code,
      }
    end
  end
  table.sort(rows, function(a, b)
    return a.row < b.row
  end)
  return rows
end

-- With the rows that the source itself refused.
local function with_refused(rows, refused)
  for _, row in ipairs(refused or {}) do
    rows[#rows + 1] = row
  end
  table.sort(rows, function(a, b)
    return a.row < b.row
  end)
  return rows
end

-- What a dry run can know without writing: whether there is such a user.
local function foresee(client, name, items, lines)
  local verb = verbs.list[name]
  local find, rows = finder(client, items), {}
  for row, item in ipairs(items) do
    local user, message, err = find(item)
    if not user and err.code ~= "no_such_user" then
      return nil, message, err
    end
    local refused = not user and not verb.new and message
      or user and verb.new and "is in the directory already"
      or nil
    rows[row] = {
      row = lines and lines[row] or row,
      who = item.username,
      outcome = refused and "would be refused" or "would be done",
      reason = refused or ("%s %s"):format(verbs.question(name, { item }), item.username),
    }
  end
  return rows
end

local function subjects_of(items)
  local subjects = {}
  for place, item in ipairs(items) do
    subjects[place] = item.username
  end
  return subjects
end

--- Carries a verb out.
---@param session lastpass.cli.Session
---@param name string of `lastpass.cli.verbs`
---@param items table[] as `verbs.item` makes them
---@param more? table lines (by row), refused (rows of a file that were not used)
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.run(session, name, items, more)
  more = more or {}
  local verb = verbs.list[name]
  output.check(session, views.outcomes)
  local client = session:client()
  if session.options.dry_run then
    local rows, message, err = foresee(client, name, items, more.lines)
    if not rows then
      return nil, message, err
    end
    session:show(views.outcomes, with_refused(rows, more.refused))
    return exit.done
  end
  local harm = verb.harm or more.lines and "ask" or nil -- a file is never written without a question
  local ok, message, err =
    confirm.harm(session, harm, verbs.question(name, items), subjects_of(items))
  if not ok then
    return nil, message, err
  end
  local result
  if #items == 0 then
    result = new_result()
    result.ok = true
  else
    result, message, err = carry_out(client, verb, items)
  end
  if not result then
    return nil, message, err
  end
  session:show(views.outcomes, with_refused(M.rows(result, more.lines), more.refused))
  if result.stopped then
    local failure = require "lastpass.cli.failure"
    session:say("%s", failure.text(result.stopped.message, result.stopped))
  end
  local code = exit.of_batch(result)
  return code == exit.done and #(more.refused or {}) > 0 and exit.partial or code
end

-- Several addresses as a loop, one as a call.
local function lua_of(verb, items)
  if verb.method then
    local list = verb.takes == "addresses" and subjects_of(items) or items
    return verb.lua:format(lua_text.value(list))
  end
  local lines = {}
  for place, item in ipairs(items) do
    local address = lua_text.value(item.username)
    if item.new_email then
      address = " " .. lua_text.value { oldemail = item.username, newemail = item.new_email }
    end
    lines[place] = verb.lua:format(address, address)
  end
  return table.concat(lines, "\n")
end

--- The Lua that does the same.
---@param name string
---@param items table[]
---@return string
function M.lua(name, items)
  return lua_of(verbs.list[name], items)
end

--- The declaration of a command that carries out one verb.
---@param command table name, summary and whatever differs; verb; items(options)
---@return lastpass.cli.Command
function M.command(command)
  local verb, items = command.verb, command.items
  command.connects, command.writes, command.rows = true, true, true
  command.harm = verbs.list[verb].harm
  command.topics = command.topics or { "safety" }
  command.lua = function(options)
    return M.lua(verb, items(options))
  end
  command.run = function(session, options)
    return M.run(session, verb, items(options))
  end
  return command
end

--- The declaration of a command that takes addresses and nothing else.
---@param command table name, summary, verb, and whatever differs
---@return lastpass.cli.Command
function M.of_addresses(command)
  command.arguments = { { "email", "address; several are possible", args = "+", names = "users" } }
  command.items = function(options)
    local list = {}
    for place, address in ipairs(options.email) do
      list[place] = verbs.item(command.verb, { email = address })
    end
    return list
  end
  return M.command(command)
end

return M
