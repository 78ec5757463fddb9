--- Plans over companies for specs, made by hand: nothing is asked of anybody.
local documents = require "lastpass.plan.document"
local json = require "lastpass.json"
local limits = require "lastpass.plan.limits"
local plans = require "lastpass.tenants.plans"
local state = require "lastpass.plan.state"
local steps = require "lastpass.plan.steps"

local M = {}

--- The body of a plan that disables so many people.
---@param tenant string
---@param count integer
---@param more? table people (default 100), settings, refusals
function M.body(tenant, count, more)
  more = more or {}
  local body = documents.new()
  for index = 1, count do
    local address = ("person%d@%s.example"):format(index, tenant:match "%w+$")
    local known =
      { status = "active", fullname = "P", groups = json.list {}, admin = false, mfa = false }
    body.objects[address] = known
    body.steps[index] = {
      kind = "disable",
      subject = address,
      reason = "has left",
      rule = "spec",
      reversal = "reversible",
      base = state.hash(known),
    }
  end
  steps.number(body.steps)
  body.tenant, body.created, body.expires = tenant, 1000, 2000
  body.settings = more.settings or { limits = limits.defaults() }
  body.directory = { people = more.people or 100, memberships = 100, admins = 1, read_at = 1000 }
  body.counts, body.requests, body.mails, body.unchanged = { disable = count }, count, 0, 0
  for index, refusal in ipairs(more.refusals or {}) do
    body.refusals[index] = refusal
  end
  return body
end

--- An entry of `plans.combine`.
function M.entry(name, cid, count, more)
  local tenant = ("lastpass.example %d"):format(cid)
  return { company = name, cid = cid, tenant = tenant, body = M.body(tenant, count, more) }
end

--- A plan over companies that each disable so many.
---@param counts integer[] by company
---@param about? table as of `plans.combine`; missing, each (fields of `body`)
function M.combined(counts, about)
  about = about or {}
  local entries = {}
  for index, count in ipairs(counts) do
    entries[index] = M.entry(("company%d"):format(index), index, count, about.each)
  end
  return plans.combine(entries, about.missing or {}, {
    kind = about.kind or "apply",
    now = 1500,
    select = about.select,
    playbook = { file = "leavers.lua", sha256 = ("0"):rep(64) },
    limit_over_all = about.limit_over_all,
  })
end

return M
