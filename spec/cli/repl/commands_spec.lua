local at_prompt = require "spec.cli.repl.at_prompt"
local start_box = require("spec.support.box").start

describe("repl.commands", function()
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

  it("is strict when told so", function()
    prompt:fails("client:user('nobody@lumenor.example')", "no user")
    prompt:shown(":set strict on", "strict is on")
    prompt:run "ok, err = pcall(function() return client:user('nobody@lumenor.example') end)"
    prompt:shown("ok, err.code", "false\nno_such_user")
    prompt:shown(":set strict off", "strict is off")
    prompt:shown("select('#', client:user('nobody@lumenor.example'))", "3")
    prompt:fails(":set strict maybe", "strict on")
    prompt:fails(":set", "strict on")
  end)

  it("has commands, and names the nearest", function()
    local help = prompt:shown(":help", ":doc")
    for _, name in ipairs { "client", "users", "groups", "folders", "events", "plan", "sandbox" } do
      assert.truthy(help:find("\n  " .. name, 1, true), name)
    end
    assert.truthy(prompt:shown(":time 1 + 1", "2\ntook "))
    prompt:fails(":time 1 +", "unexpected")
    prompt:fails(":time error('x', 0)", "x")
    prompt:fails(":hlep", ":help")
    prompt:fails(":xyzzyx", ":help lists them")
    assert.is_true(prompt:run(":quit").quit)
  end)
end)
