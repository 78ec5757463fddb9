-- The company that the specs' slapd serves, as LDIF, and what a source has to make of it.
local M = {}

M.BASE = "dc=acme,dc=example"
M.PEOPLE = "ou=people," .. M.BASE
M.GROUPS = "ou=groups," .. M.BASE
M.ODD = "ou=odd," .. M.BASE
M.BRANCH = "ou=branch," .. M.BASE
M.ABROAD = "ou=abroad," .. M.BRANCH
M.ELSEWHERE = "ldap://192.0.2.1/ou=abroad,dc=elsewhere,dc=example"

-- The last of 5,000 people is in D49: 100 in each of 50 departments.
local DEPARTMENTS = 50

local function person_dn(number)
  return ("uid=u%05d,%s"):format(number, M.PEOPLE)
end

local function group_dn(name)
  return ("cn=%s,%s"):format(name, M.GROUPS)
end

local function department_of(number)
  return ("D%02d"):format((number - 1) % DEPARTMENTS)
end

--- The e-mail address of a person.
function M.email(number)
  return ("u%05d@acme.example"):format(number)
end

--- The full name of a person; every hundredth has letters beyond ASCII.
function M.fullname(number)
  return number % 100 == 0 and ("J\195\188rgen M\195\188ller %d"):format(number)
    or ("Ann Lee %d"):format(number)
end

-- Groups in groups: D00 to D09 are in Sales, Sales and D10 in EMEA, EMEA in Everyone. "Loop A" and
-- "Loop B" are in each other, "Self" is in itself.
local nested = {
  { "Sales", { "D00", "D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D09" }, { 1 } },
  { "EMEA", { "Sales", "D10" }, { 12 } },
  { "Everyone", { "EMEA" }, {} },
  { "Loop A", { "Loop B" }, { 21 } },
  { "Loop B", { "Loop A" }, { 22 } },
  { "Self", { "Self" }, { 23 } },
}

--- The groups of a person, sorted, those included that hold one of their groups.
function M.groups(number)
  local department = department_of(number)
  local list = { department }
  local rank = tonumber(department:sub(2))
  if rank <= 9 then
    list[#list + 1] = "Sales"
  end
  if rank <= 10 or number == 12 then
    list[#list + 1] = "EMEA"
    list[#list + 1] = "Everyone"
  end
  if number == 21 or number == 22 then
    list[#list + 1] = "Loop A"
    list[#list + 1] = "Loop B"
  elseif number == 23 then
    list[#list + 1] = "Self"
  end
  table.sort(list)
  return list
end

--- The groups that name a person themselves, sorted.
function M.direct_groups(number)
  local list = { department_of(number) }
  for _, group in ipairs(nested) do
    for _, member in ipairs(group[3]) do
      if member == number then
        list[#list + 1] = group[1]
      end
    end
  end
  table.sort(list)
  return list
end

local function entry(dn, lines)
  return "dn: " .. dn .. "\n" .. table.concat(lines, "\n") .. "\n\n"
end

local function unit(dn)
  local name = dn:match "^ou=([^,]+)"
  return entry(dn, { "objectClass: organizationalUnit", "ou: " .. name })
end

-- LDIF takes bytes beyond ASCII as they are in practice; base64 would be to the letter.
local function person(number)
  local lines = {
    "objectClass: inetOrgPerson",
    ("uid: u%05d"):format(number),
    "cn: " .. M.fullname(number),
    "sn: Lee",
    "mail: " .. M.email(number),
    ("employeeNumber: %d"):format(100000 + number),
    "departmentNumber: " .. department_of(number),
    ("userPassword: password-%d"):format(number),
  }
  for _, name in ipairs(M.direct_groups(number)) do
    lines[#lines + 1] = "memberOf: " .. group_dn(name)
  end
  return entry(person_dn(number), lines)
end

local function group(name, groups, people)
  local lines = { "objectClass: groupOfNames", "cn: " .. name }
  for _, other in ipairs(groups) do
    -- Names are compared without regard to case and to spaces behind a comma.
    lines[#lines + 1] = ("member: CN=%s, %s"):format(other:upper(), M.GROUPS)
  end
  for _, number in ipairs(people) do
    lines[#lines + 1] = "member: " .. person_dn(number)
  end
  for _, holder in ipairs(nested) do
    for _, held in ipairs(holder[2]) do
      if held == name then
        lines[#lines + 1] = "memberOf: " .. group_dn(holder[1])
      end
    end
  end
  return entry(group_dn(name), lines)
end

-- Entries that have to be refused, or that are unusual and have to be read.
local function odd_entries()
  local function odd(dn, lines)
    table.insert(lines, 1, "objectClass: inetOrgPerson")
    table.insert(lines, "sn: Odd")
    return entry(dn .. "," .. M.ODD, lines)
  end
  return table.concat {
    odd("cn=Lee\\, Ann \\22A\\22", { 'cn: Lee, Ann "A"', "mail: ann.lee@acme.example" }),
    odd("cn=no mail", { "cn: no mail" }),
    odd("cn=two mails", { "cn: two mails", "mail: a@acme.example", "mail: b@acme.example" }),
    odd("cn=bad mail", { "cn: bad mail", "mail: nobody" }),
    odd("cn=first", { "cn: first", "mail: same@acme.example" }),
    odd("cn=second", { "cn: second", "mail: SAME@acme.example" }),
    odd("cn=names", { "cn: names", "cn: More Names", "mail: names@acme.example" }),
    odd("cn=bytes", { "cn: bytes", "mail: bytes@acme.example", "jpegPhoto:: /9j/" }),
  }
end

-- One person here, and a part that another server keeps.
local function branch_entries()
  return unit(M.BRANCH)
    .. entry("uid=bea," .. M.BRANCH, {
      "objectClass: inetOrgPerson",
      "cn: Bea Lee",
      "sn: Lee",
      "mail: bea@acme.example",
    })
    .. entry(M.ABROAD, {
      "objectClass: referral",
      "objectClass: extensibleObject",
      "ou: abroad",
      "ref: " .. M.ELSEWHERE,
    })
end

--- The company as LDIF.
---@param people integer
---@return string
function M.ldif(people)
  local parts = {
    entry(M.BASE, { "objectClass: domain", "dc: acme" }),
    unit(M.PEOPLE),
    unit(M.GROUPS),
    unit(M.ODD),
    odd_entries(),
    branch_entries(),
  }
  local of_department = {}
  for number = 1, people do
    parts[#parts + 1] = person(number)
    local name = department_of(number)
    of_department[name] = of_department[name] or {}
    table.insert(of_department[name], number)
  end
  for rank = 0, math.min(people, DEPARTMENTS) - 1 do
    local name = ("D%02d"):format(rank)
    parts[#parts + 1] = group(name, {}, of_department[name])
  end
  if people >= DEPARTMENTS then
    for _, one in ipairs(nested) do
      parts[#parts + 1] = group(one[1], one[2], one[3])
    end
  end
  return table.concat(parts)
end

return M
