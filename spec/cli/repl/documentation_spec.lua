local at_prompt = require "spec.cli.repl.at_prompt"
local start_box = require("spec.support.box").start

describe("repl.documentation", function()
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
