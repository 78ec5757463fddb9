local histories = require "lastpass.report.histories"

describe("lastpass.report.histories", function()
  local function event(time, action, data, username)
    return { time = time, action = action, data = data, username = username or "API" }
  end

  it("keeps the end that still holds", function()
    local found = histories.of {
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
    local found = histories.of {
      event(1, "Deactivated User", "a@x.example"),
      event(2, "Reactivated User", "a@x.example"),
    }
    assert.same({ ["a@x.example"] = { returned = 1 } }, found)
  end)
end)
