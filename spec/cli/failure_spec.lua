local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local json = require "lastpass.json"

local function text(kind, code, message, fields, options)
  local _, said, err = errors.fail(kind, code, message, fields)
  return failure.text(said, err, options)
end

describe("failures", function()
  it("gives advice once", function()
    local shown =
      failure.text("no time; write a date", { kind = "argument", hint = "write a date" })
    assert.equals("lastpass: no time; write a date", shown)
  end)

  it("say what happened and what to do", function()
    assert.equals(
      "lastpass: no way there\n  check the proxy",
      text("transport", "unreachable", "no way there", { hint = "check the proxy" })
    )
  end)

  it("name the rows that were refused", function()
    local rows =
      { { item = { username = "ann@acme.com" }, reason = "unknown" }, { reason = "odd" } }
    assert.equals(
      "lastpass: done in part\n  ann@acme.com: unknown\n  ?: odd",
      text("partial", "partial", "done in part", { rows = rows })
    )
  end)

  it("do not list hundreds of rows", function()
    local rows = {}
    for place = 1, 30 do
      rows[place] = { item = "a" .. place, reason = "no" }
    end
    assert.truthy(text("partial", "partial", "x", { rows = rows }):find("and 10 more", 1, true))
  end)

  it("are JSON for programs, with the exit code", function()
    local line = text("auth", "authorization_error", "no", { hint = "h", status = 200 }, {
      json = true,
      code = 77,
    })
    assert.same({
      error = {
        kind = "auth",
        code = "authorization_error",
        message = "no",
        hint = "h",
        status = 200,
        exit_code = 77,
      },
    }, json.decode(line))
  end)

  it("speak of commands, not of Lua", function()
    local shown = text("conflict", "unfinished_run", "open", {
      hint = "go on with client:resume(7), or take it back with client:undo(7)",
    })
    assert.truthy(
      shown:find("lastpass run resume 7, or take it back with lastpass run undo 7", 1, true)
    )
  end)

  it("let nothing through that a terminal would act on", function()
    assert.is_nil(text("refused", "x", "bad \27[2Jname"):find("\27", 1, true))
  end)

  it("can be texts without an error", function()
    assert.equals("lastpass: a mistake", failure.text "a mistake")
  end)
end)
