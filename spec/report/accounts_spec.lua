local accounts = require "lastpass.report.accounts"

describe("columns of accounts", function()
  it("picks columns by name", function()
    local own = { name = "own", title = "Own" }
    local columns = accounts.pick("email", own, "last_login")
    assert.same(
      { "email", "own", "last_login" },
      { columns[1].name, columns[2].name, columns[3].name }
    )
    assert.has_error(function()
      accounts.pick "e-mail"
    end)
  end)

  it("copies what is shown of a user, groups sorted", function()
    local user = { email = "a@x.example", status = "active", groups = { "B", "A" } }
    local row = accounts.row(user)
    assert.same({ "A", "B" }, row.groups)
    assert.same({ "B", "A" }, user.groups)
    assert.is_false(row.admin)
  end)

  it("takes the domain of an address", function()
    assert.equal("acme.example", accounts.domain "Ann@Acme.Example")
    assert.equal("", accounts.domain "nobody")
  end)
end)

describe("login status", function()
  it("adds up what is in a vault, if anything is known of it", function()
    assert.equal(6, accounts.items { sites = 3, notes = 2, form_fills = 0, attachments = 1 })
    assert.equal(0, accounts.items { sites = 0 })
    assert.is_nil(accounts.items {})
  end)

  it("tells how far people have come", function()
    local function of(user, invitations)
      user.email = "A@x.example"
      return accounts.login_status(user, invitations)
    end
    assert.equal("disabled", of { status = "disabled", never_logged_in = true, sites = 0 })
    assert.equal("invited", of { status = "invited" })
    assert.equal("invited", of({ status = "invited" }, { ["a@x.example"] = { times = 1 } }))
    assert.equal("invitation_expired", of({ status = "invited" }, {}))
    assert.equal("never_logged_in", of { status = "active", never_logged_in = true })
    assert.equal("empty_vault", of { status = "active", sites = 0 })
    assert.equal("active", of { status = "active", sites = 1 })
    assert.equal("active", of { status = "active" }) -- nothing is known of the vault
  end)
end)

describe("audit events", function()
  local function meaning(action)
    return accounts.meaning { action = action }
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
    assert.same({ "ann@acme.example" }, accounts.addresses "Ann@acme.example")
    assert.same({ "a@x.example", "b@x.example" }, accounts.addresses "a@x.example,b@x.example")
    assert.same({ "a@x.example" }, accounts.addresses "'Folder name' 'a@x.example'")
    assert.same({ "a@x.example" }, accounts.addresses "a@x.example - Group")
    assert.same({}, accounts.addresses "VID: 12 from @folder")
    assert.same({}, accounts.addresses "")
  end)
end)

describe("history of access", function()
  local function event(time, action, data, username)
    return { time = time, action = action, data = data, username = username or "API" }
  end

  it("keeps the end that still holds", function()
    local found = accounts.access_history {
      event(1, "Deactivated user", "a@x.example", "boss@x.example"),
      event(2, "Deactivated user", "a@x.example"), -- once more changes nothing
      event(3, "Deactivated user", "b@x.example"),
      event(4, "Reactivated user", "b@x.example"),
      event(5, "Employee account deleted", "b@x.example,c@x.example"),
      event(6, "Log in", "d@x.example"),
      event(nil, "Deactivated user", "e@x.example"),
    }
    assert.same({
      ["a@x.example"] = { ended = 1, by = "boss@x.example", returned = 0 },
      ["b@x.example"] = { ended = 5, by = "API", returned = 1 },
      ["c@x.example"] = { ended = 5, by = "API", returned = 0 },
    }, found)
  end)

  it("has no end when the log-in was given back", function()
    local found = accounts.access_history {
      event(1, "Deactivated User", "a@x.example"),
      event(2, "Reactivated User", "a@x.example"),
    }
    assert.same({ ["a@x.example"] = { returned = 1 } }, found)
  end)
end)
