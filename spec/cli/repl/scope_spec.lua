local at_prompt = require "spec.cli.repl.at_prompt"
local errors = require "lastpass.error"
local scope = require "lastpass.cli.repl.scope"
local start_box = require("spec.support.box").start

describe("repl.scope lists", function()
  local function numbers(count)
    local at = 0
    return function()
      at = at + 1
      return at <= count and at or nil
    end
  end

  it("is an iterator, a list, and something to show", function()
    local seen = {}
    for number in scope.new_listing("users", numbers(3)) do
      seen[#seen + 1] = number
    end
    assert.same({ 1, 2, 3 }, seen)
    local list = scope.new_listing("users", numbers(3))
    assert.equals(2, list[2])
    assert.is_nil(list.name)
    assert.same({ 1, 2, 3 }, scope.items(list))
    assert.equals("users (3)", tostring(list))
    assert.equals("users", scope.kind(list))
    assert.is_nil(scope.kind {})
    seen = {}
    for number in list do -- also after it was looked at
      seen[#seen + 1] = number
    end
    assert.same({ 1, 2, 3 }, seen)
  end)

  it("stands for all things of a kind as a collection", function()
    local filters = {}
    local users = scope.new_collection("users", function(filter)
      filters[#filters + 1] = filter or "none"
      return scope.new_listing("users", numbers(3))
    end, function(name)
      return "the " .. name
    end)
    assert.equals("the ann", users["ann"])
    assert.equals(3, users[3])
    assert.equals(3, #scope.items(users { disabled = true }))
    local sum = 0
    for number in users do
      sum = sum + number
    end
    for number in users() do
      sum = sum + number
    end
    assert.equals(12, sum)
    assert.same({ "none", { disabled = true }, "none", "none" }, filters)
    assert.equals("users", scope.kind(scope.everything(users)))
    assert.is_nil(scope.everything {})
    assert.is_true(scope.is_many(users))
    assert.is_true(scope.is_many(users()))
    assert.is_false(scope.is_many {})
  end)
end)

describe("repl.scope", function()
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

  it("makes the client when it is used first, and once", function()
    local made = 0
    prompt = at_prompt.new(box, function()
      made = made + 1
      return box:client()
    end)
    prompt:shown("1", "1")
    assert.equals(0, made)
    assert.is_nil(prompt.session:client())
    prompt:shown("client", "lastpass.Client")
    prompt:shown("users[1].email", "@")
    assert.equals(1, made)
    assert.truthy(prompt.session:client())
  end)

  it("tells why there is no client", function()
    prompt = at_prompt.new(box, function()
      return errors.fail(
        "argument",
        "no_profile",
        "there is no configuration",
        { hint = "write it" }
      )
    end)
    for _, text in ipairs { "client", "users", "client:users()", "groups", "plan 'x'" } do
      local outcome = prompt:fails(text, "there is no configuration")
      assert.truthy(outcome.text:find("hint: write it", 1, true))
      assert.equals("no_profile", outcome.err.code)
    end
    assert.is_nil(prompt.session:any_client())
  end)

  it("has the names in scope that it promises", function()
    prompt:shown("users", "30 users")
    prompt:shown("users{ disabled = true }", "disabled")
    prompt:shown("groups", "groups")
    prompt:shown("groups['All Staff']", "All Staff: ")
    prompt:shown("folders", "folder")
    prompt:shown("events{ from = '-7d' }", "event")
    prompt:shown("client:users{ admin = true }", "yes")
    prompt:shown("client:expired_passwords()", "expired password")
    prompt:shown("sandbox", box.url)
    prompt:shown("lastpass._VERSION", require "lastpass.version")
    prompt:shown("plan", "playbook.lua")
    prompt:shown("string.rep('x', 3)", "xxx")
  end)

  it("walks lists with for, in every way that a person may try", function()
    for _, list in ipairs {
      "users",
      "users()",
      "users{}",
      "client:users()",
      "client:snapshot():users()",
    } do
      assert.is_nil(
        prompt:run("count = 0 for user in " .. list .. " do count = count + 1 end").text
      )
      prompt:shown("count", "30")
    end
    prompt:shown("users[1].email == users()[1].email", "true")
  end)

  it("raises what an address finds, as a name cannot return it", function()
    local address = prompt:run("users[1].email").text
    prompt:shown(("users[%q]"):format(address), address)
    prompt:fails("users['nobody@lumenor.example']", "no user nobody@lumenor.example")
  end)
end)
