--- The work that a SCIM endpoint has left for later, done from here: at once after an approval, or as a worker that
-- stays.
-- @module lastpass.cli.scim_work
local carriers = require "lastpass.directory.carrier"
local connections = require "lastpass.cli.connections"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local inbound = require "lastpass.inbound"
local interrupt = require "lastpass.cli.interrupt"
local loop = require "lastpass.transport.loop"
local time = require "lastpass.time"
local worker = require "lastpass.inbound.worker"

local M = {}

local must = failure.must

local FRESH = 60 -- seconds for which guards go by the directory as it was read; users are read anew in any case

-- ------------------------------------------------------------------ endpoints

-- The directory for the guards.
local function directory_of(client)
  local view
  return function()
    local now = time.now()
    if not view or now - view.read_at > FRESH then
      local snapshot, message, err = client:snapshot()
      if not snapshot then
        return nil, message, err
      end
      view = { snapshot = snapshot, read_at = now }
    end
    return view
  end
end

-- Endpoints of connections; those of one company read its directory once.
local function new_maker(session)
  local client = session:client()
  local journal = must(session:journal())
  local directory = directory_of(client)
  return function(row)
    local connection = inbound.connection.of_row(row)
    local over_scim = connection.upstream == "scim"
    return inbound.new {
      connection = connection,
      tenant = row.tenant,
      carrier = over_scim and carriers.of_scim(must(client:scim()))
        or carriers.of_enterprise(client),
      client = client,
      journal = journal,
      directory = directory,
      worker = "lastpass " .. (require("lastpass.store.lock").identity().host or ""),
    }
  end
end

--- The plan of what a connection in shadow mode was asked for; what is wrong is raised.
---@param session lastpass.cli.Session
---@param name string of the connection
---@param settings table limit, expires_in
---@return lastpass.Plan
function M.shadow_plan(session, name, settings)
  local _, row = connections.open(session, name)
  return must(failure.call(inbound.shadow_plan, new_maker(session)(row), settings))
end

-- ------------------------------------------------------------------ after an approval

local AT_ONCE = 20 -- jobs of one step
local PATIENCE = 30 -- seconds for another worker that has a job already

local function is_ended(journal, job)
  local state = must(journal:jobs { id = job.id })[1].state
  return state ~= "ready" and state ~= "running", state
end

-- Does what is due until these jobs have ended, or nothing more is due.
local function execute_jobs(journal, endpoint, jobs)
  local ends = loop.now() + PATIENCE
  local position = 1
  while position <= #jobs and not interrupt.has_come() do
    local has_ended, state = is_ended(journal, jobs[position])
    if has_ended then
      position = position + 1
    else
      local summary = must(interrupt.gently(worker.step, endpoint, { limit = AT_ONCE }))
      if summary.claimed > 0 then
        ends = loop.now() + PATIENCE
      elseif state == "ready" or loop.now() > ends then
        return
      else
        loop.sleep(0.5)
      end
    end
  end
end

--- Executes jobs that were approved. What cannot be done from here stays for a worker; why not is each job's `failure`.
---@param session lastpass.cli.Session
---@param jobs lastpass.store.Job[]
function M.execute(session, jobs)
  local by_connection = {}
  for _, job in ipairs(jobs) do
    local name = job.connection
    by_connection[name] = by_connection[name] or {}
    table.insert(by_connection[name], job)
  end
  local make
  for _, name in ipairs(errors.names_of(by_connection)) do
    local list = by_connection[name]
    local ok, raised = pcall(function()
      make = make or new_maker(session)
      local journal, row = connections.open(session, name)
      execute_jobs(journal, make(row), list)
    end)
    if not ok then
      local message = type(raised) == "table" and raised.message or tostring(raised)
      for _, job in ipairs(list) do
        job.failure = "not done from here: " .. message
      end
    end
  end
end

-- ------------------------------------------------------------------ a worker

-- The open connections that are meant; all of the company when none is named.
local function chosen(session, names)
  local list = {}
  if #names > 0 then
    for position, name in ipairs(names) do
      list[position] = select(2, connections.open(session, name))
    end
    return list
  end
  local journal, tenant = must(session:journal())
  for _, connection in ipairs(must(journal:scim_connections { tenant = tenant })) do
    list[#list + 1] = connection.state == "open" and connection or nil
  end
  return list
end

-- One round over the connections, job by job, so that a signal does not wait long.
local function work_round(session, make, endpoints, total)
  local found = 0
  for _, row in ipairs(chosen(session, session.options.connection)) do
    local known = endpoints[row.name]
    if not known or known.changed ~= row.changed then
      known = { changed = row.changed, endpoint = make(row) }
      endpoints[row.name] = known
    end
    repeat
      local summary = must(interrupt.gently(worker.step, known.endpoint, { limit = 1 }))
      found = found + summary.claimed
      total.done, total.failed = total.done + summary.done, total.failed + summary.failed
      for _, message in ipairs(summary.messages) do
        session:say("%s: %s", row.name, message)
      end
    until summary.claimed == 0 or interrupt.has_come()
  end
  return found
end

-- A service goes on after trouble that may pass; what is wrong for good ends it.
local passing = { transport = true, throttled = true, conflict = true }

local function try_round(session, make, endpoints, total)
  local ok, found = pcall(work_round, session, make, endpoints, total)
  if ok then
    return found
  elseif session.options.once or type(found) ~= "table" or not passing[found.kind] then
    error(found, 0)
  end
  session:say("%s", failure.text(found.message, found))
  return 0
end

local function ended_by(session, total)
  local _, signal = require("lastpass.core").interrupts()
  if not session.options.quiet then
    session:say("%s: %d done, %d not done", signal or "ended", total.done, total.failed)
  end
  return signal == "SIGINT" and exit.interrupted or exit.done
end

--- Works until a signal comes, or, with --once, until nothing is due.
---@param session lastpass.cli.Session
---@param every number seconds between two looks
---@return integer code
function M.work(session, every)
  local make, endpoints, total = new_maker(session), {}, { done = 0, failed = 0 }
  if #chosen(session, session.options.connection) == 0 then
    connections.all(session)
  end
  while not interrupt.has_come() do
    local found = try_round(session, make, endpoints, total)
    session.streams:flush()
    if interrupt.has_come() then
      break
    elseif found == 0 and session.options.once then
      if not session.options.quiet then
        session:say("%d done, %d not done", total.done, total.failed)
      end
      return total.failed > 0 and exit.partial or exit.done
    elseif found == 0 then
      loop.sleep(every)
    end
  end
  return ended_by(session, total)
end

return M
