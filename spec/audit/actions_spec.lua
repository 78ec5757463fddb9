-- Every name of an action that has been met anywhere is known, whatever its spelling.
local actions = require "lastpass.audit.actions"
local event_data = require "lastpass.audit.event_data"

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

describe("lastpass.audit.actions", function()
  it("knows every name that was met, in Title Case and in Sentence case", function()
    local count = 0
    for name in MET:gmatch "[^|\n]+" do
      count = count + 1
      local action = actions.find(name)
      assert.is_not.equal("other", action.id, name)
      assert.equal(action, actions.find(name:lower()))
      assert.equal(action, actions.find(name:sub(1, 1) .. name:sub(2):lower()))
    end
    assert.equal(101, count)
  end)

  it("has one id for each, with a category, an outcome, a severity and a form of Data", function()
    local ids, names = {}, {}
    for _, action in ipairs(actions.all()) do
      assert.is_nil(ids[action.id], action.id)
      ids[action.id] = true
      assert.equal(action, actions.of(action.id))
      assert.is_true(action.id:find "^%l[%l_]*%l$" ~= nil, action.id)
      assert.is_true(categories[action.category], action.category)
      assert.is_true(contains(actions.severities, action.severity), action.severity)
      assert.is_true(pcall(event_data.read, action.data, "x"), action.data)
      assert.is_true(action.outcome == "success" or action.outcome == "failure")
      assert.is_true(#action.names > 0)
      for _, name in ipairs(action.names) do
        assert.is_nil(names[name:lower()], name)
        names[name:lower()] = true
      end
    end
  end)

  it("gives the same id to both spellings and to what is localised", function()
    assert.equal("user_created", actions.find("Employee account created").id)
    assert.equal("user_created", actions.find("EMPLOYEE ACCOUNT CREATED").id)
    assert.equal(
      "user_created",
      actions.find("従業員のアカウントを作成しました").id
    )
    assert.equal("policy_changed", actions.find("ポリシーの編集").id)
    assert.equal("login", actions.find("Log in").id)
    assert.equal("failure", actions.find("Failed login attempt").outcome)
    assert.equal("failure", actions.find("Account lockout").outcome)
  end)

  it("lets unknown names pass as other", function()
    local action = actions.find "Frobnicated vault"
    assert.equal("other", action.id)
    assert.equal("other", action.category)
    assert.equal("unknown", action.outcome)
    assert.equal("none", action.data)
    assert.equal(action, actions.of "other")
    assert.is_nil(actions.of "user_exploded")
  end)
end)
