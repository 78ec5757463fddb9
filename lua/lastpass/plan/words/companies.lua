--- Words of playbooks that are run for many companies: which one this is, and limits over all of them together.
-- @module lastpass.plan.words.companies
local errors = require "lastpass.error"
local limits = require "lastpass.plan.limits"

local M = {}

--- The company that a playbook is run for, as the option `company` of `client:plan` has it.
---@class lastpass.plan.Company
---@field name? string     as the set of companies calls it
---@field cid? integer     account number
---@field groups? string[] of companies, that it is in
---@field known_groups? string[] all groups of companies; another name in a playbook is a mistake then

local option_types = {
  name = "string",
  cid = "number",
  groups = "table",
  known_groups = "table",
}

--- Whether a value is good for the option `company`.
---@param value any
---@return boolean ok
---@return string expected
function M.check_company(value)
  local expected = "a table with name, cid, groups and known_groups"
  if type(value) ~= "table" then
    return false, expected
  end
  for name, item in pairs(value) do
    if type(item) ~= option_types[name] then
      return false, expected
    end
  end
  return true, expected
end

local UNNAMED = "%s: this plan is made for one client, not for a company of a set; "
  .. "`lastpass plan PLAYBOOK --tenants NAME` makes it for a company"

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

-- company.in_group "eu"
local function in_group(company)
  local own = set_of(company.groups or {})
  local known = company.known_groups and set_of(company.known_groups)
  return function(name)
    if type(name) ~= "string" then
      errors.raise(2, 'company.in_group: needs the name of a group, as in_group "eu"')
    elseif known and not known[name] then
      local hint = errors.did_you_mean(name, company.known_groups)
      errors.raise(2, "company.in_group: there is no group of companies '%s'%s", name, hint)
    end
    return own[name] == true
  end
end

-- company.name, company.cid, company.in_group "eu": what an unnamed client does not have is an error, not false.
local function company_of(context)
  local company = context.company or {}
  local fields = { cid = company.cid }
  if company.name then
    fields.name, fields.in_group = company.name, in_group(company)
  end
  return setmetatable({}, {
    __index = function(_, name)
      if fields[name] ~= nil then
        return fields[name]
      elseif name == "name" or name == "in_group" then
        errors.raise(2, UNNAMED, "company." .. name)
      end
      local hint = errors.did_you_mean(tostring(name), { "name", "cid", "in_group" })
      errors.raise(2, "company: has no field '%s'%s", tostring(name), hint)
    end,
    __newindex = function()
      errors.raise(2, "company: is read only")
    end,
  })
end

-- A company's name may come from a list that LastPass sends; it must not lead out of the folder.
local function file_part(company, field)
  local value = field == "cid" and company.cid and ("%.0f"):format(company.cid) or company.name
  if field ~= "cid" and field ~= "company" then
    errors.raise(4, "source: {%s} in a path; known are {company} and {cid}", field)
  elseif not value then
    errors.raise(4, UNNAMED, ("source: {%s} in a path"):format(field))
  elseif value:find "[/%z]" or value:find "^%." then
    local form = "source: the company's name '%s' cannot be part of a path; use {cid}, its number"
    errors.raise(4, form, value)
  end
  return value
end

--- The path of a source with `{company}` and `{cid}` filled in.
---@param context table of the playbook: `company`
---@param path string
---@return string
function M.path(context, path)
  return (
    path:gsub("{(%a+)}", function(field)
      return file_part(context.company or {}, field)
    end)
  )
end

--- Takes limits over all companies into settings; spans are not limited over all, and wrong names raise.
---@param where string how the caller is called
---@param settings table name -> value
---@param given table
---@param level integer whose line is blamed
function M.merge_limits(where, settings, given, level)
  for name, value in pairs(given) do
    if type(value) == "table" or limits.others[name] then
      errors.raise(
        level + 1,
        "%s: '%s' is a limit of each company: limit { %s = … }",
        where,
        tostring(name),
        tostring(name)
      )
    end
  end
  local checked = limits.defaults()
  limits.merge(where, checked, given, level + 1)
  for name in pairs(given) do
    settings[name] = checked[name]
  end
end

-- limits_over_all { disable = 40 }: of all companies of a combined plan together.
local function limits_over_all(context, given)
  local settings = context.declared.settings
  settings.limits_over_all = settings.limits_over_all or {}
  for name, value in pairs(given) do
    local before = settings.limits_over_all[name]
    if before ~= nil and before ~= value then
      local form = "limits_over_all: '%s' is %s here, and was %s before; say it once"
      errors.raise(2, form, tostring(name), tostring(value), tostring(before))
    end
  end
  M.merge_limits("limits_over_all", settings.limits_over_all, given, 2)
end

--- The words.
M.list = {
  {
    name = "company",
    make = company_of,
    form = 'company.in_group "eu"',
    doc = "which company the playbook is run for: `company.name`, `company.cid`, and whether it is "
      .. "in a group of companies; paths of sources may have `{company}` and `{cid}` in them; see "
      .. "[plans over companies](tenants-plans.md)",
  },
  {
    name = "limits_over_all",
    run = limits_over_all,
    takes = "limits: table",
    form = "limits_over_all { disable = 40 }",
    doc = "how much one plan over many companies may change in all of them together; `limit` holds "
      .. "for each, and in a plan for one company alone",
  },
}

return M
