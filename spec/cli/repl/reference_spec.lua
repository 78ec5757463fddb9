local at_prompt = require "spec.cli.repl.at_prompt"
local reference = require "lastpass.cli.repl.reference"
local start_box = require("spec.support.box").start
local store = require "spec.support.store"

describe(":doc", function()
  local box, prompt

  setup(function()
    box = start_box { users = 30, seed = 3, invited = 0 }
  end)

  teardown(function()
    box:stop()
  end)

  before_each(function()
    prompt = at_prompt.new(box)
  end)

  it("tells what functions do", function()
    prompt:shown(":doc client.users", "client:users(filter)")
    prompt:shown(":doc client:users", "client:users(filter)")
    prompt:shown(":doc users", "client:users(filter)")
    prompt:shown(":doc batchadd", "https://")
    prompt:shown(":doc secret.file", "mode 600")
    prompt:shown(":doc lastpass.new", "provhash")
    prompt:shown(":doc user", "user:disable()")
    prompt:shown(":doc client", "client:snapshot(filter)")
    prompt:shown(":doc", ":doc NAME")
    local outcome = prompt:fails(":doc client.snapshto", "nothing called")
    assert.truthy(outcome.text:find(":doc client.snapshot", 1, true), outcome.text)
  end)
end)

describe("repl.reference", function()
  it("has every command of the API with its page, fields and what is required", function()
    for _, command in ipairs(require("lastpass.core").commands) do
      local text = assert(reference.text("client." .. command.name), command.name)
      assert.truthy(text:find(command.page, 1, true), text)
      for _, field in ipairs(command.fields) do
        assert.truthy(text:find("\n  " .. field.name .. " (", 1, true), text)
      end
    end
  end)

  it("has what people look for first", function()
    for _, name in ipairs {
      "client.users",
      "client.plan",
      "client.apply",
      "client.export",
      "lastpass.report.coverage",
      "lastpass.report.evidence.verify",
      "report.save",
      "user.disable",
      "group.add",
      "snapshot.user",
      "plan.save",
      "sandbox.faults",
      "lastpass.new",
      "lastpass.secret.file",
      "lastpass.parallel",
      "lastpass.strict",
    } do
      assert.is_string(reference.text(name), name)
    end
    assert.truthy(reference.text("lastpass.new"):find("timezone (", 1, true), "the options")
    assert.truthy(reference.text("client.apply"):find("client:apply(plan, options)", 1, true))
  end)

  it("has the comment of every function", function()
    for _, name in ipairs(reference.names()) do
      assert.truthy(reference.text(name):find "\n  %S", name)
    end
  end)

  it("knows all from the start, whatever has been loaded before", function()
    local chunk = 'print(table.concat(require("lastpass.cli.repl.reference").names(), " "))'
    local pipe = assert(io.popen(("%s -e '%s'"):format(store.interpreter(), chunk)))
    local names = " " .. pipe:read "*l" .. " "
    pipe:close()
    for _, name in ipairs {
      "client.users",
      "user.disable",
      "group.add",
      "snapshot.user",
      "plan.save",
      "run.steps",
      "report.save",
      "sandbox.faults",
      "lastpass.sandbox.start",
      "lastpass.source.csv",
      "lastpass.report.evidence.verify",
    } do
      assert.truthy(names:find(" " .. name .. " ", 1, true), name)
    end
  end)

  it("fits a terminal", function()
    for _, name in ipairs(reference.names()) do
      for line in reference.text(name):gmatch "[^\n]+" do
        assert.truthy(#line <= 100 or line:find "https?://", name .. ": " .. line)
      end
    end
  end)
end)
