-- What is done to which address, over a libldap made here; the peers' ldap_spec has the real one.
local check = require "spec.support.check"
local lastpass = require "lastpass"
local ldap_connection = require "lastpass.source.ldap_connection"

do
  local real, secret

  before_each(function()
    real = package.loaded["lastpass.ldap"]
    secret = assert(lastpass.secret.value "open-sesame")
  end)

  after_each(function()
    package.loaded["lastpass.ldap"] = real
    secret:close()
  end)

  -- Opens over a connection that does as it is told; gives what was called, then what open gave.
  local function open(options, answers)
    local calls = {}
    local connection = {}
    for _, name in ipairs { "connect", "start_tls", "bind", "bind_external", "close" } do
      connection[name] = function(_, first, second)
        calls[#calls + 1] = name
        connection[name .. "_was_given"] = { first, second }
        local answer = answers and answers[name]
        if answer then
          return nil, answer[1], answer[2]
        end
        return true
      end
    end
    connection.is_encrypted = function()
      return options.url:find "^ldaps:" ~= nil
    end
    connection.is_local = function()
      return options.url:find "127%.0%.0%.1" ~= nil
    end
    package.loaded["lastpass.ldap"] = {
      now = os.clock,
      open = function()
        return connection
      end,
    }
    local opened, message, err = ldap_connection.open(options)
    return table.concat(calls, " "), opened, message, err, connection
  end

  describe("ldap_connection", function()
    it("begins TLS wherever others could read, before anything else", function()
      local who = { bind_dn = "cn=a", password = secret }
      for _, case in ipairs {
        { "start_tls bind", "ldap://acme.com", who },
        { "start_tls connect", "ldap://acme.com", {} },
        { "bind", "ldaps://acme.com", who },
        { "bind", "ldap://127.0.0.1", who },
        { "start_tls bind", "ldap://127.0.0.1", who, starttls = true },
        { "connect", "ldap://acme.com", {}, plain = true },
        { "start_tls bind_external", "ldap://acme.com", { external = true } },
      } do
        local options = { url = case[2], starttls = case.starttls, plain = case.plain }
        for name, value in pairs(case[3]) do
          options[name] = value
        end
        local calls, opened, now = open(options)
        assert.equal(case[1], calls)
        assert.is_table(opened)
        assert.equal(os.clock, now)
      end
    end)

    it("does not go on without TLS", function()
      local options = { url = "ldap://acme.com", bind_dn = "cn=a", password = secret }
      local calls, opened, message, err = open(options, { start_tls = { "Connect error", -11 } })
      assert.equal("start_tls close", calls)
      check.failure("transport", "tls_failed", opened, message, err)
      options.starttls = false
      calls, opened, message, err = open(options)
      assert.equal("close", calls)
      check.failure("argument", "tls_needed", opened, message, err)
    end)

    it("hands the password over in a carrier that shows nothing", function()
      local options = { url = "ldaps://acme.com", bind_dn = "cn=a", password = secret }
      local _, _, _, _, connection = open(options)
      local name, carrier = connection.bind_was_given[1], connection.bind_was_given[2]
      assert.equal("cn=a", name)
      assert.equal("userdata", type(carrier))
      assert.is_nil(tostring(carrier):find("open-sesame", 1, true))
      secret:close()
      local calls, opened, message, err = open(options)
      assert.equal("close", calls)
      check.failure("argument", "secret_closed", opened, message, err)
      options.password = { env = "NO_SUCH_VARIABLE_HERE" }
      calls, opened, message, err = open(options)
      assert.equal("close", calls)
      check.failure("argument", nil, opened, message, err)
    end)

    it("closes what cannot be used", function()
      local options = { url = "ldaps://acme.com", bind_dn = "cn=a", password = secret }
      local calls, opened, message, err = open(options, { bind = { "Invalid credentials", 49 } })
      assert.equal("bind close", calls)
      check.failure("auth", "wrong_credentials", opened, message, err)
      local _
      _, opened, message, err = open(options, { bind = { "Can't contact (The TLS …)", -1 } })
      check.failure("transport", "tls_failed", opened, message, err)
      _, opened, message, err = open(options, { bind = { "Can't contact LDAP server", -1 } })
      check.failure("transport", "no_connection", opened, message, err)
    end)

    it("blames options that cannot go together", function()
      local function mistake(options)
        return check.blamed(function()
          ldap_connection.check(options, 1)
        end)
      end
      local url, who = "ldap://h", "cn=a"
      for _, case in ipairs {
        { {}, "'url' is missing" },
        { { url = url, bind_dn = who }, "go together" },
        { { url = url, password = secret }, "go together" },
        { { url = url, bind_dn = who, password = {} }, "must be made by lastpass.secret" },
        { { url = url, bind_dn = who, password = { file = "a", env = "b" } }, "lastpass.secret" },
        { { url = url, bind_dn = who, password = { value = "x" } }, "lastpass.secret" },
        { { url = url, external = true, bind_dn = who, password = secret }, "exclude" },
        { { url = url, key_file = "k" }, "needs 'certificate_file'" },
        { { url = url, plain = true, starttls = true }, "exclude" },
        { { url = url, plain = true, bind_dn = who, password = secret }, "never sent without TLS" },
        { { url = "ldaps://h", starttls = true }, "for ldap:// only" },
      } do
        assert.truthy(mistake(case[1]):find(case[2], 1, true), case[2])
      end
    end)
  end)
end

describe("ldap_errors", function()
  it("makes failures of the codes of servers and libldap", function()
    for code, expected in pairs {
      [-11] = "transport/tls_failed",
      [-5] = "transport/timeout",
      [-1] = "transport/no_connection",
      [3] = "refused/time_limit",
      [4] = "refused/size_limit",
      [32] = "argument/no_such_base",
      [49] = "auth/wrong_credentials",
      [51] = "transport/busy",
      [52] = "transport/unavailable",
      [80] = "protocol/ldap_80",
    } do
      local err = check.failure(nil, nil, ldap_connection.fail("here", "so it is", code))
      assert.equal(expected, err.kind .. "/" .. err.code)
      assert.equal(code, err.ldap_code)
      assert.truthy(err.message:find("^here: "))
      assert.truthy(err.message:find("so it is", 1, true))
    end
  end)

  it("lets the caller say more", function()
    local err =
      check.failure(nil, nil, ldap_connection.fail("h", "m", 4, { hint = "ask for less" }))
    assert.equal("ask for less", err.hint)
  end)
end)
