local check = require "spec.support.check"
local outcomes = require "lastpass.mfa.outcomes"

describe("outcomes of a second factor", function()
  it("are a closed set, each with words for the user and the log", function()
    for _, name in ipairs(outcomes.list) do
      assert.matches("^%u.*%.$", outcomes.for_user(name))
      assert.matches("^%l.*[^.]$", outcomes.for_log(name))
      assert.equal(name ~= "pending", outcomes.is_final(name))
    end
    for _, name in ipairs { "result", "for_user", "for_log", "is_final" } do
      local message = check.blamed(function()
        outcomes[name] "aproved"
      end)
      assert.matches("unknown outcome 'aproved' (did you mean 'approved'?)", message, 1, true)
    end
  end)

  it("read LastPass's words, and deny what is none of them", function()
    for status, outcome in pairs {
      Success = "approved",
      WaitingForResponse = "pending",
      Denied = "denied",
      ["Denied by Geofencing"] = "denied_by_policy",
      ["Denied by Policy"] = "denied_by_policy",
      ["No Location"] = "denied_by_policy",
      NoResponse = "timeout",
      NoResponseTimeout = "timeout",
      UnpairedUser = "not_enrolled",
      DoesNotExist = "unknown_user",
      InvalidUser = "unknown_user",
      LockedUser = "locked",
      Alert = "denied",
      Password = "error",
      Failure = "error",
      LogError = "error",
    } do
      assert.same({ outcome }, { outcomes.of_status(status) }, status)
    end
    for _, status in ipairs {
      "success",
      "Success ",
      " Success",
      "",
      "SUCCESS",
      "Success\0",
      1,
      true,
      {},
    } do
      assert.same({ "denied", "unexpected_status" }, { outcomes.of_status(status) })
    end
    assert.same({ "denied", "unexpected_status" }, { outcomes.of_status(nil) })
  end)

  it("let in with an approval, or with a service that may be passed over", function()
    for _, name in ipairs(outcomes.list) do
      assert.equal(name == "approved", outcomes.result(name).ok)
      local opened = outcomes.result(name, { failed_open = true, ok = true })
      assert.equal(name == "approved" or name == "unreachable", opened.ok)
    end
    local result =
      outcomes.result("denied_by_policy", { raw = "No Location", user = "a@x.example" })
    assert.same({
      ok = false,
      outcome = "denied_by_policy",
      raw = "No Location",
      user = "a@x.example",
    }, result)
  end)

  it("tell users nothing that helps to guess", function()
    local said = outcomes.for_user "denied"
    for _, name in ipairs { "denied_by_policy", "not_enrolled", "unknown_user" } do
      assert.equal(said, outcomes.for_user(name))
    end
  end)
end)
