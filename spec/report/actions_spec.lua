local actions = require "lastpass.report.actions"

describe("lastpass.report.actions", function()
  local function meaning(action)
    return actions.meaning { action = action }
  end

  it("knows both spellings and a translation (enterprise-api §8.1)", function()
    assert.equal("ended", meaning "Deactivated User")
    assert.equal("ended", meaning "Deactivated user")
    assert.equal("ended", meaning "Remove User From Company")
    assert.equal("ended", meaning "Employee Account Deleted")
    assert.equal("returned", meaning "Reactivated User")
    assert.equal("invited", meaning "Re-invite User")
    assert.equal("invited", meaning "従業員のアカウントを作成しました")
    assert.is_nil(meaning "Log in")
    assert.is_nil(meaning "")
  end)

  it("finds the addresses in every form of data (§8.2)", function()
    assert.same({ "ann@acme.example" }, actions.addresses "Ann@acme.example")
    assert.same({ "a@x.example", "b@x.example" }, actions.addresses "a@x.example,b@x.example")
    assert.same({ "a@x.example" }, actions.addresses "'Folder name' 'a@x.example'")
    assert.same({ "a@x.example" }, actions.addresses "a@x.example - Group")
    assert.same({}, actions.addresses "VID: 12 from @folder")
    assert.same({}, actions.addresses "")
  end)
end)
