-- Runs once: what LastPass MFA's client does under each interpreter is spec/mfa's matter.
-- lastpass mfa ask, ping, known, and the directory: mfa users, user, groups, group, roles, role.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"

local unpack = table.unpack or unpack

describe("lastpass mfa", function()
  local place, box, plain, secured, login_key, generic_key, pem, journal

  setup(function()
    place = cli.start {
      users = 30,
      clock = "now",
      frozen = false,
      -- the programs of a moment sign the same requests within one second
      assumptions = { mfa_enrolled = "everybody", mfa_replay = "accept" },
    }
    box = place.box
    login_key, generic_key = place:file(box.mfa.login_key), place:file(box.mfa.key)
    for _, path in ipairs { login_key, generic_key } do
      os.execute("chmod 600 " .. path)
    end
    pem = place:file ""
    os.remove(pem)
    assert(core.save_secret(box.mfa.private_key, pem))
  end)

  teardown(function()
    place:stop()
  end)

  before_each(function()
    place:reset()
    journal = place:file ""
    os.remove(journal)
    local where = { "--url=" .. box.mfa.url, "--journal=" .. journal }
    plain = setmetatable({
      flags = { where[1], where[2], "--key-file=" .. login_key },
    }, { __index = cli.methods })
    secured = setmetatable({
      flags = {
        where[1],
        where[2],
        "--key-file=" .. generic_key,
        "--private-key-file=" .. pem,
      },
    }, { __index = cli.methods })
  end)

  local function people()
    return place:people()
  end

  describe("ask", function()
    it("ends with 0 for an approval and nothing else, over both APIs", function()
      local codes = {
        approve = { 0, "approved" },
        deny = { 4, "denied" },
        geofence = { 4, "denied_by_policy" },
      }
      local list = people()
      local at = 0
      for _, session in ipairs { plain, secured } do
        for action, expected in pairs(codes) do
          at = at + 1
          assert(box:phone_auto { action = action })
          local rows, code, err = session:json { "mfa", "ask", list[at] }
          assert.equal(expected[1], code, err)
          assert.equal(expected[2], rows[1].outcome)
          assert.equal(expected[1] == 0, rows[1].ok)
          assert.is_nil(rows[1].method)
        end
      end
      assert.equal(at, #assert(box:phone_journal()) / 2)
    end)

    it("passes on what the phone shows, and the methods", function()
      local user = people()[1]
      local code, out = plain:run {
        "mfa",
        "ask",
        user,
        "--no-wait",
        "--ip=192.0.2.7",
        "--device=door 3",
        "--method=fingerprint",
        "--method=face",
      }
      assert.equal(4, code)
      assert.matches("pending", out)
      local ringing = assert(box:phone_pending())[1]
      assert.equal("192.0.2.7", ringing.ip)
      assert.equal("door 3", ringing.device)
      assert.same({ "fingerprint", "face" }, ringing.methods)
      -- a second program gets nobody else's answer: it is held back, and no phone rings again
      local rows
      rows, code = plain:json { "mfa", "ask", user, "--no-wait" }
      assert.equal(75, code)
      assert.same({ "throttled", "already_pending" }, { rows[1].outcome, rows[1].code })
      assert.equal(1, #assert(box:phone_pending()))
    end)

    it("holds back what is too much for one phone, over all programs", function()
      local user = people()[1]
      assert(box:phone_auto { action = "ignore" })
      assert(box:phone_auto { action = "approve" })
      for _ = 1, 3 do
        assert.equal(0, (plain:run { "mfa", "ask", user }))
      end
      local rows, code = plain:json { "mfa", "ask", user }
      assert.equal(75, code)
      assert.equal("throttled", rows[1].outcome)
      assert.is_true(rows[1].retry_after > 0)
    end)

    it("tells what is unreachable from a denial", function()
      plain.flags[1] = "--url=http://127.0.0.1:1"
      local code, out, err = plain:run { "mfa", "ask", people()[1] }
      assert.equal(69, code, err)
      assert.matches("unreachable", out)
    end)

    it("says what is wrong with a command line", function()
      local code, _, err = plain:run { "mfa", "ask", "ann" }
      assert.equal(64, code)
      assert.matches("not an e%-mail address", err)
      code, _, err = cli.run { "mfa", "ask", "ann@acme.com", "--url=" .. box.mfa.url }
      assert.equal(64, code)
      assert.matches("a key of its own", err)
      code, _, err = plain:run { "mfa", "ask", "ann@acme.com", "--key-env=X" }
      assert.equal(64, code)
      assert.matches("do not go together", err)
      code, _, err = cli.run { "mfa", "ask", "ann@acme.com", "--key=" .. box.mfa.key }
      assert.equal(64, code)
      assert.is_nil(err:find(box.mfa.key, 1, true))
    end)
  end)

  it("pings, and says whom it knows", function()
    local code, _, err = plain:run "mfa ping"
    assert.equal(0, code, err)
    assert.matches("no phone has rung", err)
    local out
    code, out = secured:run { "mfa", "known", people()[1] }
    assert.equal(0, code)
    assert.equal("known\n", out)
    assert.equal(7, (secured:run "mfa known nobody@acme.example"))
    code, _, err = plain:run "mfa known nobody@acme.example"
    assert.equal(64, code)
    assert.matches('mode "secured"', err)
    assert.same({}, assert(box:phone_journal()))
  end)

  describe("directory", function()
    local function ok(...)
      local rows, code, err = secured:json { "mfa", ... }
      assert.equal(0, code, err)
      return rows
    end

    it("lists and changes users", function()
      local names = { "--first-name=New", "--last-name=One", "--department=IT" }
      local before = #ok "users"
      local rows, code = secured:json { "mfa", "user", "add", "new@acme.example", unpack(names) }
      assert.equal(4, code)
      assert.is_nil(rows)
      rows = ok("user", "add", "new@acme.example", "--dry-run", unpack(names))
      assert.equal("would be done", rows[1].outcome)
      assert.equal(before, #ok "users")
      ok("user", "add", "new@acme.example", "--yes", unpack(names))
      local found = ok("users", "--where=u.email == 'new@acme.example'")[1]
      assert.equal("New", found.first_name)
      assert.equal("Pending", found.status)
      names[3] = "--department=Sales"
      ok("user", "edit", "new@acme.example", "--yes", unpack(names))
      found = ok("users", "--where=u.email == 'new@acme.example'")[1]
      assert.equal("Sales", found.department)
      ok("user", "resend", "new@acme.example", "--yes")
      ok("user", "suspend", "new@acme.example", "--yes")
      found = ok("users", "--where=u.email == 'new@acme.example'")[1]
      assert.equal("Suspended", found.status)
      assert.equal(4, (secured:run "mfa user delete new@acme.example --yes"))
      ok("user", "delete", "new@acme.example", "--confirm=new@acme.example")
      assert.equal(before, #ok "users")
    end)

    it("does several one by one, and says what became of each", function()
      local user = people()[1]
      local rows, code = secured:json {
        "mfa",
        "user",
        "suspend",
        "nobody@acme.example",
        user,
        "--yes",
      }
      assert.equal(3, code)
      assert.equal("refused", rows[1].outcome)
      assert.equal("done", rows[2].outcome)
      rows, code = secured:json { "mfa", "user", "suspend", "a@x.example", "b@x.example", "--yes" }
      assert.equal(1, code)
      assert.equal("refused", rows[2].outcome)
      secured.flags[1] = "--url=http://127.0.0.1:1"
      rows, code = secured:json { "mfa", "user", "suspend", "a@x.example", "b@x.example", "--yes" }
      assert.equal(69, code)
      assert.equal("not tried", rows[2].outcome)
      local _, err
      code, _, err = secured:run "mfa user add a@x.example --yes"
      assert.equal(64, code)
      assert.matches("%-%-first%-name and %-%-last%-name", err)
    end)

    it("lists and changes groups and roles", function()
      local user = people()[1]
      local id = ok("group", "add", "Finance", "--unit=HQ")[1].reason:match "^id (%S+)$"
      assert.equal(id, ok("groups")[1].id)
      ok("group", "join", "Finance", user)
      ok("group", "leave", "Finance", user, "--yes")
      local role = ok("role", "add", "Auditors")[1].reason:match "^id (%S+)$"
      ok("role", "assign", role, "--user=" .. user, "--group=Finance", "--yes")
      assert.same({
        { kind = "group", name = "Finance" },
        { kind = "user", name = user },
      }, ok("role", "show", role))
      ok("role", "rename", role, "Readers", "--yes")
      assert.equal("Readers", ok("roles")[1].name)
      local code, _, err = secured:run { "mfa", "role", "assign", role, "--yes" }
      assert.equal(64, code)
      assert.matches("%-%-user or %-%-group", err)
      ok("role", "delete", role, "--confirm=" .. role)
      for _, words in ipairs { { "show", "Auditors" }, { "rename", "Auditors", "A", "--yes" } } do
        code, _, err = secured:run { "mfa", "role", unpack(words) }
        assert.equal(1, code)
        assert.matches("by its id, which lastpass mfa roles shows", err)
      end
      ok("group", "delete", "Finance", "--confirm=Finance")
      assert.same({}, ok "groups")
    end)

    it("needs the secured mode, and says so before anything is asked", function()
      for _, words in ipairs { { "users" }, { "user", "suspend", "ann@acme.com" } } do
        local code, _, err = plain:run { "mfa", unpack(words) }
        assert.equal(64, code)
        assert.matches('mode "secured"', err)
      end
    end)
  end)

  describe("with a profile", function()
    local home

    before_each(function()
      home = cli.home()
    end)

    after_each(function()
      home.remove()
    end)

    local function write(values)
      values.cid = box.cid
      values.url = box.url
      values.provhash = { file = place.hash }
      values.journal = home.path .. "/journal.db"
      values.mfa_url = box.mfa.url
      local text = json.encode { default = "acme", profiles = { acme = values } }
      assert(core.write_file(home.path .. "/config.json", text))
      return { environment = "LASTPASS_CONFIG=" .. home.path .. "/config.json" }
    end

    it("four eyes: apply asks the other admin's phone, and the journal keeps it", function()
      local admins = place:json { "users", "--where=u.admin and u.status == 'active'" }
      local config = write {
        mfa_key = { file = login_key },
        operator = admins[1].email,
        approve_from = 2,
      }
      local user = people()[1]
      local line = "user delete " .. user .. " --confirm " .. user
      local function run(more)
        return home.shell("lastpass " .. line .. " " .. more, config.environment)
      end
      local out, code = run ""
      assert.equal(4, code, out)
      assert.matches("another admin has to approve", out)
      assert.matches("%-%-approver names the admin", out)
      out, code = run("--approver " .. admins[1].email)
      assert.equal(4, code, out)
      assert.matches("cannot approve it", out)
      assert(box:phone_auto { action = "deny" })
      out, code = run("--approver " .. admins[2].email)
      assert.equal(4, code, out)
      assert.matches("has not approved the plan", out)
      assert(box:phone_auto { action = "approve" })
      -- the pause after a denial holds for whoever denied
      local third = admins[3] or admins[2]
      out, code = run("--approver " .. third.email)
      assert.equal(third == admins[2] and 75 or 0, code, out)
    end)
  end)
end)
