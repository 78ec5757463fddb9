-- Directories whose groups are of other classes, and one that looks like Active Directory, served by slapd.
-- What the documents recommend for Active Directory is run as it stands there.
local companies = require "spec.support.companies"
local lastpass = require "lastpass"
local slapd = require "spec.peers.slapd"
local source = require "lastpass.source"

local BASE = slapd.company.BASE

local INTEGER, TEXT, OCTETS = "integerMatch", "caseIgnoreMatch", "octetStringMatch"
local syntaxes = { [INTEGER] = 27, [TEXT] = 15, [OCTETS] = 40 } -- below 1.3.6.1.4.1.1466.115.121.1

-- RFC 2307, which Debian's schema files have, and of Active Directory's schema what the recipe needs:
-- attributes by their last number.
local function schema()
  local lines, user = { "include /etc/ldap/schema/nis.schema" }, {}
  for name, attribute in pairs {
    userAccountControl = { 8, INTEGER },
    accountExpires = { 159, INTEGER },
    primaryGroupID = { 98, INTEGER },
    objectSid = { 146, OCTETS },
    objectCategory = { 782, TEXT },
    userPrincipalName = { 656, TEXT },
  } do
    local form = "attributetype ( 1.2.840.113556.1.4.%d NAME '%s' EQUALITY %s "
      .. "SYNTAX 1.3.6.1.4.1.1466.115.121.1.%d )"
    lines[#lines + 1] = form:format(attribute[1], name, attribute[2], syntaxes[attribute[2]])
    user[#user + 1] = name
  end
  lines[#lines + 1] = "objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY MAY ( "
    .. table.concat(user, " $ ")
    .. " ) )"
  lines[#lines + 1] = "objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn "
    .. "MAY ( member $ objectSid ) )"
  return table.concat(lines, "\n")
end

local function entry(dn, lines)
  return ("dn: %s\n%s\n\n"):format(dn, table.concat(lines, "\n"))
end

local function unit(name, within)
  return entry(("ou=%s,%s"):format(name, within or BASE), {
    "objectClass: organizationalUnit",
    "ou: " .. name,
  })
end

local STAFF = "ou=staff," .. BASE
local NAMES = { "ann", "bob", "cid" }

local function dn_of(name)
  return ("uid=%s,%s"):format(name, STAFF)
end

-- Two groups of each class; ann and bob are in One, bob and cid in Two.
local function classes()
  local parts = { unit "staff" }
  for _, name in ipairs(NAMES) do
    parts[#parts + 1] = entry(dn_of(name), {
      "objectClass: inetOrgPerson",
      "uid: " .. name,
      "cn: " .. name,
      "sn: Lee",
      ("mail: %s@acme.example"):format(name),
    })
  end
  local members = { One = { "ann", "bob" }, Two = { "bob", "cid" } }
  for class, attribute in pairs {
    groupOfNames = "member",
    groupOfUniqueNames = "uniqueMember",
    posixGroup = "memberUid",
  } do
    parts[#parts + 1] = unit(class)
    for place, group in ipairs { "One", "Two" } do
      local lines = { "objectClass: " .. class, "cn: " .. group }
      lines[#lines + 1] = class == "posixGroup" and "gidNumber: " .. place or nil
      for _, name in ipairs(members[group]) do
        local value = class == "posixGroup" and name or dn_of(name)
        lines[#lines + 1] = ("%s: %s"):format(attribute, value)
      end
      parts[#parts + 1] = entry(("cn=%s,ou=%s,%s"):format(group, class, BASE), lines)
    end
  end
  return table.concat(parts)
end

local DOMAIN = "\1\5\0\0\0\0\0\5\21\0\0\0" .. "domain-of-12"

local function base64(bytes)
  return require("lastpass.text.base64").encode(bytes)
end

local function sid(number)
  return "objectSid:: "
    .. base64(DOMAIN .. string.char(number % 256, math.floor(number / 256), 0, 0))
end

-- People as Active Directory has them; `now` of the companies is noon of 2026-06-15 in UTC.
local people = {
  { "works", 512, "0" },
  { "never", 66048, "9223372036854775807" },
  { "upn", 512, "0", mail = false },
  { "disabled", 514, "0" },
  { "disabled-too", 66050, "0" },
  { "expired", 512, "134259696000000000" }, -- the first moment of 2026-06-15 in New York
  { "expires", 512, "134273520000000000" }, -- of 2026-07-01
}

local AD = "ou=ad," .. BASE

local function active_directory()
  local parts, staff = { unit "ad" }, { "objectClass: group", "cn: Staff", sid(1105) }
  for place, person in ipairs(people) do
    local name = person[1]
    local lines = {
      "objectClass: inetOrgPerson",
      "objectClass: user",
      "objectCategory: person",
      "cn: " .. name,
      "sn: Lee",
      "displayName: " .. name,
      "userAccountControl: " .. person[2],
      "accountExpires: " .. person[3],
      "primaryGroupID: 513",
      ("userPrincipalName: %s@ad.acme.example"):format(name),
      sid(2000 + place),
    }
    if person.mail ~= false then
      lines[#lines + 1] = ("mail: %s@acme.example"):format(name)
    end
    parts[#parts + 1] = entry(("cn=%s,%s"):format(name, AD), lines)
    staff[#staff + 1] = place % 2 == 1 and ("member: cn=%s,%s"):format(name, AD) or nil
  end
  parts[#parts + 1] = entry("cn=Staff," .. AD, staff)
  parts[#parts + 1] = entry("cn=Domain Users," .. AD, {
    "objectClass: group",
    "cn: Domain Users",
    sid(513),
  })
  return table.concat(parts)
end

local function read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

describe("groups on slapd", function()
  local server, password

  setup(function()
    password = assert(lastpass.secret.value(slapd.PASSWORD))
    server = slapd.start { people = 1, global = schema(), ldif = classes() .. active_directory() }
  end)

  teardown(function()
    server:stop()
    password:close()
  end)

  local function read(groups)
    local all = assert(source.ldap {
      url = server.url,
      base = STAFF,
      bind_dn = slapd.ADMIN,
      password = password,
      groups = groups,
    })
    local list, message, err = all:read()
    local found = {}
    for _, person in ipairs(list or {}) do
      found[#found + 1] = person.email:match "^%a+" .. ": " .. table.concat(person.groups, ",")
    end
    table.sort(found)
    return list and found, message, err
  end

  it("have their members in the attribute of their class", function()
    for _, class in ipairs { "groupOfNames", "groupOfUniqueNames", "posixGroup" } do
      local base = ("ou=%s,%s"):format(class, BASE)
      assert.same({ "ann: One", "bob: One,Two", "cid: Two" }, read { base = base }, class)
    end
  end)

  it("are not complete when none is found, or nobody is in one", function()
    for code, groups in pairs {
      no_groups = { base = STAFF },
      members_elsewhere = { base = "ou=posixGroup," .. BASE, member = "member" },
      no_members = { member_of = "memberOff" },
    } do
      local list, message, err = read(groups)
      assert.is_nil(list)
      assert.equal(code, err.code, message)
      groups.allow_empty = true
      assert.same({ "ann: ", "bob: ", "cid: " }, read(groups))
    end
  end)

  it("take nobody's memberships away when they are looked for in the wrong place", function()
    local users = {}
    for place, name in ipairs(NAMES) do
      users[place] = { email = name .. "@acme.example", groups = { "One", "Two" } }
    end
    local plan = assert(companies.plan({ users = users }, function(p)
      local all = p.source.ldap {
        url = server.url,
        base = STAFF,
        bind_dn = slapd.ADMIN,
        password = password,
        groups = { base = STAFF },
      }
      p.only { "One", "Two" }
      for person in all:rows() do
        p.user(person.email) { groups = person.groups }
      end
    end))
    assert.same({}, companies.lines_of(plan.body.steps))
    assert.equal(3, #plan.body.held)
    assert.equal("incomplete_source", plan.body.held[1].code)
    assert.matches("no group was found under 'ou=staff", plan.body.sources[1].failure, 1, true)
  end)

  it("of Active Directory: the recipe of the documents does what it says", function()
    local recipe = read_file("docs/sources.md"):match "### Active Directory%s+```lua\n(.-)```"
    local secret_file = server.folder .. "/ad.password"
    assert(require("lastpass.core").write_file(secret_file, slapd.PASSWORD .. "\n"))
    local changes = {
      ['url = ".-"'] = ("url = %q"):format(server.url),
      ['bind_dn = ".-"'] = ("bind_dn = %q"):format(slapd.ADMIN),
      ['file = ".-"'] = ("file = %q"):format(secret_file),
      ['base = ".-"'] = ("base = %q"):format(AD),
      ["only %b{}"] = 'only { "Staff", "Domain Users" }',
    }
    for pattern, text in pairs(changes) do
      local count
      recipe, count = recipe:gsub(pattern, (text:gsub("%%", "%%%%")))
      assert.equal(1, count, pattern)
    end
    local path = server.folder .. "/recipe.lua"
    assert(require("lastpass.core").write_file(path, recipe))
    local users = {}
    for place, person in ipairs(people) do
      users[place] = {
        email = person[1] .. (person.mail == false and "@ad.acme.example" or "@acme.example"),
        fullname = person[1],
        groups = place % 2 == 1 and { "Staff", "Domain Users" } or { "Domain Users" },
        disabled = person[1] == "works",
      }
    end
    users[2].groups = {}
    local plan = assert(companies.plan({ users = users }, path, {
      limit = { disable = "100%", enable = "100%", leave = "100%", join = "100%" },
    }))
    assert.is_true(plan.body.sources[1].complete, plan.body.sources[1].failure)
    assert.same({}, plan.body.problems)
    assert.same({
      "disable disabled-too@acme.example",
      "disable disabled@acme.example",
      "disable expired@acme.example",
      "enable works@acme.example",
      "groups never@acme.example +Domain Users",
    }, companies.lines_of(plan.body.steps))
    assert.equal(1, #plan.body.upcoming)
    assert.matches("1 Jul: expires@acme.example is disabled", tostring(plan), 1, true)
  end)
end)
