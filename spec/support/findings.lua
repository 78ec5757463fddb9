--- A check made by hand, for its renderers.
local reports = require "spec.support.reports"

--- The report, its texts hostile.
return function()
  local rows = {
    {
      rule = "mfa",
      severity = "error",
      subject = "a&b@acme.example",
      each = "user",
      message = 'no <mfa> "at all" \27',
      waived = false,
    },
    {
      rule = "mfa",
      severity = "error",
      subject = "boss@acme.example",
      each = "user",
      message = "none",
      waived = true,
      reason = "a <reason> (until 2026-12-31)",
    },
    {
      rule = "used",
      severity = "note",
      subject = "new@acme.example",
      each = "user",
      message = "never used",
      waived = false,
    },
  }
  return reports.sample {
    name = "check",
    rows = rows,
    findings = rows,
    columns = { { name = "rule", title = "Rule" } },
    rules = {
      { name = "mfa", title = "Everybody has <mfa>", severity = "error", each = "user" },
      { name = "used", title = "Accounts are used", severity = "note", each = "user" },
      { name = "fine", title = "All is fine", severity = "warning", each = "company" },
    },
  }
end
