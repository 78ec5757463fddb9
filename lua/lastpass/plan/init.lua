--- Plans: what has to change for a company to be as a playbook declares it, as a document that can
-- be read, kept, reviewed and applied once.
-- @module lastpass.plan
local document = require "lastpass.plan.document"
local errors = require "lastpass.error"
local expiry = require "lastpass.plan.expiry"
local guards = require "lastpass.plan.guards"
local image = require "lastpass.plan.image"
local json = require "lastpass.json"
local key_of = require("lastpass.email").fold
local kinds = require "lastpass.plan.kinds"
local letters = require "lastpass.plan.letters"
local limits = require "lastpass.plan.limits"
local mistakes = require "lastpass.plan.mistakes"
local playbook_room = require "lastpass.plan.playbook"
local requested = require "lastpass.plan.requested"
local signature = require "lastpass.signature"
local steps_room = require "lastpass.plan.steps"
local surroundings = require "lastpass.plan.surroundings"
local upcoming = require "lastpass.plan.upcoming"

local M = {}

--- A plan.
---@class lastpass.Plan
---@field name string  SHA-256 of the canonical form
---@field body table  steps, held, held_beyond (of those held for one reason what is beyond 1,000:
-- {code, kind, count, reason}), problems, warnings, refusals, upcoming (what dates will bring within a
-- month: {day, subject, what, origin}), sources, objects, counts, requests,
-- mails, created, expires, tenant, directory, playbook
---@field new_groups? string[] of actions: groups that the steps would make
local methods = {}

-- By plan: passwords and attributes that are sent with a step, by address. They are no fields of the plan,
-- so that whatever shows one does not show them.
local private_fields = setmetatable({}, { __mode = "k" })

local plan_mt = { __name = "lastpass.Plan", __index = methods }

function plan_mt.__tostring(plan)
  return require("lastpass.plan.text").plan(plan)
end

function plan_mt.__len(plan)
  return #plan.body.steps
end

local function new_plan(body)
  return setmetatable({ name = document.name(body), body = body }, plan_mt)
end

M.of_body = new_plan

--- Whether a value is a plan.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == plan_mt
end

-- What is sent with steps and stands in no plan.
function methods:_private()
  return private_fields[self]
end

--- How many steps there are to carry out.
---@return integer
function methods:count()
  return #self.body.steps
end

--- Whether there is nothing to do.
---@return boolean
function methods:is_empty()
  return #self.body.steps == 0
end

--- The bytes of the plan file.
---@return string
function methods:text()
  return document.render(self.body)
end

--- Writes the plan to a file, readable by its owner only; an existing file is replaced whole.
---@param path string
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function methods:save(path)
  if path == "" then
    errors.raise(2, "plan:save: needs the path of a file")
  end
  local ok, message, err = require("lastpass.files").write(path, self:text())
  if not ok then
    return nil, message, err
  end
  return true
end

local function counts_of(steps)
  local counts = {}
  for _, step in ipairs(steps) do
    counts[step.kind] = (counts[step.kind] or 0) + 1
  end
  return counts
end

--- Requests and e-mails that steps will cause.
---@param counts table<string, integer>
---@param chunk integer rows of one write
---@return integer requests
---@return integer mails
function M.cost(counts, chunk)
  local requests, mails = 0, 0
  for name, count in pairs(counts) do
    local kind = kinds.by_name[name]
    local is_list = kind.method and name ~= "name"
    requests = requests + (is_list and math.ceil(count / chunk) or count)
    mails = mails + (kind.mails or 0) * count
  end
  return requests, mails
end

local function problem_lines(work)
  local list = json.list {}
  for _, problems in ipairs { work.declared.problems, work.problems } do
    for _, problem in ipairs(problems) do
      local origin = problem.origin
      if not origin and problem.source and work.declared.sources[problem.source] then
        origin = ("%s:%d"):format(work.declared.sources[problem.source].name, problem.line)
      end
      list[#list + 1] = {
        code = problem.code,
        reason = letters.writable(problem.reason),
        subject = letters.writable(problem.subject),
        origin = letters.writable(origin),
      }
    end
  end
  return list
end

-- Only those whom a step touches are kept in the plan.
local function objects_of(work, body)
  for _, list in ipairs { body.steps, body.held } do
    for _, step in ipairs(list) do
      local known = work.images[key_of(step.subject)].image
      body.objects[step.subject] = known
      step.base = image.hash(known)
    end
  end
end

local function assemble(work, context, now)
  local body = document.new()
  for _, step in ipairs(work.steps) do
    if not step.held then
      body.steps[#body.steps + 1] = step
    end
  end
  steps_room.number(body.steps)
  for _, step in ipairs(work.held) do
    body.held[#body.held + 1] = step
  end
  table.sort(body.held, function(a, b)
    if a.subject ~= b.subject then
      return a.subject < b.subject
    end
    if a.kind ~= b.kind then
      return a.kind < b.kind
    end
    return json.encode(a.after) < json.encode(b.after)
  end)
  body.upcoming = upcoming.of(work, now)
  body.held_beyond = #work.held_beyond > 0 and work.held_beyond or nil
  body.problems = problem_lines(work)
  body.warnings = json.list(work.warnings)
  body.refusals = context.refusals
  objects_of(work, body)
  return body
end

local plan_options = {
  limit = "table",
  expires_in = expiry.check,
  text = "string",
  time_limit = function(value)
    return type(value) == "number" and value > 0, "seconds above 0"
  end,
}

local function now_of(client)
  return math.floor(client:now())
end

-- What the company's own settings protect, whoever makes the plan.
local function protect(client, declared)
  for _, address in ipairs(client:option "protect" or {}) do
    declared:protect(address, "is protected by the configuration")
  end
end

local function read_context(client, declared, snapshot, sources, options)
  local context, message, err = surroundings.read(client, snapshot, sources)
  if not context then
    return nil, message, err
  end
  if declared.is_direct then
    requested.complete_limits(declared, options.limit, context)
  end
  return context
end

local direct_runs = 0

-- The same may be asked for again, so such a plan has a name of its own each time.
local function mark_direct(body, named)
  direct_runs = direct_runs + 1
  body.kind = "direct"
  body.request = ("%s.%d"):format(require("lastpass.store.process").identity().pid, direct_runs)
  body.named = named
  for _, refusal in ipairs(body.refusals) do
    refusal.allow = requested.advice(refusal.allow)
  end
end

-- Groups that the steps would make.
local function new_groups_of(steps, snapshot)
  local known, list = {}, json.list {}
  for _, name in ipairs(snapshot:group_names()) do
    known[name] = true
  end
  for _, step in ipairs(steps) do
    local after = step.after or {}
    local names = step.kind == "create" and after.groups or step.kind == "groups" and after.join
    for _, name in ipairs(names or {}) do
      if not known[name] then
        known[name], list[#list + 1] = true, name
      end
    end
  end
  table.sort(list)
  return list
end

-- What is sent with a step and stands in no plan file: a plan that was saved and read has it no more.
local function private_of(actions)
  local private
  for _, action in ipairs(actions) do
    if action.private and action.step then
      private = private or {}
      private[action.step.subject] = action.private
    end
  end
  return private
end

--- Makes the plan of what is declared.
---@param client lastpass.Client
---@param declared lastpass.plan.Declared
---@param options table limit, expires_in
---@return lastpass.Plan|nil plan with `body.refusals` when a guard refuses it
---@return string? message
---@return lastpass.Error? err
function M.of_declared(client, declared, options)
  local now = now_of(client)
  if options.limit then
    limits.merge("client:plan: limit", declared.settings.limits, options.limit, 2)
  end
  protect(client, declared)
  local named = declared.is_direct and requested.named(declared.actions) or nil
  local snapshot, message, err = client:snapshot(named and { named = named })
  if not snapshot then
    return nil, message, err
  end
  local sources = playbook_room.sources(declared)
  local context
  context, message, err = read_context(client, declared, snapshot, sources, options)
  if not context then
    return nil, message, err
  end
  local ahead = guards.ahead(declared, sources)
  local known, mistake = steps_room.resolve_only(declared, snapshot._rows)
  if not known then
    return mistakes.fail(declared.playbook.file, mistake)
  end
  local work = steps_room.compute(declared, snapshot, context.pending_renames, ahead)
  guards.check(work, context)
  local body = assemble(work, context, now)
  body.tenant = context.tenant
  expiry.stamp(body, now, options.expires_in)
  body.playbook = declared.playbook
  body.sources = json.list(sources)
  body.settings = declared.settings
  body.directory = {
    people = context.people,
    memberships = context.memberships,
    admins = context.admins,
    read_at = snapshot.read_at,
  }
  body.counts = counts_of(body.steps)
  body.requests, body.mails = M.cost(body.counts, client:option "chunk")
  body.unchanged = work.totals.unchanged
  if declared.is_direct then
    mark_direct(body, named)
  elseif #body.refusals == 0 then
    local ok
    ok, message, err = surroundings.note_sources(context, declared.settings.limits)
    if not ok then
      return nil, message, err
    end
  end
  local plan = new_plan(body)
  private_fields[plan] = private_of(declared.actions)
  plan.new_groups = declared.is_direct and new_groups_of(body.steps, snapshot) or nil
  return plan
end

--- Makes a plan: runs the playbook, reads the directory, compares, asks the guards. Nothing is
-- written to LastPass.
---@param client lastpass.Client
---@param playbook string|function|table path of a file; function that is given the words; actions
---@param options? table limit (stronger than the playbook's), expires_in (seconds, default a day), text
-- (what the file says, when it is not to be read again), time_limit (seconds that the playbook may
-- compute; default as long as it takes)
---@return lastpass.Plan|nil plan with `body.refusals` when a guard refuses it
---@return string? message
---@return lastpass.Error? err
function M.make(client, playbook, options)
  options = errors.check_options("client:plan", options, plan_options, 2)
  local declared, message, err = playbook_room.run(playbook, {
    zone = client:zone(),
    now = now_of(client),
    text = options.text,
    time_limit = options.time_limit,
  })
  if not declared then
    return nil, message, err
  end
  return M.of_declared(client, declared, options)
end

--- Reads a plan file.
---@param path string
---@return lastpass.Plan|nil
---@return string? message
---@return lastpass.Error? err code "plan_changed" when its bytes are not what was saved
function M.load(path)
  if type(path) ~= "string" or path == "" then
    errors.raise(2, "load_plan: needs the path of a file")
  end
  local text, message, err = require("lastpass.files").read(path)
  if not text then
    return nil, message, err
  end
  local body
  body, message, err = document.parse(text, path)
  if not body then
    return nil, message, err
  end
  return new_plan(body)
end

signature.declare("plan:", methods, {
  count = "",
  is_empty = "",
  text = "",
  save = "path: string",
})

return M
