-- Users as objects: every field, and every method read back from the sandbox.
local check = require "spec.support.check"
local core = require "lastpass.core"
local json = require "lastpass.json"
local support = require "spec.support.box"
local time = require "lastpass.time"

describe("lastpass.directory.user", function()
  local box, client
  local ANN = "Ann.Lee@x.example"

  setup(function()
    box = support.start { users = 20 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    support.reset(box)
    client = box:client()
    assert(box:load {
      users = {
        {
          username = ANN,
          fullname = "Ann Lee",
          mpstrength = "87",
          created = "2020-02-29 08:00:00",
          last_pw_change = "2025-07-01 12:30:15",
          last_login = "2026-01-15 23:59:59",
          admin = true,
          totalscore = "83.2",
          legacytotalscore = "70",
          hasSharingKeys = true,
          duousername = "annlee",
          multifactor = "lastpassauth",
          linked = "ann@private.example",
          sites = 3,
          notes = 0,
          formfills = 1,
          applications = 2,
          attachments = 4,
          groups = { "Finance", "Sales" },
          attribs = { Department = "F\195\188nf", EmployeeNumber = "0042" },
        },
      },
    })
  end)

  local function person(email)
    return support.person(box, email or ANN)
  end

  describe("fields", function()
    it("have the values of the wire", function()
      local ann = assert(client:user(ANN))
      local expected = {
        email = ANN,
        fullname = "Ann Lee",
        status = "active",
        groups = { "Finance", "Sales" },
        admin = true,
        disabled = false,
        mfa = "lastpassauth",
        id = person().id,
        -- New York: five hours behind in winter, four in summer
        created = 1582981200,
        last_login = 1768539599,
        last_password_change = 1751387415,
        never_logged_in = false,
        password_reset_required = false,
        password_strength = 87,
        security_score = 83.2,
        legacy_security_score = 70,
        has_sharing_keys = true,
        duo_username = "annlee",
        linked_account = "ann@private.example",
        sites = 3,
        notes = 0,
        form_fills = 1,
        applications = 2,
        attachments = 4,
        attributes = { Department = "F\195\188nf", EmployeeNumber = "0042" },
      }
      for name in pairs(core.user_fields) do
        assert.is_true(expected[name] ~= nil, "no value is expected of " .. name)
        assert.same(expected[name], ann[name], name)
      end
      if math.type then
        for _, name in ipairs { "id", "created", "sites", "notes", "password_strength" } do
          assert.equal("integer", math.type(ann[name]), name)
        end
      end
      assert.equal("Ann.Lee@x.example (active)", tostring(ann))
    end)

    it("follow the account's zone", function()
      local ann = assert(box:client({ timezone = "Europe/Berlin" }):user(ANN))
      assert.equal(1768539599 - 6 * 3600, ann.last_login)
      assert.equal(time.parse("2020-02-29 08:00:00", time.zone "Europe/Berlin"), ann.created)
    end)

    it("of somebody who never logged in are nil where nothing is known", function()
      assert(client:batchadd { { username = "new@x.example" } })
      local new = assert(client:user "new@x.example")
      assert.is_true(new.never_logged_in)
      assert.equal("active", new.status)
      for _, name in ipairs {
        "last_login",
        "mfa",
        "linked_account",
        "attributes",
        "sites",
        "notes",
        "form_fills",
        "applications",
        "attachments",
      } do
        assert.is_nil(new[name], name)
      end
      assert.same({}, new.groups)
    end)

    it("of somebody who is only invited are few", function()
      assert(box:load { invited = { "Guest@x.example" } })
      local guest = assert(client:user "guest@X.example")
      assert.equal("Guest@x.example", guest.email)
      assert.equal("invited", guest.status)
      assert.equal("Guest@x.example (invited)", tostring(guest))
      assert.same({}, guest.groups)
      assert.is_true(guest.never_logged_in)
      for _, name in ipairs { "admin", "disabled", "password_reset_required" } do
        assert.is_false(guest[name])
      end
      for name in pairs(core.user_fields) do
        if name ~= "email" and name ~= "status" and name ~= "groups" then
          assert.is_true(guest[name] == nil or type(guest[name]) == "boolean", name)
        end
      end
      check.blamed(function()
        return guest.emial
      end)
    end)

    it("understand the other spellings that were seen", function()
      local cases = {
        { '"sites":"12"', "sites", 12 },
        { '"disabled":1', "disabled", true },
        { '"disabled":"1"', "disabled", true },
        { '"disabled":"true"', "disabled", true },
        { '"disabled":"0"', "disabled", false },
        { '"disabled":0', "disabled", false },
        { '"disabled":"false"', "disabled", false },
        { '"groups":[]', "groups", {} },
        { '"groups":null', "groups", {} },
        { '"totalscore":null', "security_score", nil },
        { '"totalscore":"0"', "security_score", 0 },
        { '"totalscore":83.2', "security_score", 83.2 },
        { '"mpstrength":"100"', "password_strength", 100 },
        { '"mpstrength":55', "password_strength", 55 },
        { '"multifactor":""', "mfa", nil },
        { '"multifactor":null', "mfa", nil },
        { '"linked":""', "linked_account", nil },
        { '"duousername":""', "duo_username", nil },
        { '"last_login":""', "last_login", nil },
        { '"attribs":[]', "attributes", {} },
        { '"attribs":null', "attributes", nil },
        { '"attribs":{"a":"b"}', "attributes", { a = "b" } },
        { '"fullname":"\\u00e9\\ud83d\\ude00"', "fullname", "\195\169\240\159\152\128" },
      }
      for _, case in ipairs(cases) do
        support.inject(
          box,
          "getuserdata",
          '{"Users":{"7":{"username":"a@x.example",' .. case[1] .. '}},"invited":[]}'
        )
        local user = assert(client:user "a@x.example")
        assert.same(case[3], user[case[2]], case[1])
      end
    end)

    it("that make no sense are counted, not guessed", function()
      for _, text in ipairs {
        '"sites":1e400',
        '"sites":-1',
        '"sites":"many"',
        '"last_login":"yesterday"',
        '"last_login":"2026-02-30 00:00:00"',
        '"mpstrength":"strong"',
      } do
        support.inject(
          box,
          "getuserdata",
          '{"Users":{"7":{"username":"a@x.example",' .. text .. "}}}"
        )
        local snapshot = assert(client:snapshot())
        assert.is_true(snapshot:odd_values() > 0, text)
        local user = snapshot:user "a@x.example"
        assert.is_nil(user.sites)
        assert.is_nil(user.last_login)
        assert.is_nil(user.password_strength)
        assert.is_false(user.disabled)
        assert.same({}, user.groups)
      end
      assert.equal(0, assert(client:snapshot()):odd_values())
    end)

    it("of another kind make the reply no directory", function()
      for _, text in ipairs {
        '"sites":{}',
        '"groups":"Sales"',
        '"groups":{"first":"Sales"}',
        '"username":5',
        '"disabled":"maybe"',
      } do
        support.inject(
          box,
          "getuserdata",
          '{"Users":{"7":{"username":"a@x.example",' .. text .. "}}}"
        )
        check.failure("protocol", nil, client:snapshot())
      end
    end)

    it("that no Lua number can hold are left out of the attributes' table", function()
      support.inject(
        box,
        "getuserdata",
        '{"Users":{"7":{"username":"a@x.example","attribs":{"x":1e400}}}}'
      )
      assert.is_nil(assert(client:user "a@x.example").attributes)
    end)

    it("that do not exist raise and name the nearest", function()
      local ann = assert(client:user(ANN))
      assert.equal(
        "a user has no field or method 'fulname' (did you mean 'fullname'?)",
        check.blamed(function()
          return ann.fulname
        end)
      )
      assert.equal(
        "a user has no field or method 'reinvit' (did you mean 'reinvite'?)",
        check.blamed(function()
          ann:reinvit()
        end)
      )
      assert.matches(
        "no field or method 'qqqqqqqqqq'",
        check.blamed(function()
          return ann.qqqqqqqqqq
        end)
      )
      check.blamed(function()
        return ann[1]
      end)
    end)
  end)

  describe("methods", function()
    local ann

    before_each(function()
      ann = assert(client:user(ANN))
    end)

    it("disable and enable", function()
      assert(ann:disable())
      assert.is_true(person().fields.disabled)
      assert.is_false(ann.disabled) -- an object stays what was read
      assert.equal("disabled", assert(ann:reload()).status)
      assert(ann:disable())
      assert(ann:enable())
      assert.is_false(person().fields.disabled)
    end)

    it("join and leave groups, by names or by a list", function()
      assert(ann:join "Support")
      assert(ann:join("A", "B"))
      assert(ann:join({ "C" }, "D"))
      assert(ann:leave("Sales", "A"))
      assert(ann:leave { "D" })
      local groups = person().fields.groups
      table.sort(groups)
      assert.same({ "B", "C", "Finance", "Support" }, groups)
      assert.is_true(ann:is_in "Sales")
      ann = assert(ann:reload())
      assert.is_false(ann:is_in "Sales")
      assert.is_true(ann:is_in "Support")
      assert.is_false(ann:is_in "support")
      check.blamed(function()
        ann:join()
      end)
    end)

    it("update", function()
      assert(ann:update { fullname = "Ann L\195\169e", duousername = "al" })
      assert.equal("Ann L\195\169e", person().fields.fullname)
      assert.equal("al", person().fields.duousername)
      assert.matches(
        "unknown field 'fulname'",
        check.blamed(function()
          ann:update { fulname = "x" }
        end)
      )
      assert.matches(
        "the address cannot be given; user:rename changes it",
        check.blamed(function()
          ann:update { username = "bob@x.example", fullname = "x" }
        end)
      )
      assert.equal("Ann L\195\169e", person().fields.fullname)
    end)

    it("rename, which the user ends by logging in", function()
      assert(ann:rename "ann.new@x.example")
      assert.equal(ANN, person().fields.username)
      assert.equal("ann.new@x.example", person().pending_email)
      assert(box:act { login = { ANN } })
      assert.equal("ann.new@x.example", person("ann.new@x.example").fields.username)
    end)

    it("send mails, ask for a new password, switch multifactor off", function()
      assert(ann:reset_password())
      assert.equal(1, person().mails.password_reset)
      assert(ann:require_password_change())
      assert.is_true(person().fields.password_reset_required)
      assert(ann:disable_mfa())
      assert.is_nil(person().fields.multifactor)
      assert(client:batchadd { { username = "new@x.example" } })
      local before = person("new@x.example").mails.invitation or 0
      assert(assert(client:user "new@x.example"):reinvite())
      assert.equal(before + 1, person("new@x.example").mails.invitation)
    end)

    it("remove", function()
      assert(ann:remove())
      assert.is_false(person().found)
      check.failure("refused", "no_such_user", ann:remove())
      check.failure("refused", "no_such_user", ann:reload())
    end)

    it("uninvite", function()
      assert(box:load { invited = { "guest@x.example" } })
      assert(assert(client:user "guest@x.example"):uninvite())
      assert.is_false(person("guest@x.example").found)
      assert.is_nil((ann:uninvite()))
      assert.is_true(person().found)
    end)

    it("delete only what is confirmed by its address", function()
      local before = support.requests(box)
      for _, options in ipairs { {}, { confirm = "" }, { confirm = "bob@x.example" }, false } do
        local err = check.failure("guard", "not_confirmed", ann:delete(options or nil))
        assert.matches(ANN, err.message, 1, true)
        assert.matches('user:delete{ confirm = "' .. ANN .. '" }', err.hint, 1, true)
      end
      assert.equal(
        "user:delete: unknown option 'confrim' (did you mean 'confirm'?)",
        check.blamed(function()
          ann:delete { confrim = ANN }
        end)
      )
      check.blamed(function()
        ann:delete { confirm = true }
      end)
      assert.equal(before, support.requests(box))
      assert.is_true(person().found)
      assert(ann:delete { confirm = ANN:lower() })
      assert.is_false(person().found)
    end)

    it("give the failures of the server", function()
      assert(ann:remove())
      for _, name in ipairs {
        "disable",
        "enable",
        "remove",
        "reset_password",
        "require_password_change",
        "disable_mfa",
      } do
        check.failure("refused", "no_such_user", ann[name](ann))
      end
      local err = check.failure("partial", "partial", ann:join "Sales")
      assert.equal(ANN, err.rows[1].item.username)
    end)
  end)

  it("shows attributes as they were stored, whatever their names", function()
    local attributes = { objectGUID = "x/y\\z", ["a b"] = "", ["\195\169"] = '"' }
    assert(client:batchadd { { username = "new@x.example", attribs = attributes } })
    assert.same(attributes, assert(client:user "new@x.example").attributes)
    assert.equal(json.encode(attributes), json.encode(client:user("new@x.example").attributes))
  end)

  describe("guards", function()
    local methods = {
      disable = {},
      remove = {},
      delete = { { confirm = ANN } },
      rename = { "ann@new.example" },
      leave = { "Finance" },
      reset_password = {},
      require_password_change = {},
      disable_mfa = {},
    }

    it("take nothing from a protected account", function()
      client = box:client { protect = { ANN:upper() } }
      local ann, before = assert(client:user(ANN)), #assert(box:journal())
      for name, arguments in pairs(methods) do
        local _, message, err = ann[name](ann, arguments[1])
        check.failure("guard", "protected", nil, message, err)
        assert.equal(
          ANN .. " is protected by the configuration: user:" .. name .. " is refused",
          message
        )
      end
      assert.equal(before, #assert(box:journal()))
      -- what gives is no harm, and others are not protected
      assert(ann:join "Board")
      assert(client:users { admin = false, status = "active" }():disable())
    end)

    it("keep the last admin, and ask for admins alone", function()
      for user in client:users { admin = true } do
        if user.email ~= ANN then
          assert(client:disableuser { user.email })
        end
      end
      local ann = assert(client:user(ANN))
      for _, name in ipairs { "disable", "remove", "delete" } do
        local _, message, err = ann[name](ann, methods[name][1])
        check.failure("guard", "last_admin", nil, message, err)
        assert.equal(ANN .. " is the last admin who can log in", message)
      end
      local other
      for user in client:users { admin = true } do
        other = user.email ~= ANN and user or other
      end
      assert(other:enable())
      support.reset_journal(box)
      assert(ann:disable())
      assert.equal(1, support.requests(box, "getuserdata"))
      -- for somebody who is no admin nothing is asked
      local member = client:users { admin = false, status = "active" }()
      support.reset_journal(box)
      assert(member:disable())
      assert.equal(0, support.requests(box, "getuserdata"))
    end)

    it("say when admins cannot be read", function()
      local ann = assert(client:user(ANN))
      support.inject(box, "getuserdata", nil, { status = 503, count = 9 })
      ann._client._options.retries = 0
      local reply, _, err = ann:disable()
      assert.is_nil(reply)
      assert.equal("transport", err.kind)
    end)
  end)
end)
