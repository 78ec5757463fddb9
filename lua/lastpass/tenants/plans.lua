--- Plans over companies: one plan for each of them in one document, reviewed and confirmed once.
-- @module lastpass.tenants.plans
local document = require "lastpass.tenants.plan_document"
local documents = require "lastpass.plan.document"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local plan_limits = require "lastpass.tenants.plan_limits"
local plan_module = require "lastpass.plan"
local signature = require "lastpass.signature"

local M = {}

--- A plan over companies.
---@class lastpass.tenants.Plans
---@field name string  SHA-256 of the document
---@field body table   companies (`lastpass.tenants.PlanEntry`), missing, refusals (of limits over all), kind, created,
-- expires, playbook, select, counts, requests, mails, people, limits_over_all
local methods = {}

local plans_mt = { __name = "lastpass.tenants.Plans", __index = methods }

function plans_mt.__tostring(plans)
  return require("lastpass.tenants.plan_text").plans(plans)
end

--- Whether a value is a plan over companies.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == plans_mt
end

local function new_plans(body, name)
  local plans = setmetatable({ body = body, name = name }, plans_mt)
  if not name then
    local _
    _, plans.name = document.render(body)
  end
  return plans
end

--- How many steps there are to apply, in all companies whose plans no guard refuses.
---@return integer
function methods:count()
  local count = 0
  for _, entry in ipairs(self:applicable()) do
    count = count + #entry.body.steps
  end
  return count
end

--- The companies whose plans no guard refuses, those without a step among them.
---@return lastpass.tenants.PlanEntry[]
function methods:applicable()
  local list = {}
  for _, entry in ipairs(self.body.companies) do
    if #entry.body.refusals == 0 then
      list[#list + 1] = entry
    end
  end
  return list
end

--- How many steps can never be undone.
---@return integer
function methods:final_count()
  local count = 0
  for _, entry in ipairs(self:applicable()) do
    count = count + documents.final_count(entry.body)
  end
  return count
end

--- The plan of one company, as `client:apply` takes it.
---@param company string
---@return lastpass.Plan|nil
---@return string? message
---@return lastpass.Error? err code "no_such_company"
function methods:plan(company)
  local names = {}
  for index, entry in ipairs(self.body.companies) do
    if entry.company == company then
      return plan_module.of_body(entry.body)
    end
    names[index] = entry.company
  end
  local text = "the plan has no company '%s'%s"
  return errors.fail(
    "argument",
    "no_such_company",
    text:format(company, errors.did_you_mean(company, names))
  )
end

--- The bytes of the file.
---@return string
function methods:text()
  return (document.render(self.body))
end

--- Writes the plan to a file, readable by its owner only; an existing file is replaced whole.
---@param path string
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function methods:save(path)
  if path == "" then
    errors.raise(2, "plans:save: needs the path of a file")
  end
  return require("lastpass.files").write(path, self:text())
end

-- What it says of all companies together.
local function add_totals(body, bodies)
  local counts, requests, mails = {}, 0, 0
  for _, one in ipairs(bodies) do
    for kind, count in pairs(one.counts or {}) do
      counts[kind] = (counts[kind] or 0) + count
    end
    requests, mails = requests + (one.requests or 0), mails + (one.mails or 0)
  end
  local _, size = plan_limits.totals(bodies)
  body.counts, body.requests, body.mails = counts, requests, mails
  body.people, body.memberships = size.people, size.memberships
end

local function bodies_without_refusals(companies)
  local list = {}
  for _, entry in ipairs(companies) do
    if #entry.body.refusals == 0 then
      list[#list + 1] = entry.body
    end
  end
  return list
end

-- Made when the first of them was, good as long as the first that expires.
local function stamp(body, now)
  body.created, body.expires = now, nil
  for _, entry in ipairs(body.companies) do
    body.created = math.min(body.created, entry.body.created)
    body.expires = math.min(body.expires or entry.body.expires, entry.body.expires)
  end
  body.expires = body.expires or now
end

--- Puts the plans of companies together, and asks the limits over all.
---@param companies table[] {company, cid, tenant, body}: in the order of the set
---@param missing lastpass.tenants.Missing[] companies that have no plan, and why
---@param about table kind ("apply" or "undo"), now; playbook ({file, sha256}), select (the expression), source ({file,
-- parent}), of_run, limit_over_all
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err code "playbook_mistake": the playbook says two limits over all
function M.combine(companies, missing, about)
  local body = document.new(about.kind)
  body.companies, body.missing = json.list(companies), json.list(missing)
  body.companies_in_set = #companies + #missing
  for _, name in ipairs { "playbook", "select", "source", "of_run" } do
    body[name] = about[name]
  end
  stamp(body, math.floor(about.now))
  local bodies = bodies_without_refusals(companies)
  local settings, message, err = plan_limits.settings(bodies, about.limit_over_all)
  if not settings then
    return nil, message, err
  end
  add_totals(body, bodies)
  body.limits_over_all = settings
  body.refusals = json.list(plan_limits.refusals(bodies, settings))
  return new_plans(body)
end

--- Reads a file that `save` has written.
---@param path string
---@return lastpass.tenants.Plans|nil
---@return string? message
---@return lastpass.Error? err code "plan_changed" when its bytes are not what was saved
function M.load(path)
  local text, message, err = require("lastpass.files").read(path)
  if not text then
    return nil, message, err
  end
  local body
  body, message, err = document.parse(text, path)
  if not body then
    return nil, message, err
  end
  return new_plans(body, document.name_in(text))
end

signature.declare("plans:", methods, {
  count = "",
  applicable = "",
  final_count = "",
  plan = "company: string",
  text = "",
  save = "path: string",
})

return M
