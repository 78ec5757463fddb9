--- The further tables of a check: rules and waivers.
-- @module lastpass.report.check.tables
local M = {}

--- What each rule has found.
---@param run table book, rows, tested
---@return table
function M.rules(run)
  local rows, found = {}, {}
  for _, row in ipairs(run.rows) do
    local one = found[row.rule] or { findings = 0, waived = 0 }
    found[row.rule] = one
    local field = row.waived and "waived" or "findings"
    one[field] = one[field] + 1
  end
  for place, rule in ipairs(run.book.rules) do
    local one = found[rule.name] or { findings = 0, waived = 0 }
    rows[place] = {
      rule = rule.name,
      title = rule.title,
      severity = rule.severity,
      tested = run.tested[rule.name],
      findings = one.findings,
      waived = one.waived,
    }
  end
  return {
    name = "rules",
    title = "Rules",
    columns = {
      { name = "rule", title = "Rule" },
      { name = "title", title = "What ought to be so", long = true },
      { name = "severity", title = "Severity" },
      { name = "tested", title = "Tested", kind = "count" },
      { name = "findings", title = "Findings", kind = "count" },
      { name = "waived", title = "Waived", kind = "count" },
    },
    rows = rows,
  }
end

--- The waivers, and whether they hold.
---@param book table
---@return table
function M.waivers(book)
  local rows = {}
  for place, waiver in ipairs(book.waivers) do
    local state = waiver.used == 0 and "matches nothing" or waiver.holds and "holds" or "expired"
    rows[place] = {
      rule = waiver.rule,
      subject = waiver.subject,
      state = state,
      expires = waiver.expires,
      reason = waiver.reason,
      by = waiver.by,
      used = waiver.used,
    }
  end
  return {
    name = "waivers",
    title = "Waivers",
    columns = {
      { name = "rule", title = "Rule" },
      { name = "subject", title = "Subject" },
      { name = "state", title = "State" },
      { name = "expires", title = "Last day" },
      { name = "used", title = "Findings", kind = "count" },
      { name = "reason", title = "Reason", long = true },
      { name = "by", title = "By" },
    },
    rows = rows,
  }
end

return M
