-- Brings a company in line with an HR file: joiners, new names, movers, leavers. Safe to run again.
-- Usage: lua5.4 examples/onboard.lua hr.csv     with LASTPASS_CID and LASTPASS_PROVHASH_FILE set
local lastpass = require "lastpass"
local acme = assert(lastpass.connect())
local columns = { email = "E-mail", name = { "First name", "Last name" }, team = "Department", status = "Status" }
local words = { active = { "active", "on leave" }, inactive = { "terminated" } }
local people, refused = assert(lastpass.source.csv(arg[1], { columns = columns })):read()
local is_team, origin = {}, {}
for _, person in ipairs(assert(people, refused)) do
  is_team[person.team], origin[person.email:lower()] = true, person.origin
  local _, reason = lastpass.source.status(person.status, words)
  if reason then table.insert(refused, { value = person.email, origin = person.origin, reason = reason }) end
end

local function compare(directory) -- what has to change for the directory to be as the file says
  local changes = { add_users = {}, update_users = {}, change_groups = {}, disable_users = {} }
  local function change(method, person, what, row)
    table.insert(changes, { change = method, email = person.email, what = what, origin = person.origin })
    table.insert(changes[method], row)
  end
  for _, person in ipairs(people) do
    local user, email, team = directory:user(person.email), person.email, person.team
    local name = person.name ~= "" and person.name or nil
    local member = user and user.status ~= "invited" -- of an invitation neither name nor groups can be changed
    local others = {}
    for _, group in ipairs(user and user.groups or {}) do
      if is_team[group] and group ~= team then table.insert(others, group) end
    end
    local active = lastpass.source.status(person.status, words) -- nil: neither
    if active == false and user and not user.disabled then
      change("disable_users", person, "disable the account", email)
    elseif active and not user then
      local row = { username = email, fullname = name, groups = { team } }
      change("add_users", person, (name or "no name") .. ", " .. team, row)
    elseif active and member and name and user.fullname ~= name then
      change("update_users", person, (user.fullname or "-") .. " -> " .. name, { username = email, fullname = name })
    end
    if active and member and (others[1] or not user:is_in(team)) then
      local what = (others[1] and table.concat(others, ", ") or "no team") .. " -> " .. team
      change("change_groups", person, what, { username = email, add = { team }, del = others[1] and others })
    end
  end
  return changes
end

local changes = compare(assert(acme:snapshot()))
print(lastpass.text.table(changes, { "change", "email", "what", "origin" }))
for _, method in ipairs { "add_users", "update_users", "change_groups", "disable_users" } do
  local result, message, err = acme[method](acme, changes[method])
  if not result then -- such as a guard's refusal, with what would allow it
    io.stderr:write(message, "\n", err.hint and "  " .. err.hint .. "\n" or "")
    os.exit(1)
  end
  print(("%-14s %s"):format(method, tostring(result)))
  for _, row in ipairs(result.refused) do
    local email = row.item.username or row.item
    table.insert(refused, { value = email, origin = origin[email:lower()], reason = row.reason })
  end
end
local left = compare(assert(acme:snapshot()))
print(#changes == 0 and "Nothing to change: the directory is as the file says."
  or #left == 0 and "Read back: the directory is as the file says now."
  or ("Read back: %d differences are left."):format(#left))
print(lastpass.text.table(refused, { { title = "refused", field = "value" }, "origin", "reason" }))
