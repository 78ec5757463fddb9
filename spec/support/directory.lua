--- Replies of getuserdata made by chance: as the service writes them, with everything it may leave
-- out left out now and then (enterprise-api §4.8).
local M = {}

local function times(random)
  return ('"%04d-%02d-%02d %02d:%02d:%02d"'):format(
    1968 + random:upto(140),
    random:upto(13) - (random:once_in(9) and 1 or 0),
    random:upto(29),
    random:upto(24) - 1,
    random:upto(60) - 1,
    random:upto(60) - 1
  )
end

local values = {
  fullname = {
    '"Ann Lee"',
    '""',
    '"Ann L\\u00e9e"',
    '"Ann L\195\169e"',
    '"A \\"B\\" \\/ C"',
    "null",
  },
  mpstrength = { '"0"', '"7"', '"100"', '"254"', '"255"', "88", "null", '""', '"x"', '"007"' },
  neverloggedin = { "true", "false", "0", '"1"', "null", '"maybe"' },
  disabled = { "true", "false", "0", "1", '"0"', '"1"', '"true"', '"false"' },
  totalscore = {
    '"83.2"',
    '"0"',
    "null",
    '"100"',
    '"9999.9999"',
    '"1.23456"',
    "50.5",
    '"x"',
    '"08"',
    '"5."',
  },
  sites = {
    "0",
    "7",
    "42",
    "300",
    "9999",
    "12345",
    "65534",
    "65535",
    "null",
    '"12"',
    "1.5",
    "-1",
    "1e2",
    '""',
  },
  duousername = { "null", '"ann"', '""', '"\\u0061nn"' },
  multifactor = { '"lastpassauth"', '"duo"', '"yubikey"', "null", '"duo\\/x"' },
  linked = { '"private@x.example"', "null", "false", "12" },
  groups = {
    "[]",
    "null",
    '["A"]',
    '["A","B"]',
    '["IT\\/Operations","A","\195\169","\\u00e9"]',
    '["A rather long name of a group of people"]',
    '["A","A"]',
  },
  attribs = {
    "{}",
    "[]",
    "null",
    '{"Department":"IT"}',
    '{"Department":"IT\\/X","EmployeeNumber":"7"}',
    '{"a":"1","b":"2","c":"3","d":"4","e":"5","f":"6","g":"7","h":"8","i":"9"}',
    '{"a":{"b":[1,2,{"c":null}]}}',
    '{"a" : "b"}',
    '{"\\u0061":"b"}',
    '{"a":true}',
  },
}
values.admin, values.password_reset_required, values.hasSharingKeys =
  values.disabled, values.neverloggedin, values.neverloggedin
values.legacytotalscore = values.totalscore
values.notes, values.formfills, values.applications, values.attachments =
  values.sites, values.sites, values.sites, values.sites
values.unknown = { "1", '{"a":[{"a":1}]}', '"x"', "[]" }

-- the service's order
local order = {
  "fullname",
  "mpstrength",
  "created",
  "last_pw_change",
  "last_login",
  "neverloggedin",
  "disabled",
  "admin",
  "password_reset_required",
  "totalscore",
  "legacytotalscore",
  "hasSharingKeys",
  "duousername",
  "multifactor",
  "linked",
  "sites",
  "notes",
  "formfills",
  "applications",
  "attachments",
  "groups",
  "attribs",
  "unknown",
}

local function user(random, email)
  local fields = { ('"username":"%s"'):format(email) }
  local rare = random:once_in(3) and 2 or 30
  for _, name in ipairs(order) do
    local list = values[name]
    local is_there = name == "unknown" and random:once_in(12)
      or name ~= "unknown" and not random:once_in(6)
    if is_there then
      local value = not list and (random:once_in(5) and '""' or times(random))
        or random:once_in(rare) and random:of(list)
        or list[1]
      fields[#fields + 1] = ('"%s":%s'):format(name, value)
    end
  end
  if random:once_in(10) then
    local at, other = random:upto(#fields), random:upto(#fields)
    fields[at], fields[other] = fields[other], fields[at]
  end
  return "{" .. table.concat(fields, ",") .. "}"
end

--- A reply, most of it as usual.
---@param random table
---@param most integer? users (default 4)
---@return string
function M.reply(random, most)
  local users, members, id = {}, {}, 1000
  local count = random:upto(most or 4)
  for i = 1, count do
    local email = ("%s.%d@acme.example"):format(
      random:of { "ann", "Bob", "christoph.van-den-berg" },
      i
    )
    id = random:once_in(20) and random:upto(2000) or id + random:upto(3)
    users[i] = ('"%d":%s'):format(id, user(random, email))
    members[i] = ('"%s"'):format(random:once_in(5) and email:upper() or email)
  end
  local parts = {
    ('"Users":{%s}'):format(table.concat(users, ",")),
    ('"Groups":{"A":[%s],"B":["inv\\u0069ted@x.example"]}'):format(table.concat(members, ",")),
    '"invited":["invited@x.example","bob.1@acme.example"]',
  }
  local sizes = ('"total":%d,"count":%d'):format(count, count)
  table.insert(parts, random:once_in(2) and 1 or #parts + 1, sizes)
  if random:once_in(5) then
    table.remove(parts, random:upto(#parts))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

return M
