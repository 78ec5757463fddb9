local members = require "lastpass.cli.repl.members"

describe("repl.members", function()
  local function has(list, wanted)
    for _, name in ipairs(list) do
      if name == wanted then
        return true
      end
    end
    return false
  end

  it("resolves paths through fields alone", function()
    local called = false
    local environment = {
      a = { b = { c = 1 } },
      failing = setmetatable({}, {
        __index = function()
          called = true
          error "no"
        end,
      }),
    }
    assert.equals(1, members.resolve("a.b.c", environment))
    assert.equals(environment.a.b, members.resolve("a:b", environment))
    assert.is_nil(members.resolve("a.x.y", environment))
    assert.is_nil(members.resolve("failing.x", environment))
    assert.is_true(called)
  end)

  it("gives fields and methods, only what can be called behind a colon", function()
    local object = setmetatable({ field = 1, call = print }, { __index = { method = print } })
    local environment = { object = object, text = "x", number = 1 }
    assert.same({ "call", "field", "method" }, members.of("object", false, environment))
    assert.same({ "call", "method" }, members.of("object", true, environment))
    assert.is_true(has(members.of("text", true, environment), "upper"))
    assert.same({}, members.of("number", true, environment))
    assert.same({}, members.of("nothing", true, environment))
  end)

  it("knows the reports before they are made", function()
    local lastpass = require "lastpass"
    local list = members.of("lastpass.report", false, { lastpass = lastpass })
    for _, name in ipairs(lastpass.report.names()) do
      assert.is_true(has(list, name), name)
    end
    assert.is_true(has(list, "evidence"))
    assert.is_true(has(members.of("lastpass", false, { lastpass = lastpass }), "report"))
  end)

  it("gives keywords, globals and the names of the scope", function()
    local list = members.globals({ mine = 1 }, { "client" })
    for _, name in ipairs { "while", "string", "mine", "client" } do
      assert.is_true(has(list, name), name)
    end
  end)

  it("gives options of calls and fields of commands", function()
    assert.same({ "admin", "disabled", "status", "stream" }, members.options "client:users")
    assert.is_true(has(members.options "events", "search"))
    assert.is_true(has(members.options "lastpass.new", "timezone"))
    assert.is_true(has(members.options "client:export", "cursor"))
    assert.is_true(has(members.options "client:batchadd", "username"))
    assert.same({}, members.options "anything")
  end)
end)
