-- Brings a company in line with an HR file: joiners, name changes, movers, leavers. Safe to run again.
-- Usage: lua5.4 examples/onboard.lua hr.csv
-- The company: LASTPASS_CID and LASTPASS_PROVHASH_FILE, or a profile in ~/.config/lastpass/config.json
local lastpass = require "lastpass"
local acme = assert(lastpass.connect())
local hr = assert(lastpass.source.csv(arg[1], {
  columns = { email = "E-mail", name = { "First name", "Last name" }, team = "Department", status = "Status" },
}))
local people, refused = assert(hr:read())
local is_team, row_of = {}, {}
for _, person in ipairs(people) do
  is_team[person.team], row_of[person.email:lower()] = true, person.origin
end

local function compare(directory) -- what has to change for the directory to be as the file says
  local changes = { add = {}, update = {}, groups = {}, disable = {} }
  local function change(kind, person, what, data)
    table.insert(changes, { change = kind, email = person.email, what = what, source = person.origin })
    table.insert(changes[kind], data)
  end
  for _, person in ipairs(people) do
    local user, old_teams = directory:user(person.email), {}
    for _, group in ipairs(user and user.groups or {}) do
      if is_team[group] and group ~= person.team then table.insert(old_teams, group) end
    end
    if person.status == "terminated" then
      if user and not user.disabled then change("disable", person, "block the log-in", user.email) end
    elseif not user then
      change("add", person, person.name .. ", " .. person.team,
        { username = person.email, fullname = person.name, groups = { person.team } })
    else
      if user.fullname ~= person.name then
        change("update", person, user.fullname .. " -> " .. person.name,
          { username = user.email, fullname = person.name })
      end
      if #old_teams > 0 or not user:is_in(person.team) then
        change("groups", person, table.concat(old_teams, ", ") .. " -> " .. person.team,
          { username = user.email, add = { person.team }, del = old_teams[1] and old_teams })
      end
    end
  end
  return changes
end

local changes = compare(assert(acme:snapshot()))
print(#changes > 0 and lastpass.text.table(changes, { "change", "email", "what", "source" })
  or "The directory is as the file says: nothing to change.")
for _, kind in ipairs { "add", "update", "groups", "disable" } do
  local write = { add = "add_users", update = "update_users", groups = "change_groups", disable = "disable_users" }
  local result = assert(acme[write[kind]](acme, changes[kind]))
  if #changes[kind] > 0 then print(("%-8s %s"):format(kind, tostring(result))) end
  for _, row in ipairs(result.refused) do
    local email = row.item.username or row.item
    table.insert(refused, { origin = row_of[email:lower()], value = email, reason = row.reason })
  end
end
local left = compare(assert(acme:snapshot()))
print(("\nRead back: %s"):format(#left == 0 and "the directory is as the file says."
  or lastpass.text.plural(#left, "difference") .. " left."))
print(lastpass.text.table(refused, { { title = "refused", field = "value" }, "origin", "reason" }))
