--- What the journal knows of steps: lists, counts, and what was done lately.
-- @module lastpass.store.step_lists
local errors = require "lastpass.error"
local failures = require "lastpass.store.failures"
local json = require "lastpass.json"
local values = require "lastpass.store.values"

--- One step.
---@class lastpass.store.Step
---@field number integer       its position in the plan
---@field kind string
---@field subject string       the e-mail address
---@field state string         "intended" while it is open, else as in `record`
---@field reason? string
---@field code? string
---@field before? table
---@field after? table
---@field attempt integer      how often it was intended; 0 when it never was
---@field intended_at? integer epoch seconds, of the last attempt
---@field settled_at? integer  epoch seconds
---@field doubt_until? integer epoch seconds: until when the server may still execute the call; nil in
-- journals of older versions
---@field lost? integer        how often its answer was lost and the directory showed nothing of it
---@field confirmed_at? integer epoch seconds: when the directory was read and showed it

---@class lastpass.store.Journal
local M = {}

local COLUMNS = "{number}, kind, subject, state, reason, code, before_image, after_image, "
  .. "{attempt}, {intended_at}, {settled_at}, {doubt_until}, {lost}, {confirmed_at}"

local states = {
  intended = true,
  done = true,
  unchanged = true,
  refused = true,
  stale = true,
  uncertain = true,
  unknown = true,
  not_confirmed = true,
  not_tried = true,
  held = true,
}

local function decode_images(self, run, row)
  for _, name in ipairs { "before", "after" } do
    local text = row[name .. "_image"]
    row[name .. "_image"] = nil
    if text then
      local value, message = json.decode(text)
      if message then
        local what = ("step %d of run %d: %s: %s"):format(row.number, run, name, message)
        return failures.damaged(self._database.label, what)
      end
      row[name] = value
    end
  end
  return row
end

local function select_steps(database, self, run, condition, bound)
  local sql = ("SELECT %s FROM lastpass_steps WHERE run = ?%s"):format(COLUMNS, condition)
  local rows = database:run(sql, bound)
  for _, row in ipairs(rows) do
    local ok, message, err = decode_images(self, run, row)
    if not ok then
      return nil, message, err
    end
  end
  return rows
end

--- Lists steps by number.
---@param run integer
---@param options? table state; from: the first number; limit: default all
---@return lastpass.store.Step[]|nil
---@return string? message
---@return lastpass.Error? err
function M:steps(run, options)
  local where = "journal:steps"
  run = values.whole(where, "run", run)
  options = errors.check_options(where, options, {
    state = "string",
    from = "number",
    limit = "number",
  })
  local conditions, bound = {}, { run }
  if options.state then
    conditions[#conditions + 1] = " AND state = ?"
    bound[#bound + 1] = values.word(where, "state", options.state, states)
  end
  if options.from then
    conditions[#conditions + 1] = " AND number >= ?"
    bound[#bound + 1] = values.whole(where, "from", options.from)
  end
  conditions[#conditions + 1] = " ORDER BY number"
  if options.limit then
    conditions[#conditions + 1] = " LIMIT ?"
    bound[#bound + 1] = values.whole(where, "limit", options.limit)
  end
  return self._database:read(select_steps, self, run, table.concat(conditions), bound)
end

--- The steps of which nobody knows yet what became: "intended" or "uncertain", by number.
---@param run integer
---@return lastpass.store.Step[]|nil
---@return string? message
---@return lastpass.Error? err
function M:open_steps(run)
  run = values.whole("journal:open_steps", "run", run)
  local condition = " AND state IN ('intended', 'uncertain') ORDER BY number"
  return self._database:read(select_steps, self, run, condition, { run })
end

local function select_counts(database, run)
  local counts = {}
  local rows = database:query(
    "SELECT state, {COUNT(*) AS steps} FROM lastpass_steps WHERE run = ? GROUP BY state",
    run
  )
  for _, row in ipairs(rows) do
    counts[row.state] = row.steps
  end
  return counts
end

--- How many steps there are of each state.
---@param run integer
---@return table<string, integer>|nil counts states without steps are absent
---@return string? message
---@return lastpass.Error? err
function M:step_counts(run)
  return self._database:read(select_counts, values.whole("journal:step_counts", "run", run))
end

-- The bound of a query about kinds of steps of a tenant since a moment, and its marks.
local function window(where, tenant, kinds, since)
  local bound = {}
  for index, kind in ipairs(values.list(where, "kinds", kinds)) do
    bound[index] = values.name(where, "a kind", kind)
  end
  local marks = values.marks(bound)
  bound[#bound + 1] = values.whole(where, "since", since)
  bound[#bound + 1] = values.tenant(where, tenant)
  return bound, marks
end

local HAPPENED = "s.state IN ('done', 'intended', 'uncertain', 'unknown', 'not_confirmed') "
  .. "AND s.touched_at >= ? "

-- Of each kind the steps, and of steps of groups the memberships, of all runs that take nothing back.
local SUMS = "SELECT s.kind AS kind, {COUNT(*) AS steps}, "
  .. "{SUM(CASE WHEN s.kind = 'groups' THEN COALESCE(@joined, 0) ELSE 0 END) AS joined}, "
  .. "{SUM(CASE WHEN s.kind = 'groups' THEN COALESCE(@left, 0) ELSE 0 END) AS leaving} "
  .. "FROM lastpass_steps s JOIN lastpass_runs r ON r.id = s.run WHERE "
  .. HAPPENED
  .. "AND r.tenant = ? AND r.kind <> 'undo' GROUP BY s.kind"

local UNDONE = "SELECT {r.id AS run}, {r.of_run AS of_run}, s.kind AS kind, s.subject AS subject "
  .. "FROM lastpass_runs r JOIN lastpass_steps s ON s.run = r.id WHERE r.kind = 'undo' "
  .. "AND s.state = 'done' AND s.touched_at >= ? AND r.tenant = ? ORDER BY r.id DESC"

local OF_RUN = "SELECT s.kind AS kind, s.subject AS subject, "
  .. "{COALESCE(CASE WHEN s.kind = 'groups' THEN @joined END, 0) AS joined}, "
  .. "{COALESCE(CASE WHEN s.kind = 'groups' THEN @left END, 0) AS leaving} "
  .. "FROM lastpass_steps s JOIN lastpass_runs r ON r.id = s.run WHERE "
  .. HAPPENED
  .. "AND r.id = ? AND r.kind <> 'undo'"

local function key_of(kind, subject)
  return kind .. "\0" .. subject
end

-- By run the steps that a later one has taken back. Newest first: a step back that was taken back
-- itself takes nothing back.
local function taken_back(database, tenant, since, takes_back)
  local undone = {}
  for _, step in ipairs(database:query(UNDONE, since, tenant)) do
    local own = undone[step.run]
    if not (own and own[key_of(step.kind, step.subject)]) then
      undone[step.of_run] = undone[step.of_run] or {}
      for _, kind in ipairs(takes_back[step.kind] or {}) do
        undone[step.of_run][key_of(kind, step.subject)] = true
      end
    end
  end
  return undone
end

local function select_amounts(database, tenant, since, takes_back)
  local amounts = { join = 0, leave = 0 }
  local function add(kind, steps, joined, leaving)
    amounts[kind] = (amounts[kind] or 0) + steps
    amounts.join, amounts.leave = amounts.join + joined, amounts.leave + leaving
  end
  for _, row in ipairs(database:query(SUMS, since, tenant)) do
    add(row.kind, row.steps, row.joined, row.leaving)
  end
  for run, keys in pairs(taken_back(database, tenant, since, takes_back)) do
    for _, row in ipairs(database:query(OF_RUN, since, run)) do
      if keys[key_of(row.kind, row.subject)] then
        add(row.kind, -1, -row.joined, -row.leaving)
      end
    end
  end
  return amounts
end

--- What was done, or may have been, since a moment, over all runs: steps by kind, and as `join` and
-- `leave` the memberships that steps of groups gave and took. What an undo has taken back does not
-- count, nor does the undo: the company is as it was. An undo that was undone has taken nothing back.
---@param tenant string|integer
---@param since integer epoch seconds
---@param takes_back table<string, string[]> kind of a step -> kinds of the steps it takes back
---@return table<string, integer>|nil amounts kinds without steps are absent
---@return string? message
---@return lastpass.Error? err
function M:amounts(tenant, since, takes_back)
  local where = "journal:amounts"
  return self._database:read(
    select_amounts,
    values.tenant(where, tenant),
    values.whole(where, "since", since),
    values.list(where, "takes_back", takes_back)
  )
end

local function select_done(database, self, bound, marks)
  local sql = "SELECT {s.run AS run}, {s.number AS number}, s.kind AS kind, s.subject AS subject, "
    .. "s.before_image AS before_image, s.after_image AS after_image, "
    .. "{s.settled_at AS settled_at} "
    .. ("FROM lastpass_steps s JOIN lastpass_runs r ON r.id = s.run WHERE s.kind IN (%s) "):format(
      marks
    )
    .. "AND s.touched_at >= ? AND r.tenant = ? AND s.state IN ('done', 'unknown') "
    .. "ORDER BY s.run, s.number"
  local rows = database:run(sql, bound)
  for _, row in ipairs(rows) do
    local ok, message, err = decode_images(self, row.run, row)
    if not ok then
      return nil, message, err
    end
  end
  return rows
end

--- The steps of some kinds that were done, or may have been, since a moment, over all runs.
---@param tenant string|integer
---@param kinds string[]
---@param since integer epoch seconds
---@return table[]|nil list {run, number, kind, subject, before, after, settled_at}, oldest first
---@return string? message
---@return lastpass.Error? err
function M:done_steps(tenant, kinds, since)
  local bound, marks = window("journal:done_steps", tenant, kinds, since)
  if #kinds == 0 then
    return {}
  end
  return self._database:read(select_done, self, bound, marks)
end

return M
