-- A playbook: the company as the HR file has it. Plan it, read the plan, apply it:
--   plan = assert(acme:plan "examples/joiners-movers-leavers.lua")   print(plan)   acme:apply(plan)
local hr = source.csv("data/hr.csv", {
  columns = { email = "E-mail", name = { "First name", "Last name" }, team = "Department", status = "Status" },
})
local words = { active = { "active", "on leave" }, inactive = { "terminated" } }

for person in hr:rows() do
  user(person.email) {
    fullname = person.name,
    groups = { person.team },
    active = status(person.status, words),
  }
end

missing "keep" -- whoever the file does not mention stays as they are; "disable" disables their accounts
limit { disable = "10%", create = 50 } -- a plan that does more is refused, with the numbers
