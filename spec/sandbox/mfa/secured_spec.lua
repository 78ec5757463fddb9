-- LastPass MFA's secured API and its directory in the sandbox, by a client that shares nothing with ours.
-- Runs once: what is tried is what Node's crypto makes of it.
local json = require "lastpass.json"
local planted = require "spec.support.planted"
local support = require "spec.support.box"

describe("lastpass.sandbox.mfa", function()
  local box, key_file, made, emails

  local function node_is_missing()
    local pipe = assert(io.popen "command -v node")
    local line = pipe:read "*l"
    pipe:close()
    return not line
  end

  local write_over = planted.write

  local function write_key(pem)
    local path = planted.path(made)
    planted.write(path, pem)
    return path
  end

  setup(function()
    made, emails = {}, {}
    box = support.start { users = 30, assumptions = { mfa_enrolled = "everybody" } }
    local answer = assert(box:control("POST", "mfa_keys", {}))
    assert.is_truthy(answer.private_key:find "^%-%-%-%-%-BEGIN PRIVATE KEY")
    key_file = write_key(answer.private_key)
    for user in assert(box:client()):users() do
      emails[#emails + 1] = user.status == "active" and user.email or nil
    end
  end)

  teardown(function()
    box:stop()
    planted.remove(made)
  end)

  before_each(function()
    assert(box:reset())
  end)

  local function run(calls)
    for place, call in ipairs(calls) do
      call.timestamp = call.timestamp or ("2026-06-15 13:00:%02dZ"):format(place)
      call.path = call.path or "/Generic/LoginAsync"
    end
    local input = planted.path(made)
    planted.write(input, json.encode(calls))
    local command = ("timeout 120 node spec/sandbox/mfa/signer.cjs '%s' '%s' '%s' <'%s'"):format(
      box.mfa.url,
      box.mfa.key,
      key_file,
      input
    )
    local pipe = assert(io.popen(command))
    local text = pipe:read "*a"
    pipe:close()
    local results = assert(json.decode(text))
    assert.is_nil(results.error, tostring(results.error))
    return results
  end

  local function login(email)
    return { Username = email, IPAddress = "203.0.113.9", DeviceName = "Köln, 𝄞" }
  end

  local function directory(name, payload)
    return { path = "/Generic/" .. name, payload = payload }
  end

  it("signs in by what Node signs, and answers what Node decrypts", function()
    if node_is_missing() then
      return pending "node is not installed"
    end
    assert(box:phone_auto { action = "approve" })
    local results = run {
      { payload = login(emails[1]) },
      { path = "/Generic/CheckLoginToken", payload = { ["$token"] = 0 } },
      { path = "/Generic/Login", payload = login(emails[2]) },
      { path = "/generic/login", payload = login "nobody@example.com" },
      { path = "/Generic/CheckLoginToken", payload = "no such token" },
      { path = "/Generic/CheckLoginToken", payload = { AsyncLoginToken = "x" } },
      { text = "{" },
      { raw = "???" },
      { payload = { Username = emails[1] } },
    }
    assert.equal("WaitingForResponse", results[1].inner.Value.AuthStatus)
    assert.equal(256, results[1].bits)
    assert.equal(emails[1], results[2].inner.Value.Username)
    assert.equal("Success", results[2].inner.Value.AuthStatus)
    assert.equal("Success", results[3].inner.Value.AuthStatus)
    assert.equal("DoesNotExist", results[4].inner.Value.AuthStatus)
    for place = 5, 9 do
      assert.is_true(results[place].outer.Succeeded, place)
      assert.is_false(results[place].inner.Succeeded, place)
    end
    assert.equal("Köln, 𝄞", assert(box:phone_journal())[1].device)
  end)

  it("refuses what is signed wrong, late, early, twice or with another key", function()
    if node_is_missing() then
      return pending "node is not installed"
    end
    local other = write_key(require("lastpass.sandbox.certificate").make({ rsa_bits = 2048 }).key)
    local good = login(emails[1])
    local function changed(name, value)
      return { payload = good, change = { [name] = value } }
    end
    local cases = {
      { changed("Key", box.mfa.login_key), "Invalid API key" },
      { changed("Signature", ("A"):rep(344)), "Invalid signature" },
      { changed("Signature", "*"), "Invalid signature" },
      { changed("Signature", ""), "Invalid signature" },
      { changed("Payload", "e30="), "Invalid signature" },
      { changed("Timestamp", "2026-06-15 13:01:00Z"), "Invalid signature" },
      { { payload = good, key_file = other }, "Invalid signature" },
      { { payload = good, timestamp = "2026-06-15 13:05:01Z" }, "Invalid timestamp" },
      { { payload = good, timestamp = "2026-06-15 12:54:59Z" }, "Invalid timestamp" },
      { { payload = good, timestamp = "2026-06-15T13:00:00Z" }, "Invalid timestamp" },
      { { payload = good, timestamp = "2026-06-15 13:00:00" }, "Invalid timestamp" },
      { { payload = good, timestamp = "2026-02-30 13:00:00Z" }, "Invalid timestamp" },
      { { payload = good, timestamp = "2026-06-15 12:55:00Z" } },
      { { payload = good, timestamp = "2026-06-15 13:05:00Z" } },
      { { repeat_ = true, ["repeat"] = true }, "Signature was used before" },
    }
    local calls = {}
    for place, case in ipairs(cases) do
      case[1].repeat_ = nil
      calls[place] = case[1]
    end
    calls[#calls + 1] = changed("Signature", json.null)
    calls[#calls + 1] = changed("Timestamp", 7)
    local results = run(calls)
    for place, case in ipairs(cases) do
      local outer = results[place].outer
      assert.equal(case[2] or "", outer.Message, place)
      assert.equal(case[2] == nil, outer.Succeeded, place)
      assert.equal(case[2] == nil, results[place].inner ~= nil, place)
    end
    assert.equal(400, results[#cases + 1].status)
    assert.equal(400, results[#cases + 2].status)
    assert(box:act { settings = { mfa_replay = "accept", mfa_window = 10 } })
    results = run {
      { payload = good, timestamp = "2026-06-15 13:00:11Z" },
      { payload = good },
      { ["repeat"] = true },
    }
    assert.equal("Invalid timestamp", results[1].outer.Message)
    assert.is_true(results[3].outer.Succeeded)
  end)

  it("spoils what is sealed", function()
    if node_is_missing() then
      return pending "node is not installed"
    end
    local checks = {
      {
        "wrong_padding",
        function(result)
          assert.is_truthy(result.error:find "decrypt", result.error)
        end,
      },
      {
        "wrong_key",
        function(result)
          assert.is_truthy(result.error)
          assert.is_nil(result.inner)
        end,
      },
      {
        "outer_fails",
        function(result)
          assert.is_false(result.outer.Succeeded)
          assert.equal("WaitingForResponse", result.inner.Value.AuthStatus)
        end,
      },
      {
        "inner_fails",
        function(result)
          assert.is_true(result.outer.Succeeded)
          assert.is_false(result.inner.Succeeded)
          assert.equal("WaitingForResponse", result.inner.Value.AuthStatus)
        end,
      },
      {
        "wrong_user",
        function(result)
          assert.equal("somebody.else@example.com", result.inner.Value.Username)
        end,
      },
      {
        "no_value",
        function(result)
          assert.is_nil(result.inner.Value)
        end,
      },
    }
    local calls = {}
    for place, check in ipairs(checks) do
      assert(box:faults { command = "mfa:login_async", [check[1]] = true, nth = place })
      calls[place] = { payload = login(emails[place]) }
    end
    local results = run(calls)
    for place, check in ipairs(checks) do
      check[2](results[place])
    end
  end)

  it("has a directory: users", function()
    if node_is_missing() then
      return pending "node is not installed"
    end
    local new = { Email = "New.User@example.com", FirstName = "New", LastName = "User" }
    local edited = { Email = new.Email, FirstName = "Newer", LastName = "User", OU = "Sales" }
    local all = assert(box:state()).users
    local results = run {
      directory("IsUserExist", emails[1]),
      directory("IsUserExist", "new.user@example.com"),
      directory("GetUsers", { Size = 1000, Offset = 0 }),
      directory("GetUsers", { Size = 7, Offset = 25 }),
      directory("AddUser", new),
      directory("AddUser", { Email = "NEW.user@example.com", FirstName = "N", LastName = "U" }),
      directory("IsUserExist", "new.user@EXAMPLE.com"),
      directory("EditUser", edited),
      directory("GetUsers", { Size = 1, Offset = all }),
      directory("ResendActivationEmail", new.Email),
      { payload = login(new.Email) },
      directory("SuspendUser", emails[1]),
      { payload = login(emails[1]) },
      directory("DeleteUser", emails[1]),
      directory("IsUserExist", emails[1]),
      { payload = login(emails[1]) },
      directory("DeleteUser", emails[1]),
      directory("AddUser", { Email = emails[1], FirstName = "Back", LastName = "Again" }),
      { payload = login(emails[1]) },
      directory("EditUser", { Email = "nobody@example.com", FirstName = "N", LastName = "N" }),
      directory("GetUsers", { Size = 0, Offset = 0 }),
      directory("GetUsers", { Size = 1001, Offset = 0 }),
      directory("GetUsers", { Size = 1, Offset = -1 }),
      directory("GetUsers", { Size = "1", Offset = 0 }),
      directory("GetUsers", { Size = 1 }),
      directory("GetUsers", "all"),
    }
    local function ok(place)
      return results[place].inner.Succeeded
    end
    assert.is_true(ok(1))
    assert.is_false(ok(2))
    local list = results[3].inner.Value
    assert.equal(all, list.Total)
    assert.equal(all, #list.Items)
    assert.equal(all - 25, #results[4].inner.Value.Items)
    assert.same(list.Items[26], results[4].inner.Value.Items[1])
    assert.is_true(ok(5))
    assert.is_false(ok(6))
    assert.is_true(ok(7))
    assert.is_true(ok(8))
    assert.same({
      Email = new.Email,
      FirstName = "Newer",
      LastName = "User",
      OU = "Sales",
      Status = "Pending",
    }, results[9].inner.Value.Items[1])
    assert.is_true(ok(10))
    assert.equal(2, assert(box:state { email = new.Email }).mails.mfa_activation)
    assert.equal("UnpairedUser", results[11].inner.Value.AuthStatus)
    assert.is_true(ok(12))
    assert.equal("LockedUser", results[13].inner.Value.AuthStatus)
    assert.is_true(ok(14))
    assert.is_false(ok(15))
    assert.equal("DoesNotExist", results[16].inner.Value.AuthStatus)
    assert.is_false(ok(17))
    assert.is_true(ok(18))
    assert.equal("UnpairedUser", results[19].inner.Value.AuthStatus)
    for place = 20, 26 do
      assert.is_false(ok(place), place)
    end
  end)

  it("has a directory: groups and roles", function()
    if node_is_missing() then
      return pending "node is not installed"
    end
    local list = { Size = 10, Offset = 0 }
    local results = run {
      directory("AddGroup", { Name = "Night", OrganizationalUnit = "Ops" }),
      directory("AddGroup", { Name = "Night" }),
      directory("AssignGroupMember", { GroupName = "Night", MemberName = emails[1] }),
      directory("AssignGroupMember", { GroupName = "Day", MemberName = emails[1] }),
      directory("AssignGroupMember", { GroupName = "Night", MemberName = "nobody@example.com" }),
      directory("UnassignGroupMember", { GroupName = "Night", MemberName = emails[2] }),
      directory("GetGroups", list),
      directory("PostRole", { Name = "Admins" }),
      directory("GetRoles", list),
    }
    local group, role = results[1].inner.Value, results[8].inner.Value
    assert.equal(36, #group)
    assert.equal(36, #role)
    for place = 2, 6 do
      assert.equal(place == 3, results[place].inner.Succeeded, place)
    end
    assert.same(
      { Items = { { Id = group, Name = "Night", OrganizationalUnit = "Ops" } }, Total = 1 },
      results[7].inner.Value
    )
    assert.same(
      { Items = { { Id = role, Name = "Admins", Order = 1 } }, Total = 1 },
      results[9].inner.Value
    )
    results = run {
      directory("PostRole", { Id = role, Name = "Owners" }),
      directory(
        "AssignToRole",
        { Code = role, Users = { emails[1], emails[2] }, Groups = { "Night" } }
      ),
      directory("AssignToRole", { Code = role, Users = { "nobody@example.com" } }),
      directory("GetAssignedToRole", role),
      directory("DeleteUser", emails[2]),
      directory("DeleteGroup", "Night"),
      directory("GetAssignedToRole", role),
      directory("DeleteRole", role),
      directory("GetAssignedToRole", "none"),
    }
    assert.equal(role, results[1].inner.Value)
    assert.is_false(results[3].inner.Succeeded)
    local users = { emails[1], emails[2] }
    table.sort(users)
    assert.same({ Users = users, Groups = { "Night" } }, results[4].inner.Value)
    assert.same({ Users = { emails[1] }, Groups = {} }, results[7].inner.Value)
    assert.is_true(results[8].inner.Succeeded)
    assert.is_false(results[9].inner.Succeeded)
  end)

  it("registers a public key, once", function()
    if node_is_missing() then
      return pending "node is not installed"
    end
    local pair = require("openssl.pkey").new { type = "RSA", bits = 2048 }
    local body = pair:toPEM("public"):gsub("%-%-%-%-%-[^\n]*%-%-%-%-%-\n", ""):gsub("\n", "")
    local own = write_key(pair:toPEM "private")
    local old = key_file
    finally(function()
      assert(box:control("DELETE", "mfa_keys"))
      write_over(old, assert(box:control("POST", "mfa_keys", {})).private_key)
    end)
    local function register(raw, file)
      return { path = "/Generic/PKReg", raw = raw, key_file = file }
    end
    assert.equal("A public key is registered already", run({ register(body) })[1].outer.Message)
    assert(box:control("DELETE", "mfa_keys"))
    local results = run {
      { payload = login(emails[1]) },
      register(body), -- another pair's key signs: nobody proves to have this one's
      register "",
      register "AAAA",
      register(("A"):rep(5000)),
      register "-----BEGIN PUBLIC KEY-----",
      register(body, own),
      register(body, own),
      { payload = login(emails[1]), key_file = own },
    }
    local messages = {}
    for place, result in ipairs(results) do
      messages[place] = result.outer.Message
    end
    assert.same({
      "No public key is registered",
      "Invalid signature",
      "Invalid public key",
      "Invalid public key",
      "Invalid public key",
      "Invalid public key",
      "",
      "A public key is registered already",
      "",
    }, messages)
    assert.equal("WaitingForResponse", results[9].inner.Value.AuthStatus)
    assert.equal(pair:toPEM "public", assert(box:control("GET", "mfa_keys")).public_key)
  end)

  it("writes nothing of keys into the journal", function()
    local private = assert(box:control("POST", "mfa_keys", {})).private_key
    local text = json.encode(assert(box:journal())) .. json.encode(assert(box:phone_journal()))
    for _, secret in ipairs { box.mfa.key, box.mfa.login_key, private:sub(60, 100) } do
      assert.is_nil(text:find(secret, 1, true))
    end
    write_over(key_file, private)
    assert.equal("userdata", type(box.mfa.private_key))
    assert.is_nil(tostring(box.mfa.private_key):find "KEY")
  end)
end)
