--- Totals of reports: what is computed from the others, and what they come to over several companies.
-- @module lastpass.report.totals
local text = require "lastpass.text"
local values = require "lastpass.report.values"

local M = {}

--- A figure of a report. Shares and percentiles are not added up but computed again, from what they are of.
---@class lastpass.report.Total
---@field name string
---@field title string
---@field kind "count"|"share"|"duration"
---@field value? number     nil when it is not known
---@field part? string      of a share: the total that is divided
---@field whole? string     of a share: the total that it is divided by
---@field percent? number   of a percentile
---@field field? string     of a percentile: the field of the rows
---@field is_same? boolean  it is the same of every company, and not added up
---@field where? table<string, any> which rows it counts: the value of a field, or a list of such; {} counts all
---@field of? string        the table whose rows these are; default those of the report

local function percentile(total, rows)
  local sorted = {}
  for _, row in ipairs(rows) do
    sorted[#sorted + 1] = row[total.field]
  end
  table.sort(sorted)
  return values.percentile(sorted, total.percent)
end

--- Fills in shares and percentiles.
---@param totals lastpass.report.Total[]
---@param rows table[] of the report
function M.complete(totals, rows)
  local by_name = {}
  for _, total in ipairs(totals) do
    by_name[total.name] = total.value
  end
  for _, total in ipairs(totals) do
    local part, whole = by_name[total.part], by_name[total.whole]
    if total.percent then
      total.value = percentile(total, rows)
    elseif total.part and total.value == nil and part and whole then
      total.value = values.ratio(part, whole)
    end
  end
end

---@class lastpass.report.Sums
local methods = {}
local sums_mt = { __index = methods }

--- Totals that are added up, company by company.
---@return lastpass.report.Sums
function M.sums()
  return setmetatable({ order = {}, by_name = {}, companies = 0 }, sums_mt)
end

local function sum_of(sums, total)
  local sum = sums.by_name[total.name]
  if not sum then
    sum = { total = total, known = 0, value = 0, part = 0, whole = 0 }
    sums.by_name[total.name], sums.order[#sums.order + 1] = sum, sum
  end
  return sum
end

--- Adds the totals of one company.
---@param list lastpass.report.Total[]
function methods:add(list)
  self.companies = self.companies + 1
  local by_name = {}
  for _, total in ipairs(list) do
    by_name[total.name] = total.value
  end
  for _, total in ipairs(list) do
    local sum = sum_of(self, total)
    local part, whole = by_name[total.part], by_name[total.whole]
    if total.part and part and whole then -- both sides are of the same companies
      sum.part, sum.whole, sum.known = sum.part + part, sum.whole + whole, sum.known + 1
    elseif total.value and total.is_same then
      sum.value, sum.known = math.max(sum.value, total.value), sum.known + 1
    elseif total.value and not total.part then
      sum.value, sum.known = sum.value + total.value, sum.known + 1
    end
  end
end

--- What they come to.
---@param rows table[] of all companies
---@return lastpass.report.Total[]
---@return string[] notes on what is not known of some companies
function methods:list(rows)
  local list, notes = {}, {}
  for position, sum in ipairs(self.order) do
    local total = {}
    for name, value in pairs(sum.total) do
      total[name] = value
    end
    total.value = nil
    if total.part then
      total.value = values.ratio(sum.part, sum.whole)
    elseif not total.percent then
      total.value = sum.known > 0 and sum.value or nil
    end
    if not total.percent and sum.known > 0 and sum.known < self.companies then
      notes[#notes + 1] = ("“%s” is known of %s of %s companies, and is of those."):format(
        total.title,
        text.count(sum.known),
        text.count(self.companies)
      )
    end
    list[position] = total
  end
  M.complete(list, rows)
  return list, notes
end

return M
