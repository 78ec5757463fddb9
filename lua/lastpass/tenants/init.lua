--- Many companies: a set of them is loaded, and one kind of work is done for each.
--
--     local set = assert(lastpass.tenants.load { select = "group:eu and not name:test*" })
--     local result = assert(set:run("users", { admin = true }, { on_result = function(company, outcome)
--       for user in outcome:each() do print(company.name, user.email) end
--     end }))
--     print(result.done, #result.missing)
-- @module lastpass.tenants
local address = require "lastpass.transport.address"
local engine = require "lastpass.tenants.engine"
local errors = require "lastpass.error"
local expression = require "lastpass.tenants.expression"
local signature = require "lastpass.signature"
local sources = require "lastpass.tenants.sources"

local M = {}

---@class lastpass.tenants.Set
local methods = {}
local set_mt = { __name = "lastpass.tenants.Set", __index = methods }

function set_mt.__tostring(set)
  return ("lastpass.tenants.Set (%d of %d companies)"):format(#set._chosen, #set._all)
end

-- ------------------------------------------------------------------ groups

-- Companies whose profiles name a group, and the expressions that make one, by its name.
local function group_index(set)
  local members = {}
  for _, company in ipairs(set._all) do
    for _, name in ipairs(company.groups) do
      members[name] = members[name] or {}
      members[name][company] = true
    end
  end
  return members
end

local function group_names(set)
  local names = {}
  for _, list in ipairs { set._members, set._groups } do
    for name in pairs(list) do
      names[name] = true
    end
  end
  return errors.names_of(names)
end

local evaluate

-- A group is whom its expressions name and whose profiles name it.
local function evaluate_group(set, world, name)
  local known, expressions = set._members[name], set._groups[name]
  if world.done[name] then
    return world.done[name]
  elseif not known and not expressions then
    local near = errors.did_you_mean(name, group_names(set))
    return errors.fail("argument", "unknown_group", ("there is no group '%s'%s"):format(name, near))
  elseif world.open[name] then
    local path = table.concat(world.path, " → ", world.open[name]) .. " → " .. name
    return errors.fail(
      "argument",
      "bad_group",
      ("the group '%s' contains itself: %s"):format(name, path)
    )
  end
  local found = {}
  for company in pairs(known or {}) do
    found[company] = true
  end
  world.path[#world.path + 1] = name
  world.open[name] = #world.path
  for _, text in ipairs(expressions or {}) do
    local part, message, err = evaluate(world, text)
    if not part then
      return errors.fail(err.kind, err.code, ("group '%s': %s"):format(name, message), err)
    end
    for company in pairs(part) do
      found[company] = true
    end
  end
  world.path[#world.path], world.open[name] = nil, nil
  world.done[name] = found
  return found
end

function evaluate(world, text)
  local node, message, err = expression.read(text)
  if not node then
    return nil, message, err
  end
  return expression.evaluate(node, world)
end

local function world_of(set)
  local world = { companies = set._all, by_name = set._by_name, done = {}, open = {}, path = {} }
  world.group = function(name)
    return evaluate_group(set, world, name)
  end
  return world
end

-- ------------------------------------------------------------------ choosing

local function account_of(company)
  if not company.cid then
    return nil
  end
  return ("%.0f at %s"):format(company.cid, company:option "url")
end

-- One address can be written in several ways: with the port that holds anyway, in capitals, with a "/" at its end.
local function key_of(company)
  local parsed = company.cid and address.parse(company:option "url")
  if not parsed then
    return account_of(company)
  end
  local host = parsed.is_loopback and "localhost" or parsed.host:lower()
  local target = parsed.target:gsub("%?.*", ""):gsub("/+$", "")
  return ("%.0f at %s:%d%s"):format(company.cid, host, parsed.port, target)
end

-- Of two that are one company, each would be asked, and changed, twice.
local function check_accounts(chosen)
  local seen = {}
  for _, company in ipairs(chosen) do
    local key = key_of(company)
    local other = key and seen[key]
    if other then
      return errors.fail(
        "argument",
        "same_company",
        ("'%s' (%s) and '%s' (%s) are the same company: account %s"):format(
          other.name,
          other.where,
          company.name,
          company.where,
          account_of(company)
        ),
        { hint = ("leave one out, such as: all and not %s"):format(company.name) }
      )
    end
    seen[key or company] = company
  end
  return true
end

local function expression_text(chooses)
  return type(chooses) == "table" and table.concat(chooses, ", ") or chooses
end

local function choose(set, chooses)
  local found, message, err = evaluate(world_of(set), chooses)
  if not found then
    return nil, message, err
  end
  local chosen = {}
  for _, company in ipairs(set._all) do
    chosen[#chosen + 1] = found[company] and company or nil
  end
  if #chosen == 0 then
    local text = expression_text(chooses)
    local near = errors.did_you_mean(text:gsub("^name:", ""), errors.names_of(set._by_name))
    local why = #set._all == 0 and "there are no companies: the configuration has no profile"
      or ("no company matches '%s'%s"):format(text, near)
    return errors.fail("argument", "no_company", why, { hint = "lastpass tenants list" })
  end
  local ok
  ok, message, err = check_accounts(chosen)
  return ok and chosen, message, err
end

local known_options = {
  configuration = "table",
  file = "string",
  parent = "string",
  select = "string",
  connect = "function",
}

--- Loads companies. No secret is read, but for `parent`, whose REST API is asked for its managed companies.
---@param options? table select: an expression (default "all"); configuration (`lastpass.Configuration`): default the
-- process's own, whose profiles are the companies; file: a file of companies instead, JSON of the
-- configuration's form or CSV; parent: a profile with `rest_key` and `managed`, whose managed companies are meant instead;
-- connect(settings): makes a client, default `lastpass.new`
---@return lastpass.tenants.Set|nil
---@return string? message
---@return lastpass.Error? err kind "argument"; codes unknown_company, unknown_group, no_company, bad_expression, bad_group,
-- same_company, and those of the configuration
function M.load(options)
  options = errors.check_options("tenants.load", options, known_options)
  if options.file and options.parent then
    errors.raise(2, "tenants.load: options 'file' and 'parent' exclude each other")
  end
  local companies, groups, err = sources.read(options, options.connect or M.connect)
  if not companies then
    return nil, groups, err
  end
  local set = setmetatable({ _all = companies, _groups = groups, _by_name = {} }, set_mt)
  for _, company in ipairs(companies) do
    set._by_name[company.name] = company
  end
  set._members = group_index(set)
  local chosen, message
  chosen, message, err = choose(set, options.select or "all")
  if not chosen then
    return nil, message, err
  end
  set._chosen, set._expression = chosen, options.select or "all"
  return set
end

--- The companies that were chosen, in the order of their names.
---@return lastpass.tenants.Company[]
function methods:companies()
  local list = {}
  for position, company in ipairs(self._chosen) do
    list[position] = company
  end
  return list
end

--- The expression that the companies were chosen by.
---@return string
function methods:expression()
  return self._expression
end

--- A company of the set, chosen or not, by its name.
---@param name string
---@return lastpass.tenants.Company|nil
function methods:company(name)
  return self._by_name[name]
end

--- The same companies, of which others are chosen.
---@param chooses string|string[] an expression, or names
---@return lastpass.tenants.Set|nil
---@return string? message
---@return lastpass.Error? err as of `load`
function methods:select(chooses)
  local chosen, message, err = choose(self, chooses)
  if not chosen then
    return nil, message, err
  end
  local set = {}
  for name, value in pairs(self) do
    set[name] = value
  end
  set._chosen, set._expression = chosen, expression_text(chooses)
  return setmetatable(set, set_mt)
end

--- All groups, by name, with the names of their companies; a group that is wrong fails.
---@return table[]|nil list {name, companies}
---@return string? message
---@return lastpass.Error? err
function methods:groups()
  local list, world = {}, world_of(self)
  for position, name in ipairs(group_names(self)) do
    local found, message, err = world.group(name)
    if not found then
      return nil, message, err
    end
    list[position] = { name = name, companies = {} }
    for _, company in ipairs(self._all) do
      table.insert(list[position].companies, found[company] and company.name or nil)
    end
  end
  return list
end

-- ------------------------------------------------------------------ work

--- Begins one kind of work for the companies that were chosen; `run:each()` gives one after the other.
---@param kind string "users", …: `lastpass.tenants.kinds`
---@param settings? table of the kind
---@param options? table in_flight (16), time_limit (600 seconds for each company), on_say(company, text), output(text,
-- header), cancel(), before_send(company), remember (the journal has when something was last read of each)
---@return lastpass.tenants.Run|nil
---@return string? message
---@return lastpass.Error? err
function methods:start(kind, settings, options)
  return engine.start(self._chosen, kind, settings, options, 2)
end

--- Does one kind of work for the companies that were chosen. No failure of one stops the others.
---@param kind string
---@param settings? table
---@param options? table as of `start`, and on_result(company, outcome, message, err): is given each company when it is through,
-- without an outcome when there is none; its rows have to be read in it. Without it `result.outcomes` has them all
---@return lastpass.tenants.Result|nil
---@return string? message
---@return lastpass.Error? err
function methods:run(kind, settings, options)
  local run, failure, err = engine.start(self._chosen, kind, settings, options, 2)
  if not run then
    return nil, failure, err
  end
  local on_result = options and options.on_result
  local outcomes = not on_result and {} or nil
  for company, outcome, message, reason in run:each() do
    if on_result then
      on_result(company, outcome, message, reason)
    else
      outcomes[company.name] = outcome
    end
  end
  local result = run:result()
  result.outcomes = outcomes
  return result
end

--- Makes a plan over the companies that were chosen; see `lastpass.tenants.planning`.
---@param playbook string|function
---@param options? table limit, limit_over_all, expires_in, via, in_flight, time_limit, on_say, cancel
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err
function methods:plan(playbook, options)
  return require("lastpass.tenants.planning").plan(self, playbook, options)
end

--- Makes one report of those of the companies: `lastpass.report.companies` says what it is.
---@param name string "mfa", "coverage", …; "check"
---@param settings? table options (of the report), roster (`lastpass.report.RosterFile`, with {company} or {cid} in its path),
-- as_of (a stored directory of each)
---@param options? table as of `start`
---@return lastpass.Report|nil
---@return lastpass.tenants.Result|string result or message
---@return lastpass.Error? err
function methods:report(name, settings, options)
  local given = { report = name }
  for field, value in pairs(settings or {}) do
    given[field] = value
  end
  local run, message, err = engine.start(self._chosen, "report", given, options, 2)
  if not run then
    return nil, message, err
  end
  return require("lastpass.tenants.report_kinds").merge(run, name), run:result()
end

--- Writes signed evidence over the companies: a folder for each, reports of all, and a manifest that names the companies
-- without a result.
---@param folder string must be empty or not there yet
---@param options table key (path of an Ed25519 private key; required), events, to, keep_attributes: as of
-- `report.evidence.write`; reports (names)
---@param run_options? table as of `start`
---@return table|nil manifest
---@return lastpass.tenants.Result|string result or message
---@return lastpass.Error? err
function methods:evidence(folder, options, run_options)
  return require("lastpass.tenants.evidence").write(self, folder, options, run_options, 2)
end

--- Reads a plan over companies that was saved.
---@param path string
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err code "plan_changed"
function methods.load_plan(_, path)
  return require("lastpass.tenants.plans").load(path)
end

--- Applies a plan over companies, once: in waves, until more companies have failed than the budget allows. Asked again, it
-- continues where it was stopped; see `lastpass.tenants.plan_work`.
---@param plans lastpass.tenants.Plans
---@param options? table waves, budget, first, confirm_final, in_flight, time_limit, cancel, on_event, and options of
-- `client:apply`
---@return lastpass.tenants.PlanResult|nil
---@return string? message when nothing was begun
---@return lastpass.Error? err
function methods:apply(plans, options)
  return require("lastpass.tenants.plan_work").apply(self, plans, options)
end

--- Leaves a plan over companies to workers: `lastpass worker`.
---@param plans lastpass.tenants.Plans
---@param options? table as of `apply`
---@return integer|nil id number of the run over companies
---@return string? message
---@return lastpass.Error? err
function methods:queue(plans, options)
  return require("lastpass.tenants.plan_work").queue(self, plans, options)
end

--- Continues a run over companies that applies plans; what failed is tried again.
---@param id integer
---@param options? table as of `apply`
---@return lastpass.tenants.PlanResult|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function methods:resume(id, options)
  return require("lastpass.tenants.plan_work").resume(self, id, options)
end

--- Makes the plan that takes a run over companies back; apply it like any other.
---@param id integer
---@param options? table as of `plan`
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function methods:undo(id, options)
  return require("lastpass.tenants.planning").undo(self, id, options)
end

signature.declare("set:", methods, {
  report = "name: string, settings?: table, options?: table",
  evidence = "folder: string, options: table, run_options?: table",
  load_plan = "path: string",
  apply = "plans: lastpass.tenants.Plans, options?: table",
  queue = "plans: lastpass.tenants.Plans, options?: table",
  resume = "id: integer, options?: table",
  undo = "id: integer, options?: table",
  companies = "",
  expression = "",
  plan = "playbook: string|function, options?: table",
  company = "name: string",
  select = "chooses: string|table",
  groups = "",
  start = "kind: string, settings?: table, options?: table",
  run = "kind: string, settings?: table, options?: table",
})

return signature.declare("tenants.", M, { load = "options?: table" })
