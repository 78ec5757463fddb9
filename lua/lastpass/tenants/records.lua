--- What the journal remembers of companies between runs: when something was last read of each, and how long that took.
-- @module lastpass.tenants.records
local store = require "lastpass.store"

local M = {}

-- Companies by the journal that they have; most have the same one.
local function by_journal(companies)
  local groups, by_label = {}, {}
  for _, company in ipairs(companies) do
    if not company:problem() then
      local label = company:option "journal" or ""
      local group = by_label[label]
      if not group then
        group = {}
        by_label[label], groups[#groups + 1] = group, group
      end
      group[#group + 1] = company
    end
  end
  return groups
end

local function each_journal(companies, work)
  for _, group in ipairs(by_journal(companies)) do
    local journal, message, err = store.of(group[1])
    local ok = journal
    if journal then
      ok, message, err = work(journal, group)
    end
    if not ok then
      return nil, message, err
    end
  end
  return true
end

local function read_group(journal, group)
  local records, message, err = journal:tenant_records()
  if not records then
    return nil, message, err
  end
  for _, company in ipairs(group) do
    local known = records[company:tenant()]
    if known then
      company.last_good = company.last_good or known.last_good
      company.last_seconds = company.last_seconds
        or known.milliseconds and known.milliseconds / 1000
    end
  end
  return true
end

--- Takes over what the journals of companies know of them.
---@param companies lastpass.tenants.Company[]
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.read(companies)
  return each_journal(companies, read_group)
end

--- Notes what came of a run.
---@param notes table<lastpass.tenants.Company, table> is_good, seconds, code, reason
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function M.save(notes)
  local companies = {}
  for company in pairs(notes) do
    companies[#companies + 1] = company
  end
  return each_journal(companies, function(journal, group)
    local list = {}
    for position, company in ipairs(group) do
      notes[company].tenant = company:tenant()
      list[position] = notes[company]
    end
    return journal:note_tenants(list)
  end)
end

return M
