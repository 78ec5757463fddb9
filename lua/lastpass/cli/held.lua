--- Writes of identity providers that a guard has held: which there are, what they would do, and the decision about them.
-- @module lastpass.cli.held
local changes = require "lastpass.directory.changes"
local confirm = require "lastpass.cli.confirm"
local connections = require "lastpass.cli.connections"
local errors = require "lastpass.error"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local held_jobs = require "lastpass.inbound.held"
local plan_text = require "lastpass.plan.text"
local values = require "lastpass.cli.values"

local M = {}

local must = failure.must

-- ------------------------------------------------------------------ as rows

local function what_of(change)
  local after = change.after or {}
  if change.kind == "name" then
    return plan_text.what { kind = "name", before = { fullname = "name" }, after = after }
  end
  return plan_text.what {
    kind = change.kind,
    after = {
      email = after.email,
      fullname = after.fullname,
      groups = after.groups or {},
      join = after.join or {},
      leave = after.leave or {},
    },
  }
end

local MOST_NAMED = 3

local function add_once(list, seen, value, most)
  if not seen[value] and #list < (most or math.huge) then
    seen[value], list[#list + 1] = true, value
  end
end

-- The people of a job, and what becomes of them, in a line.
local function describe(job)
  local subjects, whats, seen = {}, {}, {}
  for _, change in ipairs(job.payload and job.payload.changes or {}) do
    add_once(subjects, seen, change.subject)
    add_once(whats, seen, what_of(change), MOST_NAMED)
  end
  job.people, job.what = subjects, table.concat(whats, "; ")
  job.subject = job.subject or subjects[1]
  return job
end

--- Jobs of the company, as they are shown.
---@param session lastpass.cli.Session
---@param filter table of `journal:jobs`
---@return lastpass.store.Job[]
function M.list(session, filter)
  local journal, tenant = must(session:journal())
  if filter.connection then
    connections.open(session, filter.connection)
  elseif not filter.id then
    connections.all(session)
  end
  filter.tenant, filter.kinds = tenant, { held_jobs.HELD }
  local list = must(journal:jobs(filter))
  for _, job in ipairs(list) do
    describe(job)
  end
  return list
end

--- One of them by its number.
---@param session lastpass.cli.Session
---@param id integer
---@return lastpass.store.Job|nil
---@return string? message
---@return lastpass.Error? err code "no_such_job"
function M.one(session, id)
  local job = M.list(session, { id = id })[1]
  if job then
    return job
  end
  return errors.fail("argument", "no_such_job", ("there is no held write %d"):format(id), {
    hint = "lastpass scim held list shows their numbers",
  })
end

-- ------------------------------------------------------------------ which are meant

local MOST = 100000

-- Those that the command line means, by numbers or all of what it says; and rows of those that wait for no decision.
local function chosen(session)
  local options = session.options
  if (options.all or false) == (#options.job > 0) then
    must(
      values.usage(
        "name held writes by their numbers, or say --all",
        "lastpass scim held list shows them"
      )
    )
  end
  local list, others = {}, {}
  if options.all then
    for _, job in
      ipairs(
        M.list(session, { connection = options.connection, states = { "held" }, limit = MOST })
      )
    do
      list[#list + 1] = (not options.code or job.code == options.code) and job or nil
    end
    return list, others
  end
  local seen = {}
  for _, id in ipairs(options.job) do
    local job, message, err = M.one(session, id)
    if not job then
      others[#others + 1] = { id = id, outcome = "refused", reason = message, code = err.code }
    elseif job.state ~= "held" then
      local reason = "it waits for no decision: it is " .. job.state
      job.outcome, job.reason, job.code = "refused", reason, "not_held"
      others[#others + 1] = job
    elseif not seen[id] then
      list[#list + 1] = job
    end
    seen[id] = true
  end
  return list, others
end

-- Who decides: who is logged in here, unless the command line says it.
local function decider(options)
  if options.by then
    return options.by
  end
  local here = require("lastpass.store.lock").identity()
  return ("%s@%s"):format(here.user or "somebody", here.host)
end

-- ------------------------------------------------------------------ decisions

local function view()
  return require("lastpass.cli.views").scim_decisions
end

local function check_options(session)
  local options = session.options
  require("lastpass.cli.output").check(session, view())
  if not options.all and (options.connection or options.code) then
    must(values.usage "--connection and --code need --all")
  elseif not (options.reason or ""):find "%S" and not options.dry_run then
    must(values.usage("--reason is needed", "it is kept in the journal, with who decided"))
  end
end

local function people_of(list)
  local people, seen = {}, {}
  for _, job in ipairs(list) do
    for _, subject in ipairs(job.people) do
      add_once(people, seen, subject)
    end
  end
  return people
end

local function is_final(list)
  for _, job in ipairs(list) do
    for _, change in ipairs(job.payload and job.payload.changes or {}) do
      if changes.by_name[change.kind].reversal == "final" then
        return true
      end
    end
  end
  return false
end

local function what_of_all(list)
  local whats, seen = {}, {}
  for _, job in ipairs(list) do
    add_once(whats, seen, job.what, MOST_NAMED)
  end
  return table.concat(whats, ", ")
end

local function show_decisions(session, list, others)
  for _, row in ipairs(others) do
    list[#list + 1] = row
  end
  table.sort(list, function(a, b)
    return a.id < b.id
  end)
  session:show(view(), list)
  session.streams:flush()
end

local function preview(session, list, others, word)
  for _, job in ipairs(list) do
    job.outcome, job.code = "would be " .. word, nil
  end
  show_decisions(session, list, others)
  return #others > 0 and exit.partial or exit.done
end

-- Writes the decision down; what somebody else has decided meanwhile goes to the others.
local function decide(session, list, others, decision)
  local journal, options = must(session:journal()), session.options
  local how, decided = { by = decider(options), reason = options.reason }, {}
  for _, job in ipairs(list) do
    local ok, message, err = journal:decide_job(job.id, decision, how)
    if ok then
      decided[#decided + 1] = job
    elseif err.code == "not_held" then
      job.outcome, job.reason, job.code = "refused", message, err.code
      others[#others + 1] = job
    else
      must(ok, message, err)
    end
  end
  return decided
end

-- How each has ended, of those that were approved; the reason why it was held is no reason of that.
local function note_outcomes(session, decided)
  local journal = must(session:journal())
  for _, job in ipairs(decided) do
    local now = must(journal:jobs { id = job.id })[1]
    local has_ended = now.state == "done" or now.state == "failed"
    job.outcome = has_ended and now.state or "approved"
    job.reason, job.code = now.reason, now.code
    job.run, job.step = now.run, now.step
    if not has_ended then
      job.reason, job.code = job.failure or "the endpoint or `lastpass scim worker` does it", nil
    end
  end
end

local function sum_up(session, list)
  local counts, parts = {}, {}
  for _, job in ipairs(list) do
    counts[job.outcome] = (counts[job.outcome] or 0) + 1
  end
  for _, outcome in ipairs { "done", "approved", "failed", "refused" } do
    if counts[outcome] then
      parts[#parts + 1] = ("%d %s"):format(counts[outcome], outcome)
    end
  end
  if not session.options.quiet then
    session:say("%s", table.concat(parts, ", "))
  end
  return counts
end

local function nothing_waits(session, others)
  if #others > 0 then
    show_decisions(session, {}, others)
    return exit.failed
  end
  local only = session.options.code
    and (" that %s has held"):format(require("lastpass.text").clean(session.options.code))
  session:say("nothing%s waits for a decision", only or "")
  return exit.done
end

--- Approves what the command line names, and does it where that is possible.
---@param session lastpass.cli.Session
---@return integer code
function M.approve(session)
  check_options(session)
  local list, others = chosen(session)
  if #list == 0 then
    return nothing_waits(session, others)
  elseif session.options.dry_run then
    return preview(session, list, others, "done")
  end
  local people = people_of(list)
  local question = ("approve %s: %s"):format(what_of_all(list), confirm.people(people))
  must(confirm.harm(session, is_final(list) and "type" or "ask", question, people, #list))
  local decided = decide(session, list, others, "approved")
  if not session.options.later then
    require("lastpass.cli.scim_work").execute(session, decided)
  end
  note_outcomes(session, decided)
  show_decisions(session, decided, others)
  local counts = sum_up(session, decided)
  if (counts.done or 0) == #decided then
    return exit.done
  end
  return (counts.failed or 0) + (counts.refused or 0) == #decided and exit.failed or exit.partial
end

--- Refuses what the command line names.
---@param session lastpass.cli.Session
---@return integer code
function M.refuse(session)
  check_options(session)
  local list, others = chosen(session)
  if #list == 0 then
    return nothing_waits(session, others)
  elseif session.options.dry_run then
    return preview(session, list, others, "refused")
  end
  local question = ("refuse %s: %s"):format(what_of_all(list), confirm.people(people_of(list)))
  must(confirm.ask(session, question .. "?"))
  local decided = decide(session, list, others, "refused")
  for _, job in ipairs(decided) do
    job.outcome, job.reason, job.code = "will not be done", nil, nil
  end
  local count = #decided
  show_decisions(session, decided, others)
  if not session.options.quiet then
    session:say("%d will not be done", count)
  end
  return #others > 0 and exit.partial or exit.done
end

return M
