-- The options of source.ldap, and the C module where no server is needed; people are read from a
-- real one in the peers' ldap_spec.
local check = require "spec.support.check"
local core = require "lastpass.core"
local lastpass = require "lastpass"
local ldap = require "lastpass.ldap"
local server = require "spec.support.server"
local source = require "lastpass.source"

describe("a mistake in the call of source.ldap", function()
  it("is raised at the caller's line", function()
    local function mistake(more)
      local options = { url = "ldap://127.0.0.1:1", base = "o=x" }
      for name, value in pairs(more) do
        options[name] = value
      end
      return check.blamed(function()
        source.ldap(options)
      end)
    end
    for _, case in ipairs {
      { { bsae = "o=x" }, "unknown option 'bsae' (did you mean 'base'?)" },
      { { password = "text", bind_dn = "cn=a" }, "option 'password'" },
      { { bind_dn = "cn=a" }, "options 'bind_dn' and 'password' go together" },
      { { scope = "all" }, [[option 'scope' must be "subtree", "one" or "base"]] },
      { { page_size = 1.5 }, "option 'page_size' must be a whole number" },
      { { timeout = 0 }, "option 'timeout' must be a number above 0" },
      { { time_limit = -1 }, "option 'time_limit' must be a number above 0" },
      { { size_limit = 0 }, "option 'size_limit' must be from 1 to 2^30" },
      { { referrals = "follow" }, [[option 'referrals' must be "ignore"]] },
      { { attributes = { email = 7 } }, "attribute 'email' must be an attribute" },
      { { required = { "nmae" } }, "'required' names 'nmae', not an attribute" },
      {
        { attributes = { email = "mail", groups = "x" }, groups = true },
        "make the field 'groups'",
      },
      { { groups = { bsae = "x" } }, "(did you mean 'base'?)" },
      { { groups = { member_of = "a", by = "b" } }, "'member_of' stands in the place" },
      { { groups = { member_of = "a", nested = true } }, "'nested' needs the groups' 'base'" },
      { { groups = { member_of = "a", primary = true } }, "'primary' needs the groups' 'base'" },
      { { groups = { scope = "all" } }, "'scope' must be subtree, one or base" },
    } do
      local message = mistake(case[1])
      assert.truthy(message:find("^source%.ldap"), message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
    assert.equal(
      "source.ldap: option 'base' is missing",
      check.blamed(function()
        source.ldap { url = "ldap://127.0.0.1:1" }
      end)
    )
  end)
end)

describe("source.ldap without a server", function()
  it("fails", function()
    local err = check.failure(
      "transport",
      "no_connection",
      source.ldap { url = "ldap://127.0.0.1:1", base = "o=x" }
    )
    assert.equal(-1, err.ldap_code)
  end)

  it("goes to one server only, and to none that it does not understand", function()
    for _, url in ipairs {
      "ldap://127.0.0.1:1/ ldap://192.0.2.1",
      "ldap://127.0.0.1:1/,ldap://192.0.2.1/",
      "ldap://127.0.0.1 ldap://192.0.2.1",
      "ldap://127.0.0.1/dc=acme",
      "ldap://127.0.0.1/????!x",
      "ldap://127.0.0.1%20x",
      "ldap://" .. ("a"):rep(300),
      "ldap:///",
      "http://127.0.0.1",
      "127.0.0.1",
      "",
    } do
      check.failure("argument", "bad_address", source.ldap { url = url, base = "o=x" })
    end
  end)
end)

describe("a connection of lastpass.ldap", function()
  local secret, carrier

  before_each(function()
    secret = assert(lastpass.secret.value "hidden")
    carrier = assert(core.getuserdata { cid = 1, provhash = secret })
  end)

  after_each(function()
    carrier:close()
    secret:close()
  end)

  it("knows what stays on this machine", function()
    for url, expected in pairs {
      ["ldap://127.0.0.1"] = "local plain",
      ["ldap://127.8.9.1:389/"] = "local plain",
      ["ldap://LOCALHOST"] = "local plain",
      ["ldap://[::1]:389"] = "local plain",
      ["ldapi://%2Ftmp%2Fx"] = "local plain",
      ["ldaps://127.0.0.1"] = "local TLS",
      ["ldap://127.0.0.1.acme.com"] = "far plain",
      ["ldap://localhost.acme.com"] = "far plain",
      ["ldaps://acme.com"] = "far TLS",
    } do
      local connection = assert(ldap.open { url = url })
      local place = connection:is_local() and "local" or "far"
      local tls = connection:is_encrypted() and "TLS" or "plain"
      assert.equal(expected, place .. " " .. tls, url)
      connection:close()
      connection:close()
      assert.has_error(function()
        connection:connect()
      end)
    end
  end)

  it("sends no password that others could read, and none as nobody", function()
    local connection = assert(ldap.open { url = "ldap://192.0.2.1" })
    local ok, message = pcall(connection.bind, connection, "cn=a", carrier)
    assert.is_false(ok)
    assert.truthy(message:find("a password is not sent without TLS", 1, true))
    connection:close()
    connection = assert(ldap.open { url = "ldap://127.0.0.1:1" })
    assert.has_error(function()
      connection:bind("", carrier)
    end)
    for _, no_carrier in ipairs { "hidden", secret } do
      assert.has_error(function()
        connection:bind("cn=a", no_carrier)
      end)
    end
    local bound, reason, code = connection:bind("cn=a", carrier)
    assert.same({ nil, "Can't contact LDAP server", -1 }, { bound, reason, code })
    connection:close()
  end)

  it("has one text for all spellings of a name", function()
    local connection = assert(ldap.open { url = "ldap://127.0.0.1:1" })
    local key, name = connection:dn "CN=Lee\\2C Ann, OU=People,dc=ACME"
    assert.equal("Lee, Ann", name)
    for _, other in ipairs {
      "cn=lee\\, ann,ou=people,dc=acme",
      "cn = Lee\\, Ann , ou=people, dc=acme",
    } do
      assert.equal(key, (connection:dn(other)))
    end
    for _, no_name in ipairs { "", "x", "cn=a,,b", "cn=\\zz" } do
      assert.is_nil((connection:dn(no_name)), no_name)
    end
    connection:close()
  end)

  it("does not take options that C would misread", function()
    for _, url in ipairs { 7, true, "ldap://127.0.0.1\0.acme.com" } do
      assert.has_error(function()
        ldap.open { url = url }
      end)
    end
    assert.is_nil((ldap.open {}))
    assert.is_true(ldap.now() <= ldap.now())
  end)
end)

-- Answers of servers that no real one gives by itself. The handler reads the number of each request
-- and sends what is in `answers`, as DER made here.
describe("the answer of an LDAP server", function()
  local running

  after_each(function()
    running:stop()
  end)

  local function tlv(tag, ...)
    local value = table.concat { ... }
    local n = #value
    local length = n < 128 and string.char(n) or string.char(0x82, math.floor(n / 256), n % 256)
    return string.char(tag) .. length .. value
  end

  local DONE = tlv(0x65, tlv(10, "\0"), tlv(4, ""), tlv(4, ""))
  local ENTRY =
    tlv(0x64, tlv(4, "cn=ann,dc=b"), tlv(0x30, tlv(0x30, tlv(4, "mail"), tlv(0x31, tlv(4, "a@b")))))
  local PAGED = "1.2.840.113556.1.4.319"

  -- The list of controls behind a message.
  local function controls(...)
    return tlv(0xA0, ...)
  end

  local function control(name, value, critical)
    return tlv(0x30, tlv(4, name), critical and tlv(1, "\255") or "", value and tlv(4, value) or "")
  end

  -- Messages by what follows their number; the source's rows, the reading's end.
  local function read(...)
    local messages = {}
    for i, message in ipairs { ... } do
      messages[i] = ("%q"):format(message)
    end
    running = server.start(([[
      local messages = { %s }
      local function tlv(tag, value)
        local n = #value
        local length = n < 128 and string.char(n)
          or string.char(0x82, math.floor(n / 256), n %% 256)
        return string.char(tag) .. length .. value
      end
      return function(client)
        local buffer = ""
        while true do
          local byte = client:receive(1)
          if not byte then return end
          buffer = buffer .. byte
          local n = #buffer > 1 and buffer:byte(2)
          local head = n and (n < 128 and 2 or 2 + n - 128)
          if head and #buffer >= head then
            for i = 3, n < 128 and 2 or head do n = (i == 3 and 0 or n) * 256 + buffer:byte(i) end
            local body = client:receive(n)
            buffer = ""
            local number = body:sub(1, 2 + body:byte(2))
            local operation = body:byte(#number + 1)
            if operation == 0x60 then
              client:send(tlv(0x30, number .. tlv(0x61, "\10\1\0\4\0\4\0")))
            elseif operation == 0x63 then
              for _, message in ipairs(messages) do client:send(tlv(0x30, number .. message)) end
            end
          end
        end
      end
    ]]):format(table.concat(messages, ", ")))
    local people, message, err = source.ldap {
      url = ("ldap://127.0.0.1:%d"):format(running.port),
      plain = true,
      base = "dc=b",
      filter = "(mail=*)",
      attributes = { email = "mail" },
    }
    if not people then
      return nil, message, err
    end
    return people:read()
  end

  it("with a control that has no value, or an empty one, is a failed read", function()
    for _, page in ipairs {
      control(PAGED),
      control(PAGED, nil, true),
      control(PAGED, ""),
      control(PAGED, "\48\0"),
      control(PAGED, "\48"),
      control(PAGED, "\48\3\2\1\0"),
      control("1.2.3.4") .. control(PAGED),
      control(PAGED) .. control(PAGED, tlv(0x30, tlv(2, "\0"), tlv(4, ""))),
    } do
      local list, message, err = read(ENTRY, DONE .. controls(page))
      check.failure("protocol", nil, list, message, err)
      running:stop()
    end
  end)

  it("may have other controls, with or without a value, anywhere", function()
    local other = controls(
      control "1.3.6.1.4.1.42.2.27.8.5.1",
      control("2.16.840.1.113730.3.4.4", ""),
      control("1.2.840.113556.1.4.474", "x")
    )
    local last = controls(control "1.2.3.4", control(PAGED, tlv(0x30, tlv(2, "\0"), tlv(4, ""))))
    local list = assert(read(ENTRY .. other, DONE .. last))
    assert.equal(1, #list)
    assert.equal("a@b", list[1].email)
  end)

  it("may have intermediate messages in between (RFC 4511 §4.13)", function()
    local last = controls(control(PAGED, tlv(0x30, tlv(2, "\0"), tlv(4, ""))))
    local list = assert(read(tlv(0x79, tlv(0x80, "1.2.3")), ENTRY, DONE .. last))
    assert.equal(1, #list)
  end)
end)
