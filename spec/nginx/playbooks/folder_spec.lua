-- The files of a folder of playbooks.
local folder_room = require "lastpass.nginx.playbooks.folder"

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

describe("lastpass.nginx.playbooks.folder", function()
  local path, folder

  before_each(function()
    local pipe = io.popen "mktemp -d"
    path = pipe:read "*l"
    pipe:close()
    folder = folder_room.new(path .. "/")
  end)

  after_each(function()
    os.execute("rm -rf " .. path)
  end)

  it("takes a text when two looks have read the same", function()
    write(path .. "/a.lua", "one")
    assert.same({}, folder:look())
    assert.same({ ["a.lua"] = "one" }, folder:look())
    write(path .. "/a.lua", "onetwo") -- half of "onetwothree"
    assert.same({ ["a.lua"] = "one" }, folder:look())
    write(path .. "/a.lua", "onetwothree")
    assert.same({ ["a.lua"] = "one" }, folder:look())
    assert.same({ ["a.lua"] = "onetwothree" }, folder:look())
  end)

  it("sees a change of the same length within the same second", function()
    write(path .. "/a.lua", "one")
    folder:look()
    folder:look()
    write(path .. "/a.lua", "two")
    folder:look()
    assert.same({ ["a.lua"] = "two" }, folder:look())
  end)

  it("looks at Lua files only, and forgets those that are gone", function()
    for _, name in ipairs { "b.lua", "a.lua", ".hidden.lua", "notes.txt", "c.lua~" } do
      write(path .. "/" .. name, name)
    end
    os.execute("mkdir " .. path .. "/folder.lua")
    folder:look()
    assert.same({ ["a.lua"] = "a.lua", ["b.lua"] = "b.lua" }, folder:look())
    os.remove(path .. "/a.lua")
    assert.same({ ["b.lua"] = "b.lua" }, folder:look())
  end)

  it("fails where there is no folder", function()
    local texts, message, err = folder_room.new(path .. "/none"):look()
    assert.is_nil(texts)
    assert.equal("no_folder", err.code)
    assert.matches(path .. "/none", message, 1, true)
  end)

  it("takes no file that nobody wrote by hand", function()
    write(path .. "/a.lua", ("-"):rep(1024 * 1024 + 1))
    folder:look()
    assert.same({}, folder:look())
  end)
end)
