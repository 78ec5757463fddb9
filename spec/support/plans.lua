--- What specs of runs need: a journal of their own, and plans made by hand.
local document = require "lastpass.plan.document"
local state = require "lastpass.plan.state"
local journals = require "lastpass.store"
local json = require "lastpass.json"
local changes = require "lastpass.directory.changes"
local plan_module = require "lastpass.plan"
local steps = require "lastpass.plan.steps"
local time = require "lastpass.time"

local M = {}

-- What a step says of how it was before.
local function before_of(kind, known)
  if kind == "name" then
    return { fullname = known.fullname }
  elseif kind == "groups" then
    return { groups = known.groups }
  end
end

--- A file that is not there yet.
---@param files string[] gets what `remove` has to remove
function M.path(files)
  local path = os.tmpname()
  os.remove(path)
  files[#files + 1] = path
  return path
end

--- Removes files, and what SQLite puts beside them.
function M.remove(files)
  for position, path in ipairs(files) do
    for _, ending in ipairs { "", "-wal", "-shm" } do
      os.remove(path .. ending)
    end
    files[position] = nil
  end
end

--- The text of a file.
function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

--- A plan of steps {kind, subject, after}, computed from the directory as it is.
---@param client lastpass.Client
---@param list table[]
---@param more? table fields of the body
function M.plan(client, list, more)
  local snapshot = assert(client:snapshot())
  local now = client:now()
  local body = document.new()
  for position, given in ipairs(list) do
    local kind, subject, after = given[1], given[2], given[3]
    local known = state.of(snapshot:user(subject))
    body.objects[subject] = known
    for _, name in ipairs { "groups", "join", "leave" } do
      if after and after[name] then
        json.list(after[name])
      end
    end
    body.steps[position] = {
      kind = kind,
      subject = subject,
      after = after,
      before = given.before or before_of(kind, known),
      reason = given.reason or "asked for by a spec",
      rule = "spec",
      origin = given.origin or ("spec:%d"):format(position),
      reversal = changes.by_name[kind].reversal,
      base = state.hash(known),
    }
  end
  steps.number(body.steps)
  body.tenant = journals.tenant(client)
  body.created, body.expires = now, now + 3600
  body.settings = { limits = { per_day = {} } }
  body.directory = { people = snapshot:count(), memberships = 100, admins = 1, read_at = now }
  body.counts, body.requests, body.mails, body.unchanged = {}, 0, 0, 0
  for name, value in pairs(more or {}) do
    body[name] = value
  end
  return plan_module.of_body(body)
end

--- Addresses of so many users who can log in and are no admins.
function M.active(client, count)
  local list = {}
  for user in client:users { status = "active" } do
    if #list < count and not user.admin then
      list[#list + 1] = user.email
    end
  end
  return list
end

--- The states of a run's steps by address.
function M.states(run)
  local states = {}
  for row in run:steps() do
    states[row.subject] = row.state
  end
  return states
end

--- One step's row of a run.
function M.row(run, subject)
  for row in run:steps() do
    if row.subject == subject then
      return row
    end
  end
end

--- Lets the machine's clock run fast while a run waits: each time it asks whether to go on, so many
-- seconds are over. Waits for answers that were lost take minutes otherwise.
---@param seconds integer
---@return fun(): boolean cancel the option of apply and resume
---@return fun() restore the clock
function M.fast_clock(seconds)
  local real, offset = time.now, 0
  time.now = function()
    return real() + offset
  end
  return function()
    offset = offset + seconds
    return false
  end, function()
    time.now = real
  end
end

--- Random numbers that a seed gives again, the same on every Lua.
---@return fun(): number from 0 to below 1
function M.random(seed)
  local last = seed * 7919 % 2147483647 + 1
  return function()
    last = last * 16807 % 2147483647
    return last / 2147483647
  end
end

return M
