--- Steps as requests of SCIM: one for each, in parts of which several are under way at once; memberships in portions
-- of a group's members.
-- @module lastpass.plan.scim_batches
local carriers = require "lastpass.directory.carrier"
local email = require "lastpass.email"
local memberships = require "lastpass.plan.memberships"
local parallel = require "lastpass.parallel"
local waiting = require "lastpass.transport.scheduler"

local M = {}

-- Kinds that change members of groups. Their parts are cut to be large, and go one after another: many members of a
-- group are one request, and no two requests change one group at once (scim §4.8, §4.10).
local changes_groups = { create = true, groups = true }

-- Of other kinds each step is a request of its own, and a part has one intent and one outcome in the journal; it is so
-- small that little is in doubt after a crash.
local MOST_SINGLE = 20
local RECORDED_WITHIN = 1 -- seconds: a slow server's answers do not wait for the end of the part

local function size_of_parts(steps, options)
  local count, sizes = {}, {}
  for _, step in ipairs(steps) do
    count[step.kind] = (count[step.kind] or 0) + 1
  end
  for kind, number in pairs(count) do
    sizes[kind] = changes_groups[kind] and options.chunk
      or math.min(math.ceil(number / options.in_flight), MOST_SINGLE)
  end
  return sizes
end

--- Cuts steps of one phase into parts.
---@param steps lastpass.plan.Step[]
---@param options lastpass.plan.ApplyOptions chunk: steps of a part that changes groups; in_flight: parts under way at
-- once, which all get some of the others
---@return lastpass.plan.Step[][][] queues of parts: the parts of a queue go one after another
function M.queues(steps, options)
  local queues, open, sizes = {}, {}, size_of_parts(steps, options)
  for _, step in ipairs(steps) do
    local kind = step.kind
    local queue = open[kind]
    local is_full = queue and #queue[#queue] >= sizes[kind]
    if not queue or is_full and not changes_groups[kind] then
      queue = { {} }
      open[kind], queues[#queues + 1] = queue, queue
    elseif is_full then
      queue[#queue + 1] = {}
    end
    table.insert(queue[#queue], step)
  end
  return queues
end

local UNSEEN = "%s; the SCIM endpoint does not show everybody whom the directory has: "
  .. "a plan without via changes them"

-- The state of a step whose request failed; what is no answer about this step ends the part.
local function failed(context, step, message, err)
  if err.code == "no_such_user" then
    message = UNSEEN:format(message)
  end
  local state = memberships.state_of(err)
  if state ~= "refused" then
    context.stopped = context.stopped or err
  end
  return { step = step, state = state, reason = message, code = err.code }
end

local function not_tried(context, step)
  local stopped = context.stopped or context.work.stopped or {}
  return { step = step, state = "not_tried", reason = stopped.message, code = stopped.code }
end

local function send_one(context, step)
  local reply, message, err = context.carrier:send(step.kind, step.subject, step.after)
  if reply then
    return { step = step, state = "done" }
  end
  local result = failed(context, step, message, err)
  if result.state == "uncertain" then -- of this one; the others do not depend on it
    context.stopped, context.lost = nil, context.lost or err
  end
  return result
end

-- One after another. What failed is written down at once: it counts for the limit of failures.
local function send_singly(context, steps)
  local work, results, recorded_at = context.work, {}, waiting.now()
  for _, step in ipairs(steps) do
    local may_send = not context.stopped and work:may_go_on()
    local result = may_send and send_one(context, step) or not_tried(context, step)
    results[#results + 1] = result
    local is_late = waiting.now() - recorded_at >= RECORDED_WITHIN
    if may_send and not context.stopped and (result.state ~= "done" or is_late) then
      work:record(results)
      results, recorded_at = {}, waiting.now()
    end
  end
  return results
end

-- The id of the account: that of one who was created by an earlier attempt, or is created now.
local function create_account(context, step)
  if context.work.outcomes[step.number].created then
    local id, message, err = memberships.user_id(context, step.subject)
    if not id and err.code == "no_such_user" then
      err.code = "done_in_part"
      message = "was created, and is in none of the groups: SCIM does not show the user"
    end
    return id, message, err
  end
  local after = { fullname = step.after.fullname }
  local reply, message, err = context.carrier:send("create", step.subject, after)
  return reply and reply.id, message, err
end

-- Runs a function for each step, several at once; in plain Lua 5.1 one after another.
local function each(context, steps, fn)
  local number = waiting.can_wait_in_pcall() and context.work.options.in_flight or 1
  parallel(number, function(spawn)
    for _, step in ipairs(steps) do
      if context.stopped then
        return
      elseif number == 1 then
        fn(step)
      else
        spawn(fn, step)
      end
    end
  end)
end

-- Finds or makes the accounts, then changes the members of groups.
local function send_with_groups(context, steps, account)
  local entries, results = {}, {}
  each(context, steps, function(step)
    local id, message, err = account(context, step)
    if id then
      entries[#entries + 1] = { step = step, id = id, after = step.after }
    else
      results[#results + 1] = failed(context, step, message, err)
    end
  end)
  local seen = {}
  for _, entry in ipairs(entries) do
    seen[entry.step] = true
  end
  for _, result in ipairs(results) do
    seen[result.step] = true
  end
  for _, step in ipairs(steps) do
    if not seen[step] then
      results[#results + 1] = not_tried(context, step)
    end
  end
  memberships.apply(context, entries)
  for _, entry in ipairs(entries) do
    results[#results + 1] = memberships.result(context, entry)
  end
  return results
end

local function find_account(context, step)
  return memberships.user_id(context, step.subject)
end

--- Reads the ids of all users when what is left is about many: to look each up is a request for each. Whom the list does
-- not name is looked up.
---@param work lastpass.plan.Work gets `scim_ids`
function M.read_ids(work)
  local count, client = 0, work.scim
  for _, step in ipairs(work:select "is_left") do
    count = count + (step.via == "scim" and step.kind ~= "create" and 1 or 0)
  end
  local pages = math.ceil(work.body.directory.people / client:option "page_size")
  if count <= 2 * pages then
    return
  end
  local ids = {}
  local is_whole, failure = waiting.protected_call(function()
    for user in client:list("User", { attributes = { "userName" } }) do
      if type(user.userName) == "string" then
        ids[email.fold(user.userName)] = user.id
      end
    end
  end)
  if not is_whole and type(failure) ~= "table" then
    error(failure, 0)
  end
  work.scim_ids = is_whole and ids or nil
end

--- Sends a part of a queue.
---@param client lastpass.scim.Client
---@param work lastpass.plan.Work
---@param steps lastpass.plan.Step[] of one kind
---@return table[] results {step, state, reason, code}, of the steps that were not recorded on the way
---@return lastpass.Error|nil err what broke it off, or lost the answer of a step
---@return integer requests that wrote
function M.send(client, work, steps)
  local requests, kind = 0, steps[1].kind
  local report = client:option "on_request"
  client = client:with {
    on_request = function(request)
      report(request)
      requests = requests + (request.method == "GET" and 0 or 1)
    end,
  }
  local carrier = carriers.of_scim(client, work.scim_ids)
  local context = { client = client, work = work, carrier = carrier }
  local results
  if changes_groups[kind] then
    local account = kind == "create" and create_account or find_account
    results = send_with_groups(context, steps, account)
  else
    results = send_singly(context, steps)
  end
  return results, context.stopped or context.lost, requests
end

return M
