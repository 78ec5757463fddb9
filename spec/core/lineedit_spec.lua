-- Editing itself is seen in a terminal: spec/cli/repl/interactive_spec.lua. Here is what needs none.
local found, lineedit = pcall(require, "lastpass.lineedit")

local interpreter = rawget(_G, "jit") and "luajit" or _VERSION == "Lua 5.1" and "lua5.1" or "lua5.4"

describe("lineedit", function()
  if not found then
    pending "was not built: no libedit"
    return
  end

  it("says that there is no terminal", function()
    local pipe = assert(io.popen(interpreter .. [[ -e '
      local lineedit = require "lastpass.lineedit"
      print(lineedit.open(function() end))' </dev/null]]))
    assert.equals("nil\tthere is no terminal\n", pipe:read "*a")
    pipe:close()
  end)

  it("wants a function for completion", function()
    assert.has_error(function()
      lineedit.open()
    end)
  end)
end)

describe("lineedit in a terminal", function()
  if not found then
    return
  end

  local terminals = require "spec.cli.repl.terminal"
  local path, terminal

  local program = [[
    local lineedit = require "lastpass.lineedit"
    local editor = assert(lineedit.open(function(line, cursor)
      collectgarbage()
      if line == "raise" then error("raised in a completion", 0) end
      if line == "object" then error({}) end
      if line == "odd" then return "x", {}, print end
      if line == "three" then return 3, "drei", "" end
      return 0, "", ("%s %d"):format(line, cursor)
    end))
    print(tostring(editor), pcall(editor.read, editor))
    editor:remember "of old"
    local prompt = "> "
    repeat
      local line, why = editor:read(prompt)
      prompt = line == "prompt" and "b\255é> " or "> "
      print("read", line and line:gsub("é", "<e>") or line, why)
    until not line and why == "end"
    editor:close()
    editor:close()
    print(pcall(editor.read, editor, "> "))
    editor = lineedit.open(print)
  ]]

  before_each(function()
    path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(program)
    file:close()
    terminal = terminals.start(interpreter .. " " .. path)
    terminal:wait_for "\n>"
  end)

  after_each(function()
    terminal:close()
    os.remove(path)
  end)

  it("reads lines, the history's too, and shows what a completion says", function()
    terminal:press "Up"
    terminal:wait_for "> of old"
    terminal:press "Enter"
    terminal:wait_for "read    of old" -- tmux shows the tab as blanks
    terminal:type "hé"
    terminal:press "Tab"
    terminal:wait_for "\nhé 3\n> hé"
    terminal:press "C-c"
    terminal:wait_for "read    nil     interrupted"
    terminal:press "C-d"
    terminal:wait_for "the editor is closed"
    terminal:wait_for "[ended 0]"
  end)

  it("survives what a completion raises or returns", function()
    terminal:type "raise"
    terminal:press "Tab"
    terminal:wait_for "\nraised in a completion\n> raise"
    terminal:press "C-c"
    for _, line in ipairs { "object", "odd" } do
      terminal:type(line)
      terminal:press "Tab"
      terminal:press "Enter"
      terminal:wait_for("read    " .. line)
    end
    terminal:type "three"
    terminal:press "Tab"
    terminal:press "Enter"
    terminal:wait_for "read    thdrei"
  end)

  it("takes a line as long as it is, after a longer one too", function()
    terminal:type(("long "):rep(12))
    terminal:press "Enter"
    terminal:wait_for "read    long"
    terminal:type "béc"
    terminal:press "Tab"
    terminal:wait_for "\nbéc 4\n> béc" -- the bytes before the cursor
    terminal:press "Left"
    terminal:press "Tab"
    terminal:wait_for "\nbéc 3\n> béc"
    terminal:press "Enter"
    terminal:wait_for "read    b<e>c"
  end)

  it("shows any prompt, such as one that is no text of the locale", function()
    terminal:type "prompt"
    terminal:press "Enter"
    terminal:wait_for "\nb?é>"
    terminal:type "x"
    terminal:press "Enter"
    terminal:wait_for "read    x"
  end)
end)
