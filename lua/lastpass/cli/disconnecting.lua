--- Leaving: an identity provider is disconnected, and what it has linked is kept, unlinked or disabled. Nothing of that
-- happens by itself.
-- @module lastpass.cli.disconnecting
local applying = require "lastpass.cli.applying"
local confirm = require "lastpass.cli.confirm"
local connections = require "lastpass.cli.connections"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local held_jobs = require "lastpass.inbound.held"
local text = require "lastpass.text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

local PAGE = 500

local function objects_of(journal, name)
  local list, after = {}, nil
  repeat
    local page = must(journal:scim_objects {
      connection = name,
      live = true,
      after = after,
      limit = PAGE,
    })
    for _, object in ipairs(page) do
      list[#list + 1] = object
      after = object.id
    end
  until #page < PAGE
  table.sort(list, function(a, b)
    return a.type .. a.name < b.type .. b.name
  end)
  return list
end

-- ------------------------------------------------------------------ closing

local REASON = "the connection was disconnected"

-- What still waits is not done any more; what was sent is left to a worker, which finds out what became of it.
local function end_jobs(journal, name)
  local ended = 0
  local list = must(journal:jobs {
    connection = name,
    kinds = { held_jobs.HELD, held_jobs.DELETE, held_jobs.RENAME },
    states = { "held", "ready" },
    limit = 1e6,
  })
  for _, job in ipairs(list) do
    local result = { state = "superseded", reason = REASON }
    ended = ended + (journal:end_job(job.id, nil, result) and 1 or 0)
  end
  return ended
end

local function revoke_tokens(journal, name)
  local revoked = 0
  for _, token in ipairs(must(journal:scim_tokens(name))) do
    if not token.revoked then
      must(journal:revoke_scim_token(token.id))
      revoked = revoked + 1
    end
  end
  return revoked
end

local function forget(journal, name, objects)
  for first = 1, #objects, PAGE do
    local calls = {}
    for index = first, math.min(first + PAGE - 1, #objects) do
      calls[#calls + 1] = { method = "forget_scim_object", name, objects[index].id }
    end
    for _, result in ipairs(must(journal:batch(calls))) do
      must(result[1], result[2], result[3])
    end
  end
end

local function close(session, journal, connection, objects)
  local name = connection.name
  local revoked = revoke_tokens(journal, name)
  must(journal:save_scim_connection {
    name = name,
    tenant = connection.tenant,
    provider = connection.provider,
    mode = connection.mode,
    settings = connection.settings,
    state = "closed",
  })
  local ended = end_jobs(journal, name)
  if session.options.objects == "unlink" then
    forget(journal, name, objects)
  end
  session:say(
    "%s is closed: %s revoked, %s that waited will not be done",
    name,
    text.plural(revoked, "token"),
    text.plural(ended, "change")
  )
  session:say("it stays closed until it is given a token: lastpass scim token new %s", name)
  return exit.done
end

-- ------------------------------------------------------------------ disabling

local function addresses_of(objects, protected)
  local list, is_protected = {}, {}
  for _, address in ipairs(protected) do
    is_protected[require("lastpass.email").fold(address)] = true
  end
  for _, object in ipairs(objects) do
    if object.type == "User" and object.state == "active" and not is_protected[object.account] then
      list[#list + 1] = object.account
    end
  end
  return list
end

local function disable_plan(session, objects)
  local options = session.options
  local addresses = addresses_of(objects, options.protect)
  if #addresses == 0 then
    return nil
  end
  local client = session:client()
  local settings = applying.plan_options(options)
  return must(failure.call(client.plan, client, { disable = addresses }, settings))
end

-- ------------------------------------------------------------------ the command

local function show_objects(session, objects)
  session:show(require("lastpass.cli.views").scim_objects, objects)
  session.streams:flush()
  session:say "nothing was changed; --objects keep, unlink or disable says what becomes of them"
  return exit.done
end

local function check_options(options)
  if options.objects ~= "disable" then
    for _, name in ipairs { "output", "protect", "limit" } do
      local value = options[name]
      if value and value ~= "" and (type(value) ~= "table" or #value > 0) then
        must(values.usage(("--%s needs --objects disable"):format(name)))
      end
    end
  end
end

local QUESTIONS = {
  keep = "close %s, revoke its tokens, and keep what the journal has of %s?",
  unlink = "close %s, revoke its tokens, and forget %s? Their ids are not given again.",
  disable = "close %s and revoke its tokens? What it had is disabled now (%s).",
}

--- Disconnects an identity provider, or shows what there is to decide.
---@param session lastpass.cli.Session
---@return integer code
function M.run(session)
  local options = session.options
  check_options(options)
  local journal, connection = connections.open(session, options.connection)
  local objects = objects_of(journal, connections.store_name(connection))
  if not options.objects then
    return show_objects(session, objects)
  end
  if options.objects == "disable" then
    local plan = disable_plan(session, objects)
    if plan and options.output then
      return applying.hand_over(session, plan)
    elseif plan then
      local code = applying.apply(session, plan)
      if code ~= exit.done or options.dry_run then
        session:say("%s stays open", connection.name)
        return code
      end
    end
  end
  local question =
    QUESTIONS[options.objects]:format(connection.name, text.plural(#objects, "object"))
  if options.dry_run then
    session:say("would %s nothing was written", (question:gsub("%?.*$", ";")))
    return exit.done
  end
  must(confirm.ask(session, question))
  return close(session, journal, connection, objects)
end

return M
