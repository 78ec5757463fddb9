local at_prompt = require "spec.cli.repl.at_prompt"
local start_box = require("spec.support.box").start

describe("repl.session", function()
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

  it("names the line of mistakes", function()
    prompt:fails(
      "client:users{ disabeld = true }",
      "repl:1: client:users: unknown option 'disabeld'"
    )
    prompt:fails("error('x', 0)", "error: x")
    prompt:fails("error()", "nil")
    prompt:fails("local t = nil\nreturn t.x", "repl:2:")
  end)

  it("keeps globals of the session apart from the program's", function()
    prompt:run "x = 5"
    prompt:shown("x", "5")
    assert.is_nil(rawget(_G, "x"))
  end)

  it("hides the hash of the client, wherever it comes from", function()
    local hash = box.provhash
    local outcome = prompt:run(("%q .. ' in a text'"):format(hash))
    assert.truthy(outcome.text:find(hash, 1, true), "no client, no hash to know")
    prompt:run "client"
    assert.is_nil(prompt:run(("%q .. ' in a text'"):format(hash)).text:find(hash, 1, true))
    assert.is_nil(prompt:run("sandbox.provhash").text:find(hash, 1, true))
    assert.is_nil(prompt:run(("error(%q)"):format(hash)).text:find(hash, 1, true))
  end)
end)
