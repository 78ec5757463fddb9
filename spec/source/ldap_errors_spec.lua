local check = require "spec.support.check"
local ldap_errors = require "lastpass.source.ldap_errors"

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
      local err = check.failure(nil, nil, ldap_errors.fail("here", "so it is", code))
      assert.equal(expected, err.kind .. "/" .. err.code)
      assert.equal(code, err.ldap_code)
      assert.truthy(err.message:find("^here: "))
      assert.truthy(err.message:find("so it is", 1, true))
    end
  end)

  it("lets the caller say more", function()
    local err = check.failure(nil, nil, ldap_errors.fail("h", "m", 4, { hint = "ask for less" }))
    assert.equal("ask for less", err.hint)
  end)
end)
