--- Many companies in one sandbox: who they are, which of them hang or are broken, and the files with which the program
-- reaches them. All of it is a function of a few numbers, so that nobody has to store them.
-- @module lastpass.sandbox.tenants
local arithmetic = require "lastpass.sandbox.seed.arithmetic"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local names = require "lastpass.sandbox.names"
local companies = require "lastpass.sandbox.company"

local M = {}

--- The most companies of one sandbox.
M.MOST = 10000

local function whole(value, low, high)
  return type(value) == "number" and value == math.floor(value) and value >= low and value <= high
end

local function count(value)
  return whole(value, 0, M.MOST), ("a whole number from 0 to %d"):format(M.MOST)
end

local function seconds(value)
  return type(value) == "number" and value >= 0 and value <= 86400, "seconds, up to a day"
end

--- Options of `sandbox.start` about them.
M.known_options = {
  tenants = count,
  slow = count,
  broken = count,
  delay = seconds,
  large = companies.known_options.users,
}

-- ---- what can be wrong with a company ----

--- How a broken one answers; those of a sandbox take turns.
M.breakages = {
  ["500"] = { status = 500 },
  drop = { drop = "before" },
  garbage = { status = 200, body = "<html><title>Maintenance</title>", content_type = "text/html" },
  refused = {
    status = 200,
    body = '<?xml version="1.0" encoding="UTF-8"?>\n<lastpass rc="Authorization Error"/>\n',
  },
}

M.breakage_names = { "500", "drop", "garbage", "refused" }

--- What a company can be told to be: for the control API and for `sandbox:change_company`.
M.known_change = {
  company = { "string", "number" },
  slow = function(value)
    local ok = value == false or value == "hang" or seconds(value)
    return ok, 'false, "hang" or seconds'
  end,
  broken = function(value)
    local ok = value == false or M.breakages[value] ~= nil
    return ok, "false or one of " .. table.concat(M.breakage_names, ", ")
  end,
}

-- ---- who they are ----

local regions = { "eu", "us", "apac" }

-- Different companies, the same for the same seed; those that come first in the list are no likelier.
local function draw(total, wanted, random)
  local list = {}
  for at = 1, total do
    list[at] = at
  end
  for at = 1, wanted do
    local other = at + random(total - at + 1)
    list[at], list[other] = list[other], list[at]
  end
  return list
end

--- The companies of a sandbox.
---@param options table `tenants`, `slow`, `broken`, `large` (one of them has so many people), `users` (of each; default 5 to
-- 40), `seed`, `cid`: the account number of the company that manages them, `timezone`, `assumptions`
---@return table[] list `name` (of its profile), `groups`, `slow`, `broken`, and `company`: its options
function M.list(options)
  local total, list = options.tenants or 0, {}
  local random = arithmetic.random((options.seed or 1) * 7919 + total)
  local chosen = draw(total, (options.slow or 0) + (options.broken or 0), random)
  local labels, digits = names.companies, #("%d"):format(total)
  for at = 1, total do
    local which = (at - 1) % #labels.mail + 1
    local name = ("%s-%0" .. digits .. "d"):format(labels.mail[which], at)
    local users = options.users or 5 + random(36)
    local cid, seed = options.cid + at, (options.seed or 1) + at
    local groups = { regions[at % #regions + 1] }
    groups[2] = at % 10 == 0 and "pilot" or nil
    list[at] = {
      name = name,
      groups = groups,
      company = {
        cid = cid,
        seed = seed,
        provhash = companies.default_hash(cid, seed),
        name = ("%s %d"):format(labels.display[which], at),
        domain = name .. ".example",
        users = users,
        parent = options.cid,
        license_limit = users + random(20),
        timezone = options.timezone,
        assumptions = options.assumptions,
      },
    }
  end
  for at = 1, options.slow or 0 do
    list[chosen[at]].slow = "hang"
  end
  for at = 1, options.broken or 0 do
    local kind = M.breakage_names[(at - 1) % #M.breakage_names + 1]
    list[chosen[(options.slow or 0) + at]].broken = kind
  end
  local large = options.large and list[chosen[(options.slow or 0) + (options.broken or 0) + 1]]
  if large then
    large.company.users, large.company.license_limit = options.large, options.large + 20
  end
  return list
end

--- Raises where the options do not fit together.
---@param options table of `sandbox.start`
---@param level integer
function M.check(options, level)
  local total = options.tenants or 0
  local most = (options.slow or 0) + (options.broken or 0) + (options.large and 1 or 0)
  if most > total then
    errors.raise(
      level + 1,
      "sandbox.start: slow, broken and large need %d of the companies, and tenants is %d",
      most,
      total
    )
  elseif options.delay and total == 0 then
    errors.raise(level + 1, "sandbox.start: delay is for the companies of tenants")
  end
end

-- ---- files ----

--- The text of a configuration whose one profile, "parent", is the company that manages the others: for `--tenants-of`.
---@param about table `cid`, `url`, `rest_url`, `ca_file`, `timezone`, `folder`
---@return string
function M.parent_file(about)
  local folder = about.folder
  return json.encode({
    profiles = {
      parent = {
        cid = about.cid,
        url = about.url,
        rest_url = about.rest_url,
        ca_file = about.ca_file,
        timezone = about.timezone,
        provhash = { file = folder .. "/parent.hash" },
        rest_key = { file = folder .. "/parent.key" },
        managed = { provhash = { file = folder .. "/{cid}.hash" } },
      },
    },
  }) .. "\n"
end

--- The text of a file for `--tenants-file`.
---@param list table[] of `M.list`
---@param about table `url`, `ca_file`, `folder`: where the files with the hashes are
---@return string
function M.companies_file(list, about)
  local profiles = {}
  for _, one in ipairs(list) do
    profiles[one.name] = {
      cid = one.company.cid,
      url = about.url,
      ca_file = about.ca_file,
      timezone = one.company.timezone,
      groups = json.list(one.groups),
      provhash = { file = ("%s/%.0f.hash"):format(about.folder, one.company.cid) },
    }
  end
  return json.encode({
    profiles = profiles,
    groups = { everywhere = json.list { "group:eu", "group:us", "group:apac" } },
  }) .. "\n"
end

return M
