-- Runs once: reading the directory under each interpreter is spec/mfa's matter.
-- report mfa, joined with the directory of LastPass MFA: who is in it, whose phone is active, what differs.
local check = require "spec.support.check"
local planted = require "spec.support.planted"
local report = require "lastpass.report"
local secret = require "lastpass.secret"

describe("lastpass.report.mfa.directory", function()
  local box, client

  setup(function()
    box = planted.start { assumptions = { mfa_replay = "accept" } }
    planted.plant(box, {
      { "ann@acme.example", { admin = true, multifactor = "lastpassauth" } },
      { "bob@acme.example", { multifactor = "lastpassauth" } },
      { "cleo@acme.example", { multifactor = "lastpassauth" } },
      { "dan@acme.example", { multifactor = "lastpassauth" } },
      { "eve@acme.example", { multifactor = "none" } },
      { "duo@acme.example", { multifactor = "duo" } },
      { "off@acme.example", { disabled = true, multifactor = "lastpassauth" } },
    }, { "invited@acme.example" })
    for email, state in pairs {
      ["bob@acme.example"] = "unpaired",
      ["cleo@acme.example"] = "locked",
      ["dan@acme.example"] = "absent",
      ["eve@acme.example"] = "paired",
      ["left@acme.example"] = "paired",
    } do
      assert(box:phone { email = email, state = state })
    end
  end)

  teardown(function()
    box:stop()
  end)

  local function client_of(more)
    local mfa = {
      base_url = box.mfa.url,
      mode = "secured",
      api_key = secret.value(box.mfa.key),
      private_key = box.mfa.private_key,
      clock = function()
        return planted.NOW
      end,
    }
    for name, value in pairs(more or {}) do
      mfa[name] = value or nil -- false: without it
    end
    return box:client { mfa = mfa, journal = os.tmpname() }
  end

  before_each(function()
    client = client_of()
  end)

  it("says of each what the directory says, and what differs", function()
    local made = assert(report.mfa(client))
    assert.same({
      ["bob@acme.example"] = { "in the MFA directory without an active phone" },
      ["cleo@acme.example"] = { "suspended in the MFA directory" },
      ["dan@acme.example"] = { "LastPass's app, and not in the MFA directory" },
      ["eve@acme.example"] = {
        "no multifactor",
        "in the MFA directory, and no multifactor for the vault",
      },
    }, planted.by_email(made.rows, "findings"))
    assert.same({
      ["bob@acme.example"] = "no phone",
      ["cleo@acme.example"] = "suspended",
      ["dan@acme.example"] = "not in the directory",
      ["eve@acme.example"] = "active",
    }, planted.by_email(made.rows, "mfa_directory"))
    assert.equal(1, made:total "not_in_mfa")
    assert.equal(1, made:total "no_phone")
    assert.equal(1, made:total "suspended")
    assert.equal(1, made:total "only_in_mfa")
    assert.is_true(made.statement.complete)
    assert.matches("GetUsers: all pages", table.concat(made.statement.query, "\n"))
    for _, form in ipairs { "table", "csv", "json", "html" } do
      assert.matches("no phone", made:render(form))
    end
  end)

  it("lists who is in it and cannot log in", function()
    local left = assert(report.mfa(client)).tables[2]
    assert.equal("left_over", left.name)
    assert.same({
      { email = "left@acme.example", state = "active", account = "not in the company" },
      { email = "off@acme.example", state = "suspended", account = "disabled" },
    }, left.rows)
  end)

  it("is left out by an option, and without the Generic key", function()
    for _, one in ipairs {
      { client, { mfa_directory = false } },
      { box:client(), nil },
      {
        client_of {
          mode = "plain",
          api_key = secret.value(box.mfa.login_key),
          private_key = false,
        },
        nil,
      },
    } do
      local made = assert(report.mfa(one[1], one[2]))
      assert.equal(1, #made.tables)
      assert.is_nil(made:total "not_in_mfa")
      assert.is_nil(made.rows[1].mfa_directory)
      assert.matches("was not compared", table.concat(made.notes, "\n"))
    end
  end)

  it("fails whole when the directory cannot be read", function()
    check.failure("argument", "no_mfa", report.mfa(box:client(), { mfa_directory = true }))
    local made, message, err = report.mfa(client_of { api_key = secret.value(("0"):rep(36)) })
    assert.is_nil(made)
    assert.equal("auth", err.kind, message)
  end)
end)
