-- What an auditor asks for each quarter: who of the HR file uses LastPass, who has no second factor,
-- and what breaks a rule: a page of HTML each.
-- Usage: lua5.4 examples/quarterly-review.lua hr.csv FOLDER     for the company of your profile
--        lua5.4 examples/quarterly-review.lua --sandbox FOLDER  for a company that is made up
local lastpass = require "lastpass"
local report = lastpass.report

local is_trial, folder = arg[1] == "--sandbox", assert(arg[2], "usage: quarterly-review.lua hr.csv FOLDER")
local box = is_trial and assert(lastpass.sandbox.start { users = 200, seed = 1 })
local acme = box and box:client() or assert(lastpass.connect())
local roster = assert(lastpass.source.csv(is_trial and "examples/data/hr.csv" or arg[1], {
  columns = { email = "E-mail", fullname = { "First name", "Last name" }, status = "Status" },
}))

-- Every report comes from the same reading of the company.
local reading = assert(acme:snapshot())
local results = {
  assert(report.coverage(acme, {
    roster = roster,
    active = { field = "status", active = { "active", "on leave" }, inactive = { "terminated" } },
    exclude = { ["svc-*"] = "service account" },
  })),
  assert(report.mfa(reading)),
  assert(report.check(reading)),
}
assert(os.execute(("mkdir -p '%s'"):format((folder:gsub("'", "'\\''")))))
for _, result in ipairs(results) do
  local path = ("%s/%s.html"):format(folder, result.name)
  assert(result:save(path))
  print(("%-9s %s"):format(result.name, path))
  for _, total in ipairs(result.totals) do
    local is_share = total.kind == "share"
    local value = is_share and ("%.1f %%"):format(100 * total.value) or total.value
    print(("          %s: %s"):format(total.title, value))
  end
end
if box then
  box:stop()
end
