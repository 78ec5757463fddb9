-- Whatever is raised in a playbook is told with its place there.
local companies = require "spec.support.companies"
local errors = require "lastpass.error"
local playbook = require "lastpass.plan.playbook"
local time = require "lastpass.time"

local options = { zone = assert(time.zone "America/New_York"), now = companies.NOW }

describe("lastpass.plan.mistakes", function()
  local folder

  setup(function()
    local pipe = assert(io.popen "mktemp -d")
    folder = pipe:read "*l" .. "/" .. ("long"):rep(20)
    pipe:close()
    os.execute("mkdir " .. folder)
  end)

  teardown(function()
    os.execute("rm -rf '" .. folder:match "^(.*)/" .. "'")
  end)

  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  local function mistake(text)
    write("playbook.lua", text)
    local declared, message, err = playbook.run(folder .. "/playbook.lua", options)
    assert.is_nil(declared)
    assert.equal("playbook_mistake", err.code)
    assert.equal(folder .. "/playbook.lua", err.file)
    return message, err.line
  end

  it("have the line also in a long path, a function and a file beside it", function()
    write("helper.lua", "local M = {}\nfunction M.add(a)\n  user(a) { x = 1 }\nend\nreturn M")
    for text, expected in pairs {
      ["\n\nuser 'ann@acme.com' { x = 1 }"] = { "playbook.lua", 3 },
      ["\nreturn user 'ann@acme.com' { x = 1 }"] = { "playbook.lua" },
      ["local function f()\n  user 'a@b.c' { x = 1 }\nend\nf()"] = { "playbook.lua", 2 },
      ["\nrequire('helper').add 'ann@acme.com'"] = { "helper.lua", 3 },
      ["\nerror { message = 'own' }"] = { "playbook.lua", 2 },
      ["\nerror()"] = { "playbook.lua", 2 },
      ["\nerror({})"] = { "playbook.lua", 2 },
      ["\nerror('bare', 0)"] = { "playbook.lua", 2 },
      ["\n\nlocal x = ('x'):rep(-1) .. nil"] = { "playbook.lua", 3 },
      ["\nstring.rep()"] = { "playbook.lua", 2 },
    } do
      local message, line = mistake(text)
      assert.is_truthy(message:find(expected[1], 1, true), text .. ": " .. message)
      assert.equal(expected[2], line, text .. ": " .. message)
      assert.is_nil(message:find("lastpass/plan", 1, true), message)
    end
  end)

  it("are told of functions as well, wherever they called", function()
    local function helper()
      error "deep"
    end
    local _, message, err = playbook.run(function(p)
      p.user "ann@acme.com" {}
      helper()
    end, options)
    assert.matches("mistakes_spec.lua:%d+: deep", message)
    assert.is_number(err.line)
    _, message = playbook.run(function()
      errors.raise(1, "odd")
    end, options)
    assert.matches("mistakes_spec.lua:%d+: odd", message)
  end)

  it("are raised by the words that do not exist, in functions too", function()
    local _, message = playbook.run(function(p)
      p.usr "ann@acme.com" {}
    end, options)
    assert.matches("there is no 'usr' in a playbook (did you mean 'user'?)", message, 1, true)
  end)
end)
