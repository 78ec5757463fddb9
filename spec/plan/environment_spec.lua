-- What a playbook sees, and how its text is loaded.
local environment = require "lastpass.plan.environment"

local function load_text(text, words)
  local made = environment.new(words or {}, { folder = "/nowhere/" })
  local fn, message = environment.load(made, text, "@playbook.lua")
  if not fn then
    return nil, message
  end
  return fn()
end

describe("lastpass.plan.environment", function()
  it("has the words, the library without what acts, and nothing else", function()
    assert.equal(5, load_text("return word", { word = 5 }))
    assert.is_true(load_text "return os.execute == nil and os.time ~= nil and io.popen == nil")
    assert.is_true(load_text "return _G.string == string and rawget(_G, 'dofile') == nil")
    local ok, message = pcall(load_text, "\nreturn dofile")
    assert.is_false(ok)
    assert.matches("there is no 'dofile' in a playbook", message, 1, true)
  end)

  it("keeps its globals to itself", function()
    load_text "leaked = 1 string_of = string"
    assert.is_nil(rawget(_G, "leaked"))
  end)

  it("takes a mark of byte order and a first line for the shell", function()
    assert.equal(2, load_text "#!/usr/bin/lua\nreturn 2")
    assert.equal(3, load_text "\239\187\191return 3")
    assert.equal(4, load_text "\239\187\191#!/usr/bin/lua\nreturn 4")
    local _, message = load_text "#!/usr/bin/lua\nreturn = 2"
    assert.matches("playbook.lua:2:", message)
  end)

  it("takes no compiled Lua", function()
    local fn, message = load_text(string.dump(function() end))
    assert.is_nil(fn)
    assert.equal("playbook.lua:1: is compiled Lua; a playbook is text", message)
  end)

  it("says why a file cannot be read", function()
    local text, message = environment.read_file "/nowhere/playbook.lua"
    assert.is_nil(text)
    assert.matches("/nowhere/playbook.lua", message)
    assert.is_nil((environment.read_file "/tmp"))
  end)

  it("does not require in a circle", function()
    local pipe = assert(io.popen "mktemp -d")
    local folder = pipe:read "*l" .. "/"
    pipe:close()
    local file = assert(io.open(folder .. "one.lua", "w"))
    file:write 'require "one"'
    file:close()
    local made = environment.new({}, {
      folder = folder,
      add_chunk = function(_, path)
        return "@" .. path
      end,
    })
    local ok, message = pcall(made.require, "one")
    os.execute("rm -r " .. folder)
    assert.is_false(ok)
    assert.matches("one.lua:1: require: 'one' requires itself", message, 1, true)
  end)
end)
