--- Plans: what has to change for a company to be as a playbook declares it, as a document that can
-- be read, stored, reviewed and applied once.
-- @module lastpass.plan
local actions = require "lastpass.plan.actions"
local changes = require "lastpass.directory.changes"
local check_company = require("lastpass.plan.words.companies").check_company
local checks = require "lastpass.plan.checks"
local document = require "lastpass.plan.document"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local guards = require "lastpass.plan.guards"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local playbooks = require "lastpass.plan.playbook"
local rest_batches = require "lastpass.plan.rest_batches"
local signature = require "lastpass.signature"
local state = require "lastpass.plan.state"
local steps = require "lastpass.plan.steps"
local surface = require "lastpass.plan.surface"

local M = {}

--- A plan.
---@class lastpass.Plan
---@field name string  SHA-256 of the canonical form
---@field body table  steps, held, held_beyond (of those held for one reason what is beyond 1,000:
-- {code, kind, count, reason}), problems, warnings, refusals, upcoming (what dates will bring within a
-- month: {day, subject, what, origin}), sources, objects, counts, requests,
-- mails, created, expires, tenant, directory, playbook; via ("scim") and scim (the endpoint), when the
-- steps say what carries them; rest ({url, levels}), when the REST API was read for it
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

-- `name` where it is known already.
local function new_plan(body, name)
  return setmetatable({ name = name or document.name(body), body = body }, plan_mt)
end

M.of_body = new_plan

--- Whether a value is a plan.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == plan_mt
end

--- What is sent with steps and stands in no plan: neither in its text nor in JSON nor in the journal.
---@return table<string, table>|nil private by address
function M.private_fields(plan)
  return private_fields[plan]
end

--- How many steps there are to apply.
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
  return require("lastpass.files").write(path, self:text())
end

--- Counts a plan's steps, and the requests and e-mails that they will cause.
---@param body table gets counts, requests, mails
---@param client lastpass.Client
function M.count(body, client)
  local mails, counts = 0, {}
  for _, step in ipairs(body.steps) do
    counts[step.kind] = (counts[step.kind] or 0) + 1
    mails = mails + (changes.by_name[step.kind].mails or 0)
  end
  body.counts, body.requests, body.mails = counts, surface.requests(client, body.steps), mails
end

local DAY = 24 * 60 * 60 -- seconds

--- The option `expires_in` as `errors.check_options` wants it.
---@param value any
---@return boolean ok
---@return string expected
function M.check_expiry(value)
  return type(value) == "number" and value >= 1 and value <= 366 * DAY, "from 1 second to a year"
end

--- Writes into a plan's body when it was made and until when it may be applied.
---@param body table
---@param now integer epoch seconds
---@param expires_in? number seconds, default a day
function M.stamp(body, now, expires_in)
  body.created = now
  body.expires = now + math.floor(expires_in or DAY)
end

local function problem_lines(builder)
  local list = json.list {}
  for _, problems in ipairs { builder.declared.problems, builder.problems } do
    for _, problem in ipairs(problems) do
      local origin = problem.origin
      if not origin and problem.source and builder.declared.sources[problem.source] then
        origin = ("%s:%d"):format(builder.declared.sources[problem.source].name, problem.line)
      end
      list[#list + 1] = {
        code = problem.code,
        reason = checks.printable(problem.reason),
        subject = checks.printable(problem.subject),
        origin = checks.printable(origin),
      }
    end
  end
  return list
end

-- Only users whom a step is about stand in the plan.
local function objects_of(builder, body)
  for _, list in ipairs { body.steps, body.held } do
    for _, step in ipairs(list) do
      local known = builder.users[email.fold(step.subject)].state
      body.objects[step.subject] = known
      step.base = state.hash(known)
    end
  end
end

local function new_body(builder, context, now)
  local body = document.new()
  body.steps = json.list(steps.number(builder:open_steps()))
  body.held = json.list(builder.held)
  table.sort(body.held, function(a, b)
    if a.subject ~= b.subject then
      return a.subject < b.subject
    elseif a.kind ~= b.kind then
      return a.kind < b.kind
    end
    return json.encode(a.after) < json.encode(b.after)
  end)
  body.upcoming = steps.upcoming(builder, now)
  body.held_beyond = #builder.held_beyond > 0 and builder.held_beyond or nil
  body.problems = problem_lines(builder)
  body.warnings = json.list(builder.warnings)
  body.refusals = context.refusals
  objects_of(builder, body)
  return body
end

local plan_options = {
  limit = "table",
  expires_in = M.check_expiry,
  via = surface.is_known,
  text = "string",
  company = check_company,
  time_limit = function(value)
    return type(value) == "number" and value > 0, "seconds above 0"
  end,
}

local function now_of(client)
  return math.floor(client:now())
end

-- What the configuration protects, in every plan.
local function protect(client, declared)
  for _, address in ipairs(client:option "protect" or {}) do
    declared:protect(address, "is protected by the configuration")
  end
end

local function read_context(client, declared, snapshot, sources, options)
  local context, message, err = guards.context(client, snapshot, sources)
  if not context then
    return nil, message, err
  end
  if declared.is_direct then
    actions.complete_limits(declared, options.limit, context.size)
  end
  return context
end

local direct_runs = 0

-- The same may be asked for again, so such a plan has another name each time.
local function mark_direct(body, named)
  direct_runs = direct_runs + 1
  body.kind = "direct"
  body.request = ("%s.%d"):format(require("lastpass.store.lock").identity().pid, direct_runs)
  body.named = named
  for _, refusal in ipairs(body.refusals) do
    refusal.allow = actions.advice(refusal.allow)
  end
end

-- Groups that the steps would make.
local function new_groups_of(body, snapshot)
  local known, list = {}, json.list {}
  for _, name in ipairs(snapshot:group_names()) do
    known[name] = true
  end
  for _, step in ipairs(body.steps) do
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
local function private_of(list)
  local private
  for _, action in ipairs(list) do
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
---@param options table limit, expires_in, via
---@return lastpass.Plan|nil plan with `body.refusals` when a guard refuses it
---@return string? message
---@return lastpass.Error? err
function M.of_declared(client, declared, options)
  local now = now_of(client)
  if options.limit then
    limits.merge("client:plan: limit", declared.settings.limits, options.limit, 2)
  end
  protect(client, declared)
  local named = declared.is_direct and actions.named(declared.actions) or nil
  local snapshot, message, err = client:snapshot(named and { named = named })
  if not snapshot then
    return nil, message, err
  end
  local needs, rest = rest_batches.needs(declared), nil
  if needs then
    rest, message, err = rest_batches.join(client, snapshot, needs, named)
    if not rest then
      return nil, message, err
    end
  end
  local sources = playbooks.sources(declared)
  local context
  context, message, err = read_context(client, declared, snapshot, sources, options)
  if not context then
    return nil, message, err
  end
  local ahead = guards.ahead(declared, sources)
  local ok, why = steps.resolve_only(declared, snapshot:rows())
  if not ok then
    return playbooks.fail(declared.playbook.file, why)
  end
  local builder = steps.compute(declared, snapshot, context.pending_renames, ahead)
  guards.check(builder, context)
  local has_asked
  has_asked, message, err = guards.seats(client, builder, context)
  if not has_asked then
    return nil, message, err
  end
  local body = new_body(builder, context, now)
  body.tenant = context.tenant
  M.stamp(body, now, options.expires_in)
  body.playbook = declared.playbook
  body.sources = json.list(sources)
  body.settings = declared.settings
  body.directory, body.rest = context.size, rest
  ok, message, err = surface.assign(client, body, options.via)
  if not ok then
    return nil, message, err
  end
  M.count(body, client)
  body.unchanged = builder.totals.unchanged
  if declared.is_direct then
    mark_direct(body, named)
  elseif #body.refusals == 0 then
    ok, message, err = guards.note_sources(context, declared.settings.limits)
    if not ok then
      return nil, message, err
    end
  end
  local plan = new_plan(body)
  private_fields[plan] = private_of(declared.actions)
  plan.new_groups = declared.is_direct and new_groups_of(body, snapshot) or nil
  return plan
end

-- An account number every client has; a name only what is of a set of companies.
local function company_of(client, given)
  local company = { cid = tonumber(client:option "cid") }
  for name, value in pairs(given or {}) do
    company[name] = value
  end
  return company
end

--- Makes a plan: runs the playbook, reads the directory, compares, asks the guards. Nothing is
-- written to LastPass.
---@param client lastpass.Client
---@param playbook string|function|table path of a file; function that is given the words; actions
---@param options? table limit (stronger than the playbook's), expires_in (seconds, default a day), via ("scim": what
-- SCIM can carry goes over the client's SCIM endpoint), text (what the file says, when it is not to be read again),
-- time_limit (seconds that the playbook may compute; default as long as it takes), company
-- (`lastpass.plan.Company`: what the word `company` says)
---@return lastpass.Plan|nil plan with `body.refusals` when a guard refuses it
---@return string? message
---@return lastpass.Error? err
function M.make(client, playbook, options)
  options = errors.check_options("client:plan", options, plan_options, 2)
  local declared, message, err = playbooks.run(playbook, {
    zone = client:zone(),
    now = now_of(client),
    text = options.text,
    time_limit = options.time_limit,
    company = company_of(client, options.company),
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
  return new_plan(body, document.name_in(text))
end

signature.declare("plan:", methods, {
  count = "",
  is_empty = "",
  text = "",
  save = "path: string",
})

return M
