-- Every name of an action that has been met anywhere is known, whatever its spelling.
local audit = require "lastpass.audit"
local fuzz = require "spec.support.fuzz"
local support = require "spec.support.box"

describe("actions of lastpass.audit", function()
  -- As they are written in public sources.
  local MET = [[
Account Lockout|Add Global Equiv Domain|Add Global Never URLs|Add Global Only URLs|Add Policy
Add Secure Note|Add to Group|Add to Shared Folder|Adding User to Group|Create Group
Created LastPass Account|Created Shared Folder|Data export|Data import|Data printed
Deactivated User|Deactivating User|Delete Group|Delete Policy|Delete shared folder
Delete Shared Sites|Deleted Shared Folder|Deleted Sites|Destroy All Sessions|Disabled
Disabled [Auth-Method]|Disabled Google Authenticator|Disabled Grid|Disabled LastPass Authentication
Disabled Microsoft Authenticator|Disabled Multifactor Authentication|Disabled Toopher
Disabled YubiKey|Edit Group|Edit Policy|Edit Secure Note|Employee Account Created
Employee Account Deleted|Employee Account Requires Activation|Employee Invited
Enterprise API Secret regenerated|Failed Login Attempt|Form Filled|Get Shared Folder Data
Get User Data|Group Addition|Group Removal|History cleared|Iterations Changed|LastPass Login
Limit Shared Folder|Log in|Login|Login to Admin Console|Login Verification Email Sent|Make Admin
Master Password Changed|Master Password Reset by Super Admin|Master password reverted
Master Password Reuse|Move from Shared Folder|Move to Shared Folder|Multifactor Enabled
Open Secure Note|Password Changed|Password Reset|Password Reuse|Permanently Deleted Shared Folder
Personal Share|Provisioning credential changed|Provisioning service added
Provisioning service removed|Provisioning sync happened|Re-invite User|Reactivated User|Remove Admin
Remove from Group|Remove Global Equiv Domain|Remove Global Never URLs|Remove User From Company
Removed From Shared Folder|Rename Group|Renamed Shared Folder|Reporting|Require Password Change
Restored Shared Folder|SAML Login|SCIM Provisioning Hash Updated|Sharing key updated|Site Added
Site Changed|Site deleted|Stop Requiring Password Change|Super Admin Password Reset
Update Folder Permissions|Update Policy Users|User deprovisioned|User provisioned|Username Changed
従業員のアカウントを作成しました|ポリシーの編集
]]

  local categories = {
    authentication = true,
    account = true,
    vault = true,
    sharing = true,
    group = true,
    configuration = true,
    reporting = true,
  }

  local function contains(list, value)
    for _, item in ipairs(list) do
      if item == value then
        return true
      end
    end
    return false
  end

  it("knows every name that was met, in Title Case and in Sentence case", function()
    local count = 0
    for name in MET:gmatch "[^|\n]+" do
      count = count + 1
      local action = audit.find(name)
      assert.is_not.equal("other", action.id, name)
      assert.equal(action, audit.find(name:lower()))
      assert.equal(action, audit.find(name:sub(1, 1) .. name:sub(2):lower()))
    end
    assert.equal(101, count)
  end)

  it("has one id for each, with a category, an outcome, a severity and a form of Data", function()
    local ids, names = {}, {}
    for _, action in ipairs(audit.all()) do
      assert.is_nil(ids[action.id], action.id)
      ids[action.id] = true
      assert.equal(action, audit.of(action.id))
      assert.is_true(action.id:find "^%l[%l_]*%l$" ~= nil, action.id)
      assert.is_true(categories[action.category], action.category)
      assert.is_true(contains(audit.severities, action.severity), action.severity)
      assert.is_true(pcall(audit.targets, action.data, "x"), action.data)
      assert.is_true(action.outcome == "success" or action.outcome == "failure")
      assert.is_true(#action.names > 0)
      for _, name in ipairs(action.names) do
        assert.is_nil(names[name:lower()], name)
        names[name:lower()] = true
      end
    end
  end)

  it("gives the same id to both spellings and to what is localised", function()
    assert.equal("user_created", audit.find("Employee account created").id)
    assert.equal("user_created", audit.find("EMPLOYEE ACCOUNT CREATED").id)
    assert.equal("user_created", audit.find("従業員のアカウントを作成しました").id)
    assert.equal("policy_changed", audit.find("ポリシーの編集").id)
    assert.equal("login", audit.find("Log in").id)
    assert.equal("failure", audit.find("Failed login attempt").outcome)
    assert.equal("failure", audit.find("Account lockout").outcome)
  end)

  it("lets unknown names pass as other", function()
    local action = audit.find "Frobnicated vault"
    assert.equal("other", action.id)
    assert.equal("other", action.category)
    assert.equal("unknown", action.outcome)
    assert.equal("none", action.data)
    assert.equal(action, audit.of "other")
    assert.is_nil(audit.of "user_exploded")
  end)
end)

-- Whom and what an event is about.
describe("targets of lastpass.audit", function()
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
    {
      "Edit policy",
      "Length of master password New value: 14",
      "policy=Length of master password",
    },
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

  for _, case in ipairs(cases) do
    it(("reads '%s' of %s"):format(case[2], case[1]), function()
      local form = audit.find(case[1]).data
      assert.equal(case[3], told(audit.targets(form, case[2])))
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
    for _, action in ipairs(audit.all()) do
      forms[#forms + 1] = action.data
    end
    for _ = 1, fuzz.rounds(20000) do
      local words = {}
      for position = 1, random:upto(8) do
        words[position] = random:of(pieces)
      end
      local text, form = table.concat(words), random:of(forms)
      for _, target in ipairs(audit.targets(form, text)) do
        assert.is_true(target.value ~= "" and text:find(target.value, 1, true) ~= nil, text)
      end
    end
  end)

  it("knows no other form", function()
    assert.has_error(function()
      audit.targets("no such form", "")
    end)
  end)
end)

-- What events mean, on demand.
describe("fields of lastpass.audit", function()
  it("says what an event means", function()
    local event = { action = "Update folder permissions", data = "'Shared-A' 'bob@acme.com' 'x'" }
    local function field(name)
      return audit.field(event, name)
    end
    assert.equal("folder_permissions_changed", field "id")
    assert.equal("Update folder permissions", field "label")
    assert.equal("sharing", field "category")
    assert.equal("grant", field "verb")
    assert.equal("success", field "outcome")
    assert.equal("low", field "severity")
    assert.same(
      { { kind = "folder", value = "Shared-A" }, { kind = "user", value = "bob@acme.com" } },
      field "targets"
    )
    assert.is_nil(field "colour")
  end)

  it("is what a client's events know of themselves", function()
    local box = support.start { users = 20, events = 100 }
    local client = box:client()
    local ids = {}
    for event in client:events { from = "-30d" } do
      ids[event.id] = (ids[event.id] or 0) + 1
      assert.equal(event.action, event.label)
      assert.is_table(event.targets)
      assert.equal(event.targets, event.targets)
      assert.is_nil(event.colour)
    end
    box:stop()
    assert.is_true(ids.login > 20)
    assert.is_nil(ids.other)
  end)
end)
