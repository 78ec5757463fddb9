-- The MFA directory: against the sandbox, and with answers that are odd.
local check = require "spec.support.check"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local server = require "spec.support.mfa_server"

describe("the MFA directory", function()
  local box, client, directory

  setup(function()
    box = assert(lastpass.sandbox.start {
      users = 30,
      seed = 5,
      clock = "now",
      assumptions = { mfa_enrolled = "everybody" },
    })
    client = assert(lastpass.mfa.new {
      base_url = box.mfa.url,
      api_key = lastpass.secret.value(box.mfa.key),
      private_key = box.mfa.private_key,
      public_key = box.mfa.public_key,
      page_size = 7,
      poll = { first = 0, every = 0.05, max = 1000 },
    })
    directory = client.directory
  end)

  teardown(function()
    box:stop()
  end)

  it("lists everybody, page by page", function()
    local emails, count = {}, 0
    for user in directory:list() do
      assert.is_nil(emails[user.email])
      emails[user.email], count = user, count + 1
      assert.equal("string", type(user.raw.Status))
    end
    local expected = 0
    for user in box:client():users() do
      if user.status ~= "invited" then
        expected = expected + 1
        assert.is_truthy(emails[user.email], user.email)
      end
    end
    assert.equal(expected, count)
    assert.is_true(count > 14)
  end)

  it("adds, changes, suspends and deletes users", function()
    local address = "new.person@castellan.example"
    assert.is_false(directory:exists(address))
    assert.equal("unknown_user", client:user(address))
    assert.is_true(directory:add {
      email = address,
      first_name = "New",
      last_name = "P\195\169rson",
      phone_number = "+41 44 000 00 00",
      attributes = { badge = "7" },
    })
    assert.is_true(directory:exists(address))
    assert.equal("known", client:user(address))
    assert.is_true(directory:edit {
      email = address,
      first_name = "Newer",
      last_name = "P\195\169rson",
      department = "R&D",
    })
    local found
    for user in directory:list() do
      found = user.email == address and user or found
    end
    assert.same(
      { "Newer", "P\195\169rson", "R&D", "+41 44 000 00 00", { badge = "7" } },
      { found.first_name, found.last_name, found.department, found.phone_number, found.attributes }
    )
    assert.is_true(directory:resend_activation(address))
    assert.is_true(directory:suspend(address))
    assert.is_true(directory:delete(address))
    assert.is_false(directory:exists(address))
    check.failure("refused", "refused", directory:delete(address))
  end)

  it("has groups and roles", function()
    local user = directory:list()().email
    assert.matches("^[%w-]+$", assert(directory:add_group "Staff"))
    assert(directory:add_group("Guests", "Zurich"))
    check.failure("refused", "refused", directory:add_group "Staff")
    local names = {}
    for group in directory:groups() do
      names[#names + 1] = group.name
    end
    assert.same({ "Staff", "Guests" }, names)
    assert.is_true(directory:add_member("Staff", user))
    assert.is_true(directory:remove_member("Staff", user))
    check.failure("refused", "refused", directory:remove_member("Staff", user))
    local id = assert(directory:put_role "Helpdesk")
    assert.equal(id, directory:put_role("Service desk", id))
    local role = directory:roles()()
    assert.same({ "Service desk", id, 1 }, { role.name, role.id, role.order })
    assert.is_true(directory:assign_role(id, { users = { user }, groups = { "Staff" } }))
    assert.same({ users = { user }, groups = { "Staff" } }, directory:role_members(id))
    assert.is_true(directory:delete_role(id))
    assert.is_nil(directory:roles()())
    assert.is_true(directory:delete_group "Staff")
  end)

  it("sends our public key, once", function()
    -- the sandbox has it already: nothing is overwritten
    local err = check.failure(nil, nil, directory:register_key())
    assert.is_true(err.kind == "refused" or err.kind == "auth")
    local other = server.client("secured", function(call)
      assert.equal("/Generic/PKReg", call.path)
      assert.is_true(server.is_signed(call.outer))
      local body = call.outer.Payload
      assert.is_nil(body:find "[%s-]")
      local pem = "-----BEGIN PUBLIC KEY-----\n"
        .. body:gsub(("."):rep(64), "%0\n")
        .. "\n-----END PUBLIC KEY-----\n"
      assert.equal(server.pair().public:gsub("%s", ""), (pem:gsub("%s", "")))
      return { Succeeded = true, Message = "" }
    end, { public_key = server.pair().public })
    assert.is_true(other.directory:register_key())
    for _, wrong in ipairs {
      "none",
      "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
      server.pair().pem,
    } do
      other = server.client("secured", error, { public_key = wrong })
      check.failure("argument", "bad_key", other.directory:register_key())
    end
  end)

  it("needs the secured mode, and says so", function()
    local plain = server.client("plain", error)
    check.failure("argument", "unsupported", plain.directory:exists "ann@x.example")
    check.failure("argument", "unsupported", plain.directory:register_key())
    check.raised("argument", "unsupported", plain.directory:list())
  end)

  it("sends nothing for what is no user, group or role", function()
    local quiet = server.client("secured", error).directory
    check.failure("argument", "bad_user", quiet:exists "")
    check.failure("argument", "bad_user", quiet:delete "no address")
    check.failure("argument", "bad_user", quiet:add { email = "a@x.example", first_name = "A" })
    check.failure(
      "argument",
      "bad_user",
      quiet:add { email = "", first_name = "A", last_name = "B" }
    )
    check.failure(
      "argument",
      "bad_user",
      quiet:edit { email = "a@x.example", first_name = "A", last_name = "B\n" }
    )
    check.failure("argument", "bad_name", quiet:add_group "")
    check.failure("argument", "bad_name", quiet:delete_role "a\nb")
    check.failure("argument", "bad_user", quiet:add_member("Staff", "x"))
    check.failure("argument", "bad_name", quiet:add_group "\255")
    check.failure("argument", "bad_name", quiet:add_group("Staff", ""))
    check.failure("argument", "bad_name", quiet:add_group("Staff", "a\0b"))
    check.failure("argument", "bad_name", quiet:put_role("Helpdesk", ""))
    for _, wrong in ipairs {
      { first_name = "\255" },
      { last_name = "a\226\128\168b" },
      { attributes = { ["\255"] = "x" } },
      { attributes = { Room = "\0" } },
    } do
      local user = { email = "a@x.example", first_name = "A", last_name = "B" }
      for name, value in pairs(wrong) do
        user[name] = value
      end
      check.failure("argument", "bad_user", quiet:add(user))
    end
    check.failure("argument", "bad_user", quiet:assign_role("r", { users = { "no address" } }))
    check.failure("argument", "bad_name", quiet:assign_role("r", { groups = { "a\nb" } }))
    assert.matches(
      "unknown option 'firstname' (did you mean 'first_name'?)",
      check.blamed(function()
        quiet:add { email = "a@x.example", firstname = "A" }
      end),
      1,
      true
    )
    check.blamed(function()
      quiet:assign_role("r", { users = { 5 } })
    end)
    check.blamed(function()
      quiet:assign_role("r", { users = { ann = "a@x.example" } })
    end)
  end)

  local function page(items, total)
    return { Succeeded = true, Message = "", Value = { Items = json.list(items), Total = total } }
  end

  local function names(list)
    local text = ""
    for row in list do
      text = text .. row.name
    end
    return text
  end

  it("reads a list again that changes meanwhile, and gives up in the end", function()
    local rows = { { Name = "A" }, { Name = "B" }, { Name = "C" } }
    local pages = {
      page({ rows[1], rows[2] }, 3),
      page({ rows[2] }, 3), -- shifted
      page({ rows[1], rows[2] }, 3),
      page({}, 3), -- gone
      page({ rows[1], rows[2] }, 3),
      page({ rows[3] }, 4), -- somebody came
      page({ rows[1], rows[2] }, 3),
      page({ rows[3] }, 3),
    }
    local changing, transport = server.client("secured", function(call)
      return pages[call.number]
    end)
    assert.equal("ABC", names(changing.directory:groups()))
    assert.same({ Size = 100, Offset = 2 }, transport.calls[2].inner)
    assert.same({ Size = 100, Offset = 0 }, transport.calls[3].inner)
    local never = server.client("secured", function(call)
      return page({ rows[1] }, call.number + 1)
    end)
    check.raised("protocol", "list_changed", never.directory:groups())
  end)

  it("gives the members of a role completely, or fails", function()
    local function members(value)
      local one = server.client("secured", function()
        return { Succeeded = true, Message = "", Value = value }
      end)
      return one.directory:role_members "r"
    end
    assert.same(
      { users = { "a@x.example" }, groups = {} },
      members {
        Users = json.list { "a@x.example" },
        Groups = json.null,
      }
    )
    for _, value in ipairs {
      5,
      { Users = "a@x.example" },
      { Users = json.list { "a@x.example", 5 } },
      { Groups = { Staff = true } },
    } do
      check.failure("protocol", "unexpected_shape", members(value))
    end
  end)

  it("refuses what is no list", function()
    for code, values in pairs {
      unexpected_shape = {
        {},
        { Items = 5, Total = 1 },
        { Items = json.list { 5 }, Total = 1 },
        { Items = json.list { {} }, Total = 1 },
        { Items = json.list { { Name = "" } }, Total = 1 },
        { Items = json.list {}, Total = -1 },
        { Items = json.list {}, Total = 1.5 },
        { Items = json.list {}, Total = "1" },
      },
      too_many_rows = { { Items = json.list {}, Total = 1e7 } },
    } do
      for _, value in ipairs(values) do
        local odd = server.client("secured", function()
          return { Succeeded = true, Message = "", Value = value }
        end)
        check.raised("protocol", code, odd.directory:groups())
      end
    end
  end)

  it("reads again after what passes, and writes once", function()
    local function failing(fields)
      return server.client("secured", function()
        return errors.fail("transport", "reply_cut", "no", fields)
      end, { retries = 1 })
    end
    local lost, transport = failing { sent = true, begun = true }
    require("lastpass.limiter").pause = (function(pause)
      return function()
        require("lastpass.limiter").pause = pause
        return 0.01
      end
    end)(require("lastpass.limiter").pause)
    check.failure("transport", "reply_cut", lost.directory:exists "a@x.example")
    assert.equal(2, #transport.calls)
    assert.is_true(
      check.failure("transport", "reply_cut", lost.directory:suspend "a@x.example").uncertain
    )
    assert.equal(3, #transport.calls)
    local unsent = failing {}
    assert.is_nil(
      check.failure("transport", "reply_cut", unsent.directory:suspend "a@x.example").uncertain
    )
    local refusing = server.client("secured", function()
      return { Succeeded = false, Message = "Invalid signature", Value = json.null }
    end)
    check.failure("auth", "auth_failed", refusing.directory:exists "a@x.example")
  end)

  it("is beside the phones of the same server", function()
    local user
    for one in directory:list() do
      user = one.raw.Status == "Active" and one.email or user
    end
    local handle = assert(client:challenge { user = user, ip = "192.0.2.1" })
    assert.equal("pending", handle:poll().outcome)
    assert(box:phone_answer { email = user, action = "approve" })
    assert.equal("approved", handle:wait().outcome)
    assert(box:phone_auto { email = user, action = "deny" })
    local result = assert(client:authenticate { user = user, ip = "192.0.2.1" })
    assert.equal("denied", result.outcome)
    assert.equal(2, box:phone({ email = user }).rings)
  end)
end)
