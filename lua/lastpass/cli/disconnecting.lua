--- Leaving: an identity provider is disconnected, and what it has linked is kept, unlinked or disabled. Nothing of that
-- happens by itself.
-- @module lastpass.cli.disconnecting
local applying = require "lastpass.cli.applying"
local confirm = require "lastpass.cli.confirm"
local connections = require "lastpass.cli.connections"
local disconnect = require "lastpass.inbound.disconnect"
local email = require "lastpass.email"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local text = require "lastpass.text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

-- ------------------------------------------------------------------ closing

local function close(session, journal, connection, decided)
  local name = connection.name
  local closed = must(disconnect.close(journal, connection, decided))
  session:say(
    "%s is closed: %s revoked, %s that waited will not be done",
    name,
    text.plural(closed.revoked, "token"),
    text.plural(closed.ended, "change")
  )
  session:say("it stays closed until it is given a token: lastpass scim token new %s", name)
  return exit.done
end

-- ------------------------------------------------------------------ disabling

-- Whom the plan is never to touch is kept, whatever else is said of them.
local function exceptions_of(options, objects)
  local exceptions, protected = {}, {}
  for _, text_given in ipairs(options.except or {}) do
    local name, choice = text_given:match "^(.+)=(%a+)$"
    if choice ~= "keep" and choice ~= "unlink" and choice ~= "disable" then
      must(
        values.usage(
          ('--except: "%s" is not WHO=keep, WHO=unlink or WHO=disable'):format(text_given)
        )
      )
    end
    exceptions[name] = choice
  end
  for _, address in ipairs(options.protect or {}) do
    protected[email.fold(address)] = true
  end
  for _, object in ipairs(objects) do
    if object.type == "User" and protected[object.account] then
      exceptions[object.account] = "keep"
    end
  end
  return exceptions
end

local function disable_plan(session, decided)
  if #decided.disable == 0 then
    return nil
  end
  local client = session:client()
  local settings = applying.plan_options(session.options)
  return must(failure.call(client.plan, client, disconnect.actions(decided), settings))
end

-- ------------------------------------------------------------------ the command

local function show_objects(session, objects)
  session:show(require("lastpass.cli.views").scim_objects, objects)
  session.streams:flush()
  session:say "nothing was changed; --objects keep, unlink or disable says what becomes of them"
  return exit.done
end

local function check_options(options)
  local disables = options.objects == "disable"
  for _, text_given in ipairs(options.except or {}) do
    disables = disables or text_given:find "=disable$" ~= nil
  end
  if options.except and options.except[1] and not options.objects then
    must(values.usage "--except needs --objects")
  elseif not disables then
    for _, name in ipairs { "output", "protect", "limit", "approver" } do
      local value = options[name]
      if value and value ~= "" and (type(value) ~= "table" or #value > 0) then
        must(values.usage(("--%s needs --objects disable"):format(name)))
      end
    end
  end
end

local QUESTION = "close %s and revoke its tokens? %s"

-- What becomes of the objects, in a sentence.
local function outcome_of(decided)
  local parts = {}
  local function add(list, form)
    if #list > 0 then
      parts[#parts + 1] = form:format(text.plural(#list, "object"))
    end
  end
  add(decided.keep, "of %s the journal keeps the ids")
  add(decided.unlink, "%s are forgotten, and their ids are not given again")
  add(decided.disable, "%s are disabled now")
  return parts[1] and table.concat(parts, "; ") or "nothing is linked"
end

--- Disconnects an identity provider, or shows what there is to decide.
---@param session lastpass.cli.Session
---@return integer code
function M.run(session)
  local options = session.options
  check_options(options)
  local journal, connection = connections.open(session, options.connection)
  local objects = must(disconnect.objects(journal, connection))
  if not options.objects then
    return show_objects(session, objects)
  end
  local decided = must(disconnect.decide(objects, options.objects, exceptions_of(options, objects)))
  local plan = disable_plan(session, decided)
  if plan and options.output then
    return applying.hand_over(session, plan)
  elseif plan then
    local code = applying.apply(session, plan)
    if code ~= exit.done or options.dry_run then
      session:say("%s stays open", connection.name)
      return code
    end
  end
  local question = QUESTION:format(connection.name, outcome_of(decided))
  if options.dry_run then
    session:say("would %s; nothing was written", (question:gsub("%?", ":")))
    return exit.done
  end
  must(confirm.ask(session, question))
  return close(session, journal, connection, decided)
end

return M
