-- Whom and what an event is about.
local actions = require "lastpass.audit.actions"
local event_data = require "lastpass.audit.event_data"
local fuzz = require "spec.support.fuzz"

local function told(targets)
  local words = {}
  for position, target in ipairs(targets) do
    words[position] = target.kind .. "=" .. target.value
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
  {
    "Open secure note",
    "Secure Note (Wifi) from Shared-A (old)",
    "item=Wifi | folder=Shared-A (old)",
  },
  {
    "Open secure note",
    "Secure Note (A) b) from Shared-A",
    "item=A) b | folder=Shared-A",
  },
  {
    "Open secure note",
    "Secure Note (pin (2) from home) from Shared-A",
    "item=pin (2) from home | folder=Shared-A",
  },
  {
    "Delete Shared Sites",
    "example.com from Shared Folder 1",
    "site=example.com | folder=Shared Folder 1",
  },
  {
    "Delete Shared Sites",
    "example.com, example.org from Sales from EMEA",
    "site=example.com | site=example.org | folder=Sales from EMEA",
  },
  { "Delete Shared Sites", "My bank from Finance", "site=My bank | folder=Finance" },
  { "Delete Shared Sites", "example.com", "site=example.com" },
  {
    "Delete Shared Sites",
    "VID: 49 from Sales from EMEA",
    "item=VID: 49 | folder=Sales from EMEA",
  },
  {
    "Deleted Sites",
    "VID: 49,VID: 50 from Sales from EMEA",
    "item=VID: 49 | item=VID: 50 | folder=Sales from EMEA",
  },
  { "Site changed", "example.com from Shared-A", "site=example.com | folder=Shared-A" },
  { "Site changed", "Letters from home", "site=Letters from home" },
  {
    "Move from shared folder",
    "Wire from Bob from Shared-Sales from EMEA",
    "item=Wire from Bob | folder=Shared-Sales from EMEA",
  },
  {
    "Move from shared folder",
    "example.com from Sales from EMEA",
    "item=example.com | folder=Sales from EMEA",
  },
  {
    "Move to shared folder",
    "Way to go to Marketing",
    "item=Way to go | folder=Marketing",
  },
  { "Move to shared folder", "VID: 9 to Road to x", "item=VID: 9 | folder=Road to x" },
  { "Disabled Duo Security", "ann@acme.com", "user=ann@acme.com" },
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

describe("lastpass.audit.event_data", function()
  for _, case in ipairs(cases) do
    it(("reads '%s' of %s"):format(case[2], case[1]), function()
      local form = actions.find(case[1]).data
      assert.equal(case[3], told(event_data.read(form, case[2])))
    end)
  end

  it("takes nothing but pieces of any text", function()
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
      "Shared-A",
      "(",
      ")",
      "Secure Note (",
      "VID: ",
      "49",
      "a.example",
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
    local forms = {}
    for _, action in ipairs(actions.all()) do
      forms[#forms + 1] = action.data
    end
    for _ = 1, fuzz.rounds(20000) do
      local words = {}
      for position = 1, random:upto(8) do
        words[position] = random:of(pieces)
      end
      local text, form = table.concat(words), random:of(forms)
      for _, target in ipairs(event_data.read(form, text)) do
        assert.is_true(target.value ~= "" and text:find(target.value, 1, true) ~= nil, text)
      end
    end
  end)

  it("knows no other form", function()
    assert.has_error(function()
      event_data.read("no such form", "")
    end)
  end)
end)
