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

describe("advice", function()
  it("names commands where the library names methods", function()
    for given, expected in pairs {
      ["client:resume(3)"] = "lastpass run resume 3",
      ["client:undo(3) makes the plan"] = "lastpass run undo 3",
      ["client:undo(12)"] = "lastpass run undo 12",
      ["journal:runs{} lists them"] = "lastpass runs lists them",
      ["journal:snapshots(tenant) lists them"] = "lastpass snapshot lists them",
      ["{ limit = { look_alikes = 1 } } as an option of the call"] = "--limit look_alikes=1",
      ["or { limit = { disable = 12 } } as an option of plan"] = "or --limit disable=12",
      ['or { limit = { leave = "7%" } } as an option of plan'] = "or --limit leave=7%",
      ["{ confirm_final = 2 }"] = "--confirm-final 2",
      ["client:export: option 'from': cannot"] = "--from: cannot",
      ["client:export: sink 'file' needs"] = "sink 'file' needs",
      ["report.inactive: option 'days' must"] = "--days must",
      ["for 30 days (option invitation_days)."] = "for 30 days (--invitation-days).",
      ["of: acme.com (option domains)."] = "of: acme.com (--domain).",
      ['name it: source.csv("hr.csv", { columns = {} })'] = "--column email=TITLE names it",
      ["chmod 600 the file"] = "chmod 600 the file",
    } do
      assert.equals(expected, failure.in_commands(given))
    end
  end)

  it("is about a file of the command line, or about a playbook's source", function()
    for given, expected in pairs {
      ["is the option 'delimiter' right?"] = "is --delimiter right?",
      ["separated otherwise: delimiter = ';'"] = "separated otherwise: --delimiter ';'",
      ["give encoding = 'utf-16le'"] = "give --encoding utf-16le",
      ["leave out the option 'encoding'"] = "leave out --encoding",
      ["row 4 has these titles: header = 4"] = "row 4 has these titles: --header 4",
    } do
      assert.equals(expected, failure.in_commands(given))
      assert.equals(given, failure.in_commands(given, true))
    end
    assert.equals("name another (--journal)", failure.in_commands "name another (option 'path')")
  end)
end)

describe("mistakes of a person", function()
  it("are failures, without the place in the program", function()
    local value, message, err = failure.call(function()
      error "wrong option"
    end)
    assert.is_nil(value)
    assert.equals("wrong option", message)
    assert.equals("argument", err.kind)
  end)

  it("leave results and failures alone", function()
    assert.same({ 1, 2 }, { failure.call(math.max, 1), 2 })
    local _, message, err = failure.call(errors.fail, "auth", "x", "no")
    assert.equals("no", message)
    assert.equals("auth", err.kind)
  end)

  it("are no mistakes of the program, which are raised again", function()
    local nothing = nil
    for _, broken in ipairs {
      function()
        return nothing.field
      end,
      function()
        return nothing()
      end,
      function()
        return ("x"):rep(1, 2) < 1
      end,
      function()
        return ("x"):format(nothing, {}) .. nothing
      end,
      function()
        return string.rep()
      end,
      function()
        return table.concat { {} }
      end,
      function()
        return require "lastpass.no.such.module"
      end,
      function()
        error "interrupted!"
      end,
    } do
      local ok, raised = pcall(failure.call, broken)
      assert.is_false(ok, tostring(raised))
      assert.equals("string", type(raised))
    end
  end)

  it("pass raised errors on", function()
    local ok, raised = pcall(failure.call, error, { kind = "transport" })
    assert.is_false(ok)
    assert.equals("transport", raised.kind)
  end)
end)

describe("must", function()
  it("raises a failure, and gives anything else back", function()
    assert.same({ 1, 2 }, { failure.must(1, 2) })
    assert.is_false(failure.must(false))
    assert.is_nil((failure.must(nil)))
    local ok, err = pcall(failure.must, errors.fail("auth", "x", "no"))
    assert.is_false(ok)
    assert.equals("no", err.message)
    assert.same({ false, "only a message" }, { pcall(failure.must, nil, "only a message") })
  end)
end)

describe("a mistake of the program", function()
  it("is called one, and is no mistake in the command line", function()
    local cli = require "spec.support.cli"
    local commands = require "lastpass.cli.commands"
    local load_command = commands.load
    local nothing = nil
    commands.load = function(name)
      local command = load_command(name)
      return setmetatable({
        run = function()
          return failure.call(function()
            return nothing.field
          end)
        end,
      }, { __index = command })
    end
    local code, _, err = cli.run { "version" }
    local in_json, _, json_err = cli.run { "--json", "version" }
    commands.load = load_command
    assert.equals(1, code)
    assert.matches("^lastpass: a mistake in this program: ", err)
    assert.matches("please report it", err)
    assert.equals(1, in_json)
    local said = require("lastpass.json").decode(json_err).error
    assert.equals(1, said.exit_code)
    assert.matches("a mistake in this program", said.message)
  end)
end)
