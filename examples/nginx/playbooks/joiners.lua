-- Everybody of people.csv has an account, and the groups of their department. Run by nginx every quarter
-- of an hour; `lastpass plan joiners.lua` shows what it would do now.
every "15m"

local people = source.csv("people.csv", {
  columns = { email = "mail", name = "name", department = "department" },
})

for person in people:rows() do
  user(person.email) {
    fullname = person.name,
    groups = { person.department },
  }
end

-- nobody is disabled, and no more than this is created at once, whatever the file says
missing "keep"
limit { create = 20 }
