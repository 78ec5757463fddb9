-- Whom and what an event is about; the same in Lua and in C.
local actions = require "lastpass.directory.actions"
local core = require "lastpass.core"
local event_data = require "lastpass.directory.event_data"
local fuzz = require "spec.support.fuzz"

local function told(targets)
  local words = {}
  for position, target in ipairs(targets) do
    words[position] = target.kind .. "=" .. target.value
  end
  return table.concat(words, " | ")
end

local function told_in_c(form, text)
  local flat, words = core.event_targets(form, text), {}
  for position = 1, #flat, 2 do
    words[#words + 1] = flat[position] .. "=" .. flat[position + 1]
  end
  return table.concat(words, " | ")
end

-- Name of the action, Data, what it says.
local cases = {
  { "Log in", "example.com", "site=example.com" },
  { "Log in", "LastPass via Chrome v4.134.0", "" },
  { "Log in", "LastPass via Website", "" },
  { "Log in", "VID: 1234", "item=VID: 1234" },
  { "Log in", "VID: 1234 from Shared-Finance", "item=VID: 1234 | folder=Shared-Finance" },
  { "Failed login attempt", "", "" },
  { "Failed login attempt", "example.com", "site=example.com" },
  { "SAML login", "Amazon Web Services", "site=Amazon Web Services" },
  { "Login to admin console", "ann@acme.com", "user=ann@acme.com" },
  { "Make admin", "ann@acme.com", "user=ann@acme.com" },
  { "Employee account created", "ann@acme.com", "user=ann@acme.com" },
  {
    "Employee account created",
    "ann@acme.com,bob@acme.com, cy@acme.com",
    "user=ann@acme.com | user=bob@acme.com | user=cy@acme.com",
  },
  { "Employee account deleted", "Initiated by API", "" },
  { "Reporting", "Initiated by API", "" },
  { "Add policy", "Length of master password", "policy=Length of master password" },
  { "Edit policy", "Length of master password New value: 14", "policy=Length of master password" },
  { "Site added", "example.com,example.org", "site=example.com | site=example.org" },
  { "Site changed", "VID: 9 from Shared-A", "item=VID: 9 | folder=Shared-A" },
  { "Open secure note", "Secure Note (Wifi (guest))", "item=Wifi (guest)" },
  { "Open secure note", "Secure Note (VID: 7) from Shared-A", "item=VID: 7 | folder=Shared-A" },
  { "Open secure note", "Secure Note", "item=Secure Note" },
  { "Add to shared folder", "'Shared-A' 'ann@acme.com'", "folder=Shared-A | user=ann@acme.com" },
  {
    "Add to shared folder",
    "'Ann's things' 'ann@acme.com'",
    "folder=Ann's things | user=ann@acme.com",
  },
  {
    "Update folder permissions",
    "'Shared-A' 'ann@acme.com' 'Read only:no Admin:no Hide PW:no'",
    "folder=Shared-A | user=ann@acme.com",
  },
  { "Limit shared folder", "Shared A ann@acme.com", "folder=Shared A | user=ann@acme.com" },
  { "Limit shared folder", "Shared A", "folder=Shared A" },
  { "Move to shared folder", "example.com to Shared-A", "item=example.com | folder=Shared-A" },
  { "Move to shared folder", " to Shared-A", "folder=Shared-A" },
  { "Move to shared folder", "to Shared-A", "folder=Shared-A" },
  { "Move from shared folder", "example.com from INVALID SHARED FOLDER", "item=example.com" },
  {
    "Created LastPass account",
    "ann@acme.com-Shared-Finance",
    "user=ann@acme.com | folder=Shared-Finance",
  },
  { "Renamed shared folder", "'Shared-A' 'Shared-B'", "folder=Shared-A | folder=Shared-B" },
  { "Create group", "'Finance'", "group=Finance" },
  { "Delete group", "Finance", "group=Finance" },
  { "Rename group", "'Finance' to 'Money'", "group=Finance | group=Money" },
  {
    "Adding user to group",
    "ann@acme.com - Research - Labs",
    "user=ann@acme.com | group=Research - Labs",
  },
  { "Remove from group", "'Finance' 'ann@acme.com'", "group=Finance | user=ann@acme.com" },
  { "Multifactor enabled", "", "" },
  { "Data export", "", "" },
  { "Frobnicated vault", "ann@acme.com", "" },
}

describe("lastpass.directory.event_data", function()
  for _, case in ipairs(cases) do
    it(("reads '%s' of %s"):format(case[2], case[1]), function()
      local form = actions.find(case[1]).data
      assert.equal(case[3], told(event_data.read(form, case[2])))
      assert.equal(case[3], told_in_c(form, case[2]))
    end)
  end

  it("reads any text as C does", function()
    local random = fuzz.random(11)
    local pieces = {
      "'",
      "' '",
      " ",
      ",",
      " to ",
      "' to '",
      " from ",
      " - ",
      "-Shared-",
      ")",
      "Secure Note (",
      "VID: ",
      "LastPass via ",
      " New value:",
      "ann@acme.com",
      "Finance",
      "to ",
      "from ",
      "INVALID SHARED FOLDER",
      "Initiated by API",
      "é",
    }
    for _ = 1, fuzz.rounds(20000) do
      local words = {}
      for position = 1, random:upto(6) do
        words[position] = random:of(pieces)
      end
      local text, form = table.concat(words), random:of(event_data.forms)
      assert.equal(told(event_data.read(form, text)), told_in_c(form, text), form .. ": " .. text)
    end
  end)

  it("has the forms and kinds that C has", function()
    for _, form in ipairs(event_data.forms) do
      assert.same({}, core.event_targets(form, ""))
    end
    assert.has_error(function()
      core.event_targets("no such form", "")
    end)
  end)
end)
