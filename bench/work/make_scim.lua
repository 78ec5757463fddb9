-- make_scim.lua USERS PATH: writes the pages of 1,000 that a SCIM server answers for so many users, and what a client
-- asks beside them to prove that no page was lost (the last user of each page as a page of its own).
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

local function write_page(start, count)
  local list = json.list {}
  for index = start, math.min(start + count - 1, users) do
    list[#list + 1] = user(index)
  end
  local file = assert(io.open(("%s/page-%d-%d"):format(path, start, count), "wb"))
  assert(file:write(json.encode {
    schemas = { "urn:ietf:params:scim:api:messages:2.0:ListResponse" },
    totalResults = users,
    startIndex = start,
    itemsPerPage = #list,
    Resources = list,
  }))
  assert(file:close())
end

assert(os.execute(("mkdir -p '%s'"):format(path)))
for start = 1, users, PAGE do
  write_page(start, PAGE)
  write_page(start + PAGE - 1, 1)
end
