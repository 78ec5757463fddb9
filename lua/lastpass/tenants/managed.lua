--- The managed companies of a parent, as its REST API lists them (business §2.4). Where the hash of each is, the parent's
-- profile says with one path for all: `"managed": {"provhash": {"file": "~/hashes/{cid}.hash"}}`.
-- @module lastpass.tenants.managed
local business = require "lastpass.business"
local companies = require "lastpass.tenants.company"
local errors = require "lastpass.error"
local scheduler = require "lastpass.transport.scheduler"
local secret = require "lastpass.secret"

local M = {}

-- What the profile of a parent says of how LastPass is reached; the rest is the parent's own.
local INHERITED = {
  "url",
  "timezone",
  "timeout",
  "connect_timeout",
  "retries",
  "rate",
  "max_bytes",
  "ca_file",
  "proxy",
  "journal",
  "protect",
}

local function fail(code, message, hint)
  return errors.fail("argument", code, message, { hint = hint })
end

local function profile_of(configuration, parent)
  if not configuration.profiles[parent] then
    local near = errors.did_you_mean(parent, errors.names_of(configuration.profiles))
    return fail("unknown_profile", ("there is no profile '%s'%s"):format(parent, near))
  end
  local values = configuration:values(parent)
  if not values.rest_key then
    local hint = '"rest_key": {"file": PATH}'
    return fail("no_rest_key", ("the profile '%s' has no rest_key"):format(parent), hint)
  elseif not values.managed then
    local hint = '"managed": {"provhash": {"file": "~/hashes/{cid}.hash"}}'
    local form = "the profile '%s' does not say where the hashes of its managed companies are"
    return fail("no_managed", form:format(parent), hint)
  end
  return values
end

local function make_client(values)
  local key, message, err = secret[values.rest_key.kind](values.rest_key.value)
  if not key then
    return nil, message, err
  end
  local given = { key = key, url = values.rest_url }
  for _, name in ipairs { "timeout", "connect_timeout", "retries", "ca_file", "proxy" } do
    given[name] = values[name]
  end
  local ok, client = pcall(business.new, given)
  if not ok then
    return fail("bad_option", (tostring(client):gsub("^[^:]*:%d+: ", "")))
  end
  return client
end

-- What the last cycle's bill says of each company, by its number; read once, when it is first asked for. Which fields a
-- record has is not documented (business §2.6): without these nothing is known.
local function read_bill(client)
  local billed = {}
  local cycles = client:billing_cycles { number = 1 }
  local cycle = cycles and cycles[1]
  if cycle then
    local span = { start_date = cycle.start_date, end_date = cycle.end_date }
    for record in client:billing_reports(span) do
      if record.company_id and type(record.used_licenses) == "number" then
        billed[record.company_id] = record.used_licenses
      end
    end
  end
  return billed
end

-- Companies are asked about at once: the first one reads, the others wait for it.
local function bill_of(client)
  local state = {}
  return function(id)
    while state.is_reading do
      scheduler.sleep(0.02)
    end
    if not state.billed then
      state.is_reading = true
      local ok, billed = scheduler.protected_call(read_bill, client)
      state.is_reading, state.billed = nil, ok and billed or {}
    end
    return state.billed[id]
  end
end

-- An id is an account number when Lua holds it exactly (business §1.6); a rounded one would be another company's.
local function account_of(row)
  local cid = tonumber(row.id)
  return cid and cid > 0 and cid < 2 ^ 53 and ("%.0f"):format(cid) == row.id and cid or nil
end

local function company_without_account(row, parent, connect)
  local form = "the REST API of '%s' lists it with the id '%s', which is no account number"
  local _, message, err =
    errors.fail("protocol", "unexpected_shape", form:format(parent, tostring(row.id)))
  return companies.new {
    name = row.name,
    groups = {},
    where = "managed company of " .. parent,
    problem = { message, err },
    connect = connect,
  }
end

local function company_of(values, row, parent, connect, bill)
  local cid = account_of(row)
  if not cid then
    return company_without_account(row, parent, connect)
  end
  local settings = { cid = cid }
  for _, name in ipairs(INHERITED) do
    settings[name] = values[name]
  end
  local provhash = values.managed.provhash
  local path = provhash.value:gsub("{cid}", ("%.0f"):format(cid))
  settings.provhash = { kind = provhash.kind, value = path }
  return companies.new {
    name = row.name,
    cid = cid,
    groups = {},
    where = ("managed company %.0f of %s"):format(cid, parent),
    settings = settings,
    connect = connect,
    seats = function()
      local limit = row.license_limit
      return type(limit) == "number" and limit > 0 and limit or nil, bill(row.id)
    end,
  }
end

local function read_rows(client)
  local rows = {}
  for row in client:managed_companies() do
    rows[#rows + 1] = row
  end
  return rows
end

--- Reads the companies.
---@param configuration lastpass.Configuration
---@param parent string a profile
---@param connect fun(settings: table): lastpass.Client
---@return lastpass.tenants.Company[]|nil companies by name
---@return table<string, string[]>|string groups of the configuration; or what is wrong
---@return lastpass.Error? err
function M.read(configuration, parent, connect)
  local client, rows
  local values, message, err = profile_of(configuration, parent)
  if values then
    client, message, err = make_client(values)
  end
  if client then
    rows, message, err = scheduler.caught(read_rows, client)
  end
  if not rows then
    return nil, message, err
  end
  local list, by_name, bill = {}, {}, bill_of(client)
  for position, row in ipairs(rows) do
    if type(row.name) ~= "string" or row.name == "" then
      local form = "the REST API of '%s' lists a company without a name: id %s"
      message = form:format(parent, tostring(row.id))
      return errors.fail("protocol", "unexpected_shape", message, { hint = "list them in a file" })
    end
    local company = company_of(values, row, parent, connect, bill)
    local other = by_name[company.name]
    if other then
      local form = "two companies have the name '%s': %s and %s"
      local where = form:format(company.name, other.where, company.where)
      return fail("same_name", where, "rename one of them, or list them in a file")
    end
    list[position], by_name[company.name] = company, company
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list, configuration:groups()
end

return M
