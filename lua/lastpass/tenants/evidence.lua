--- Evidence over companies: a folder for each, reports of all, and one signature, which covers the companies without a
-- result as well: companies/NAME/ with what `report.evidence.write` writes of each, reports/ of all of them, companies.json,
-- and manifest.json, signed in manifest.sig.
-- @module lastpass.tenants.evidence
local bundles = require "lastpass.report.evidence.bundle"
local companies = require "lastpass.report.companies"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local percent = require "lastpass.text.percent"
local reports = require "lastpass.report"
local time = require "lastpass.time"

local M = {}

local MOST_BYTES = 200 -- of a folder's name; file systems take 255

-- What a company is called in the file system: no name leads out of the folder. With characters beyond ASCII a name of thirty of
-- them can be too long; it ends with its digest then, so that it stays the only one.
local function folder_of(name)
  local folder = percent.encode(name):gsub("^%.", "%%2E")
  if #folder > MOST_BYTES then
    local hash = digest.hex(name)
    folder = folder:sub(1, MOST_BYTES - #hash - 1):gsub("%%%x?$", "") .. "-" .. hash
  end
  return "companies/" .. folder .. "/"
end

local function missing_entries(missing)
  local list = json.list {}
  for position, one in ipairs(missing) do
    list[position] = {
      company = one.company,
      cid = one.cid or json.null,
      code = one.code or json.null,
      message = one.message,
      age = one.age or json.null,
    }
  end
  return list
end

local function new_mergers(names)
  local list = {}
  for position, name in ipairs(names) do
    list[position] = companies.new(reports[name])
  end
  return list
end

-- Writes what came of a company; only digests and what reports need stay in memory.
local function add_company(state, company, outcome)
  local folder = folder_of(company.name)
  for file in outcome:each() do
    local ok, message, err = state.bundle:add(folder .. file.path, file.text)
    if not ok then
      return nil, message, err
    end
  end
  local summary = outcome.summary
  for position, merger in ipairs(state.mergers) do
    merger:add(company.name, company.cid, summary.reports[position])
  end
  state.read_at = math.min(state.read_at or summary.read_at, summary.read_at)
  state.list[#state.list + 1] = {
    company = company.name,
    cid = company.cid or json.null,
    account = summary.account,
    read_at = time.iso(summary.read_at),
    folder = folder,
    counts = summary.counts,
  }
  return true
end

local function add_reports(state, missing, now)
  for position, merger in ipairs(state.mergers) do
    local made = merger:finish(missing, now)
    for _, format in ipairs { "csv", "json" } do
      local path = ("reports/%02d-%s.%s"):format(position, made.name, format)
      local ok, message, err = state.bundle:add(path, made:render(format))
      if not ok then
        return nil, message, err
      end
    end
  end
  return true
end

local function finish(state, run)
  table.sort(state.list, function(a, b)
    return a.company < b.company
  end)
  local read_at = state.read_at or os.time()
  local missing = missing_entries(run.missing)
  local text = json.encode { companies = state.list, missing = missing } .. "\n"
  local ok, message, err = add_reports(state, run.missing, read_at)
  if ok then
    ok, message, err = state.bundle:add("companies.json", text)
  end
  if not ok then
    return nil, message, err
  end
  return state.bundle:finish {
    account = companies.sentence(run.companies, run.missing, 0):match "^[^;]*",
    read_at = time.iso(read_at),
    companies = run.companies,
    done = run.done,
    missing = missing,
  }
end

local known = {
  key = "string",
  events = { "string", "number" },
  to = { "string", "number" },
  keep_attributes = "table",
  reports = "table",
}

--- The settings of the kind of work: what is asked of each company.
---@param options table events, to, keep_attributes, reports (names)
---@return table
function M.settings(options)
  return {
    events = options.events,
    to = options.to,
    keep_attributes = options.keep_attributes,
    reports = json.list(options.reports or {}),
  }
end

--- Begins a bundle. Nothing is asked.
---@param folder string must be empty or not there yet
---@param options table key, reports (names)
---@return table|nil state for `take`
---@return string? message
---@return lastpass.Error? err
function M.begin(folder, options)
  local bundle, message, err = bundles.begin(folder, options.key)
  if not bundle then
    return nil, message, err
  end
  return { bundle = bundle, mergers = new_mergers(options.reports or {}), list = json.list {} }
end

--- Writes what comes of the companies, and signs it.
---@param state table as of `begin`
---@param run lastpass.tenants.Run of the kind "evidence"
---@return table|nil manifest
---@return string? message what could not be written; the rest of the run is not waited for
---@return lastpass.Error? err
function M.take(state, run)
  for company, outcome in run:each() do
    if outcome then
      local ok, message, err = add_company(state, company, outcome)
      if not ok then
        return nil, message, err
      end
    end
  end
  return finish(state, run:result())
end

local function copy(options)
  local result = {}
  for name, value in pairs(options or {}) do
    result[name] = value
  end
  return result
end

--- As `set:evidence` says.
---@param set lastpass.tenants.Set
---@param folder string
---@param options table
---@param run_options table|nil
---@param level integer whose line is blamed: 1 is the caller
---@return table|nil manifest
---@return lastpass.tenants.Result|string result or message
---@return lastpass.Error? err
function M.write(set, folder, options, run_options, level)
  options = errors.check_options("set:evidence", options, known, level + 1)
  if not options.key then
    errors.raise(level + 1, "set:evidence: needs the option 'key'")
  end
  local given, is_over = copy(run_options), false
  local cancel = given.cancel
  function given.cancel() -- what cannot be written is no reason to ask further companies
    return is_over or cancel ~= nil and cancel() or false
  end
  local run, message, err = set:start("evidence", M.settings(options), given)
  local state
  if run then
    state, message, err = M.begin(folder, options)
  end
  if not state then
    return nil, message, err
  end
  local body
  body, message, err = M.take(state, run)
  if not body then
    is_over = true
    for _ in run:each() do -- those under way come to their end
    end
    return nil, message, err
  end
  return body, run:result()
end

return M
