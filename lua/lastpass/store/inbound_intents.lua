--- The first of the two commits of an identity provider's write: the intent proves the company's lock, claims the user or
-- group, counts the limits and writes the steps down, all or nothing.
-- @module lastpass.store.inbound_intents
local amounts = require "lastpass.store.inbound_amounts"
local errors = require "lastpass.error"
local job_claims = require "lastpass.store.job_claims"
local jobs = require "lastpass.store.jobs"
local json = require "lastpass.json"
local locks = require "lastpass.store.lock"
local objects = require "lastpass.store.inbound_objects"
local values = require "lastpass.store.values"

---@class lastpass.store.Journal
local M = {}

-- ---- the run of the day ----

local function open_run(database, given)
  local run = database:first(
    "SELECT {id}, state FROM lastpass_runs WHERE tenant = ? AND kind = 'scim' AND plan = ? "
      .. "ORDER BY id DESC LIMIT 1",
    given.tenant,
    given.run
  )
  if run and run.state ~= "abandoned" then
    return run.id
  end
  return database:first(
    "INSERT INTO lastpass_runs (tenant, plan, kind, state, total, started, owner, document) "
      .. "VALUES (?, ?, 'scim', 'running', 0, @now, ?, ?) RETURNING {id}",
    given.tenant,
    given.run,
    json.encode(locks.shared_owner(given.idle)),
    values.pack ""
  ).id
end

-- The company's lock and the number of the run, or who else has it.
local function hold_company(database, self, given)
  local state, message, err = locks.share(database, self, given.tenant, given.idle)
  if not state then
    return nil, message, err
  end
  local run = open_run(database, given)
  if run ~= state.run then
    locks.name_run(database, given.tenant, run)
  end
  if state.is_new then
    local ok
    ok, message, err =
      amounts.note_others(database, self, given.tenant, given.takes_back, state.clock)
    if not ok then
      return nil, message, err
    end
  end
  return run, state.clock
end

-- ---- claims ----

local CLAIM = "INSERT INTO lastpass_scim_claims (tenant, subject, token, lease_until) "
  .. "VALUES (?, ?, ?, @now + ?) ON CONFLICT (tenant, subject) DO UPDATE SET "
  .. "token = excluded.token, lease_until = excluded.lease_until "
  .. "WHERE lastpass_scim_claims.lease_until < @now "
  .. "OR lastpass_scim_claims.token IN (excluded.token, ?) RETURNING subject"

local function claim(database, given)
  for _, subject in ipairs(given.claims) do
    local previous = given.previous or ""
    if not database:first(CLAIM, given.tenant, subject, given.token, given.lease, previous) then
      local other = database:first(
        "SELECT {lease_until}, {@now AS clock} FROM lastpass_scim_claims "
          .. "WHERE tenant = ? AND subject = ?",
        given.tenant,
        subject
      )
      local seconds = other and math.max(other.lease_until - other.clock + 1, 1) or 1
      local message = "another change of the same user or group is under way"
      return errors.fail("conflict", "claimed", message, { retry_after = seconds })
    end
  end
  return true
end

-- What was decided rests on the object as it was read: another request may have ended since.
local function check_unchanged(database, expected)
  local row = expected
    and database:first(
      "SELECT {version} FROM lastpass_scim_objects WHERE connection = ? AND id = ?",
      expected.connection,
      expected.id
    )
  if expected and (row and row.version or 0) ~= expected.version then
    local message = "another change of the same user has ended meanwhile"
    return errors.fail("conflict", "changed", message, { retry_after = 1 })
  end
  return true
end

-- ---- the intent ----

local INTEND = "INSERT INTO lastpass_steps (run, number, kind, subject, before_image, after_image, "
  .. "intended_at, touched_at, doubt_until, state, attempt) "
  .. "VALUES (?, ?, ?, ?, ?, ?, @now, @now, @now + ?, 'intended', 1)"

local INTEND_AGAIN = "UPDATE lastpass_steps SET state = 'intended', reason = NULL, code = NULL, "
  .. "attempt = attempt + 1, intended_at = @now, touched_at = @now, doubt_until = @now + ?, "
  .. "settled_at = NULL, confirmed_at = NULL WHERE run = ? AND number = ? AND state <> 'done' "
  .. "RETURNING {number}"

-- The run of a day is running again, and has so many steps more.
local CONTINUE = "UPDATE lastpass_runs SET state = 'running', finished = NULL, total = total + ? "
  .. "WHERE id = ? RETURNING {total}"

local function write_steps(database, run, steps, doubt)
  local numbers = {}
  local before = database:first(CONTINUE, #steps, run).total - #steps
  for index, step in ipairs(steps) do
    numbers[index] = before + index
    database:query(
      INTEND,
      run,
      before + index,
      step.kind,
      step.subject,
      step.before,
      step.after,
      doubt
    )
  end
  return numbers
end

-- A step that was lost is intended once more under its number: the journal shows one step, and how often it was sent.
local function repeat_steps(database, again, doubt)
  for _, number in ipairs(again.numbers) do
    if not database:first(INTEND_AGAIN, doubt, again.run, number) then
      errors.raise(2, "journal:scim_intend: step %d of run %d is done", number, again.run)
    end
  end
  return again.numbers
end

local function write_job(database, given, run, numbers)
  if given.job then
    given.job.run, given.job.step = run, numbers[1]
    return (jobs.insert(database, given.job))
  elseif given.proof then
    database:query(
      "UPDATE lastpass_jobs SET run = ?, step = ? WHERE id = ?",
      run,
      numbers[1],
      given.proof.id
    )
    return given.proof.id
  end
  return nil
end

local function intend(database, self, given)
  local run, clock, err = hold_company(database, self, given)
  if not run then
    return nil, clock, err
  end
  local ok, message
  if given.proof then
    ok, message, err = job_claims.prove(database, given.proof.id, given.proof.token, given.lease)
    if not ok then
      return nil, message, err
    end
  end
  ok, message, err = claim(database, given)
  if ok then
    ok, message, err = check_unchanged(database, given.expected)
  end
  if not ok then
    return nil, message, err
  end
  local over = amounts.beyond(database, given.tenant, given.limits, clock)
  if over then
    return { held = over, clock = clock }
  end
  ok, message, err = objects.write(database, given.objects)
  if not ok then
    return nil, message, err
  end
  local slot = amounts.slot_of(clock)
  amounts.add(database, given.tenant, given.limits, slot, 1)
  local numbers = write_steps(database, run, given.steps, given.doubt)
  if given.again then
    run, numbers = given.again.run, repeat_steps(database, given.again, given.doubt)
  end
  return {
    run = run,
    numbers = numbers,
    job = write_job(database, given, run, numbers),
    slot = slot,
    clock = clock,
  }
end

-- A limit that is reached takes the claim back and writes down what waits for a decision instead.
local function intend_or_hold(database, self, given)
  local result, message, err = intend(database, self, given)
  if result and result.held then
    database:query(
      "DELETE FROM lastpass_scim_claims WHERE tenant = ? AND token = ?",
      given.tenant,
      given.token
    )
    if given.held then
      local over = result.held
      given.held.reason = ("%s = %d within %s: %d so far, and %d by this change"):format(
        over.name,
        over.allowed,
        over.text,
        over.done,
        over.amount
      )
      result.job = jobs.insert(database, given.held)
      objects.write(database, given.objects)
    end
  end
  return result, message, err
end

-- ---- what is read beside it ----

local may_be_read = { scim_objects = true, scim_members = true }

local function read_beside(where, self, calls)
  local read = {}
  for index, call in ipairs(calls) do
    if not may_be_read[call.method] then
      errors.raise(3, "%s: reading: '%s' cannot be read", where, tostring(call.method))
    end
    local value, message, err = self[call.method](self, call[1])
    if value == nil then
      return nil, message, err
    end
    read[index] = value
  end
  return read
end

-- ---- the call ----

local known_intent = {
  tenant = { "string", "number" },
  run = "string",
  idle = "number",
  takes_back = "table",
  claims = "table",
  token = "string",
  previous = "string",
  lease = "number",
  doubt = "number",
  steps = "table",
  again = "table",
  limits = "table",
  objects = "table",
  job = "table",
  held = "table",
  proof = "table",
  reading = "table",
  expected = "table",
}

-- Lists that came through a thread have lost the mark that an empty one is a list.
local LISTS = { "join", "leave", "groups" }

local function encode_image(image)
  if image == nil then
    return nil
  end
  local copy = {}
  for name, value in pairs(image) do
    copy[name] = value
  end
  for _, name in ipairs(LISTS) do
    if type(copy[name]) == "table" then
      copy[name] = json.list(copy[name])
    end
  end
  return json.encode(copy)
end

local function prepare_steps(where, list)
  local steps = {}
  for index, step in ipairs(list or {}) do
    steps[index] = {
      kind = values.name(where, "a step's kind", step.kind),
      subject = values.name(where, "a step's subject", step.subject),
      before = encode_image(step.before),
      after = encode_image(step.after),
    }
  end
  return steps
end

--- The first commit of a write. When this returns `numbers`, everything is on the disk: the company is ours, nobody else
-- is at work on the subjects, the limits allow it, and the steps are intended. When it returns `held`, a limit does not
-- allow it and only the job `held` was written.
---@param intent table tenant; run (name of the run of the day); idle (seconds after which the company is free again);
-- takes_back (as of `amounts`); claims (subjects); token; previous (token of the same work's earlier attempt); lease
-- (seconds); doubt (seconds in which the server may still act); steps {kind, subject, before, after} or again {run,
-- numbers}; limits {name, amount, spans {seconds (1, 7 or 30 days), text, allowed}}, without spans nothing is limited;
-- objects; job (left behind when the process dies; its not_before or delay says when it is due), held (job), proof (id and
-- token of the job that is executed); reading (calls as of `batch`, of `scim_objects` and `scim_members`: who asks needs not
-- come twice);
-- expected {connection, id, version}: of an object as it was read, 0 where there was none
---@return table|nil result {run, numbers, job, slot, clock, read} or {held = {name, done, amount, allowed, text}, job}
---@return string? message
---@return lastpass.Error? err kind "conflict", code "locked" (somebody else works on the company), "claimed" (with
-- retry_after), "changed" (the object is not as it was expected), "job_lost", "object_exists"
function M:scim_intend(intent)
  local where = "journal:scim_intend"
  intent = errors.check_options(where, intent, known_intent)
  local read, message, err = read_beside(where, self, intent.reading or {})
  if not read then
    return nil, message, err
  end
  local result
  result, message, err = self._database:transaction(intend_or_hold, self, {
    tenant = values.tenant(where, intent.tenant),
    run = values.name(where, "run", intent.run),
    idle = values.whole(where, "idle", intent.idle),
    takes_back = values.list(where, "takes_back", intent.takes_back or {}),
    claims = values.list(where, "claims", intent.claims),
    token = values.name(where, "token", intent.token),
    previous = values.optional_text(where, "previous", intent.previous),
    lease = values.whole(where, "lease", intent.lease),
    doubt = values.whole(where, "doubt", intent.doubt),
    steps = prepare_steps(where, intent.steps),
    again = intent.again,
    limits = amounts.check(where, intent.limits or {}),
    objects = objects.prepare_all(where, intent.objects),
    job = intent.job and jobs.prepare(where, intent.job),
    held = intent.held and jobs.prepare(where, intent.held),
    proof = intent.proof,
    expected = intent.expected,
  })
  if result then
    result.read = intent.reading and read
  end
  return result, message, err
end

return M
