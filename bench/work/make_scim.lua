-- make_scim.lua USERS PATH: writes the pages of 1,000 that a SCIM server answers for so many users, what a client asks
-- beside them to prove that no page was lost (the last user of each page as a page of its own), and the groups, of which
-- the users say who is in them.
local json = require "lastpass.json"

local PAGE = 1000

local users, path = tonumber(arg[1]), arg[2]

local function user(index)
  local address = ("firstname.lastname%06d@lumenor.example"):format(index)
  return {
    schemas = {
      "urn:ietf:params:scim:schemas:core:2.0:User",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    },
    id = ("%d"):format(100000 + index),
    externalId = ("f81d4fae-7dec-11d0-a765-%012d"):format(index),
    userName = address,
    displayName = ("Firstname Lastname %d"):format(index),
    name = {
      formatted = ("Firstname Lastname %d"):format(index),
      givenName = "Firstname",
      familyName = ("Lastname %d"):format(index),
    },
    active = index % 20 ~= 0,
    emails = { { value = address, type = "work", primary = true } },
    groups = { { value = "1", display = "All Staff" }, { value = "7", display = "Engineering" } },
    meta = {
      resourceType = "User",
      created = "2024-03-04T08:09:10Z",
      lastModified = "2026-03-04T08:09:10Z",
      location = "https://localhost/scim/Users/" .. 100000 + index,
    },
    ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = { department = "Engineering" },
  }
end

local function write_page(name, start, count, total, make)
  local list = json.list {}
  for index = start, math.min(start + count - 1, total) do
    list[#list + 1] = make(index)
  end
  local file = assert(io.open(("%s/%s-%d-%d"):format(path, name, start, count), "wb"))
  assert(file:write(json.encode {
    schemas = { "urn:ietf:params:scim:api:messages:2.0:ListResponse" },
    totalResults = total,
    startIndex = start,
    itemsPerPage = #list,
    Resources = list,
  }))
  assert(file:close())
end

local groups = { { "1", "All Staff" }, { "7", "Engineering" } }

local function group(index)
  return {
    schemas = { "urn:ietf:params:scim:schemas:core:2.0:Group" },
    id = groups[index][1],
    displayName = groups[index][2],
  }
end

assert(os.execute(("mkdir -p '%s'"):format(path)))
write_page("Groups", 1, PAGE, #groups, group)
write_page("Groups", 1 + #groups, PAGE, #groups, group)
for start = 1, users, PAGE do
  write_page("Users", start, PAGE, users, user)
  write_page("Users", start + PAGE - 1, 1, users, user)
end
