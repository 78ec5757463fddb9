-- Runs once: starts the program, which is the same under every interpreter.
-- The prompt in a real terminal.
local interactive = require "lastpass.cli.repl.interactive"
local terminals = require "spec.cli.repl.terminal"

describe("repl.interactive.page", function()
  -- Shows lines 1 to `count` on a screen; gives what was written, and how often a key was read.
  local function show(count, keys, size)
    local lines, written, asked = {}, {}, 0
    for index = 1, count do
      lines[index] = "line " .. index
    end
    interactive.page(table.concat(lines, "\n"), {
      write = function(piece)
        written[#written + 1] = piece
      end,
      size = function()
        if size ~= false then
          return 20, 5
        end
      end,
      key = keys and function()
        asked = asked + 1
        return keys:sub(asked, asked) ~= "" and keys:sub(asked, asked) or nil
      end,
    })
    return table.concat(written), asked
  end

  it("writes short text, and everything where nobody can press a key", function()
    assert.equals("line 1\nline 2\n", (show(2, "")))
    local text, asked = show(4, "")
    assert.equals(0, asked)
    assert.truthy(text:find "line 4\n$")
    assert.truthy(show(50, nil):find "line 50\n$")
    text, asked = show(50, "q", false)
    assert.truthy(text:find "line 50\n$")
    assert.equals(0, asked)
  end)

  it("goes on a screen with space, a line with return, and leaves with q", function()
    local text, asked = show(12, " \nq")
    assert.equals(3, asked)
    assert.truthy(text:find("-- 4 of 12 lines", 1, true), text)
    assert.truthy(text:find("-- 8 of 12 lines", 1, true), text)
    assert.truthy(text:find("-- 9 of 12 lines", 1, true), text)
    assert.truthy(text:find "… 3 more lines\n$", text)
    assert.is_nil(text:find("line 10", 1, true))
    text, asked = show(9, "  ")
    assert.equals(2, asked)
    assert.truthy(text:find "line 9\n$")
  end)

  it("leaves on Ctrl-C, Ctrl-D, escape and the end of input", function()
    for _, keys in ipairs { "\3", "\4", "\27", "" } do
      local text, asked = show(12, keys)
      assert.equals(1, asked)
      assert.truthy(text:find "… 8 more lines\n$", text)
    end
  end)

  it("counts lines that are wider than the screen as often as they are", function()
    local written = {}
    local keys = 0
    interactive.page(("x"):rep(70) .. "\nlast\nreally last", {
      write = function(piece)
        written[#written + 1] = piece
      end,
      size = function()
        return 20, 5
      end,
      key = function()
        keys = keys + 1
        return " "
      end,
    })
    assert.equals(1, keys)
    assert.truthy(table.concat(written):find "really last\n$")
  end)
end)

-- Reading without libedit: the module is made to be missing.
describe("repl.interactive without libedit", function()
  local terminal

  after_each(function()
    terminal:close()
  end)

  it("says so, reads plain lines, and is interrupted and ended by the same keys", function()
    local missing = "package.preload[ [[lastpass.lineedit]] ] = function() error [[none]] end"
    terminal = terminals.start(
      ("lua5.4 -e '%s' spec/cli/repl/prompt.lua"):format(missing:gsub("'", "")),
      { rows = 10, environment = { XDG_STATE_HOME = "/proc/none" } }
    )
    terminal:wait_for "(no line editing: built without libedit)\nsandbox>"
    terminal:enter "1 + 1"
    terminal:wait_for "\n2\nsandbox>"
    terminal:type "half a line"
    terminal:press "C-c"
    terminal:wait_for "half a line^C\nsandbox>"
    terminal:enter "users"
    terminal:wait_for(function(screen)
      return screen:find "users\nsandbox>$"
    end)
    terminal:press "C-d"
    terminal:wait_for "[ended 0]"
  end)
end)

local COMMAND = "lua5.4 spec/cli/repl/prompt.lua"
local PROMPT = "sandbox>"

local state, terminal

local function start(options)
  options = options or {}
  options.environment = { XDG_STATE_HOME = state, LUA_PATH = nil }
  terminal = terminals.start(COMMAND, options)
  terminal:wait_for(PROMPT)
  return terminal
end

local function ends_with_prompt(screen)
  return screen:find("\nsandbox>$") ~= nil
end

describe("the prompt in a terminal", function()
  setup(function()
    state = os.tmpname()
    os.remove(state)
    state = state .. ".d"
  end)

  teardown(function()
    os.execute("rm -rf '" .. state .. "'")
  end)

  after_each(function()
    terminal:close()
  end)

  it("shows an expression without return, and a table of users", function()
    start():enter "1 + 1"
    terminal:wait_for "\n2\n"
    terminal:enter "users{ disabled = true }"
    local screen = terminal:wait_for "users\nsandbox>"
    assert.truthy(screen:find("email +name +status"), screen)
    assert.truthy(screen:find("disabled", 1, true), screen)
  end)

  it("takes input of several lines, and gives it back from the history in one piece", function()
    start():enter "for i = 1, 2 do"
    terminal:wait_for "      >>"
    terminal:enter "print('line ' .. i)"
    terminal:enter "end"
    terminal:wait_for "line 1\nline 2\nsandbox>"
    terminal:press "C-l"
    terminal:press "Up"
    terminal:wait_for "sandbox> for i = 1, 2 do\nprint('line ' .. i)\nend"
    terminal:press "Enter"
    terminal:wait_for "line 1\nline 2\nsandbox>"
  end)

  it("completes names, methods, options, and addresses inside quotes", function()
    start():type "cli"
    terminal:press "Tab"
    terminal:wait_for "sandbox> client"
    terminal:type ":expired_"
    terminal:press "Tab"
    terminal:wait_for "client:expired_passwords"
    terminal:press "C-c"
    terminal:type "users{ dis"
    terminal:press "Tab"
    terminal:wait_for "users{ disabled ="
    terminal:press "C-c"
    terminal:type 'users["daniela'
    terminal:press "Tab"
    terminal:wait_for 'users["daniela.wallin@lumenor.example"'
    terminal:press "C-c"
    terminal:type 'groups["Eng'
    terminal:press "Tab"
    terminal:wait_for 'groups["Engineering"'
    terminal:press "C-c"
    terminal:type 'x = "d'
    terminal:press "Tab"
    terminal:wait_for "darius.bianchi@lumenor.example"
    terminal:wait_for 'sandbox> x = "d'
  end)

  it("drops the line on Ctrl-C, and ends on Ctrl-D", function()
    start():type "this is no Lua"
    terminal:press "C-c"
    terminal:wait_for "this is no Lua^C\nsandbox>"
    terminal:enter "if true then"
    terminal:wait_for "      >>"
    terminal:press "C-c"
    terminal:enter "'still ' .. 'there'"
    terminal:wait_for "still there\nsandbox>"
    terminal:press "C-d"
    terminal:wait_for "[ended 0]"
  end)

  it("interrupts a call that waits, and says what is not known", function()
    start():enter 'sandbox:faults{ command = "disableuser", delay = 30 }'
    terminal:wait_for(ends_with_prompt)
    terminal:enter 'r, m, e = client:disableuser{ "ann@lumenor.example" } done = true'
    terminal:wait_for "\non its way"
    os.execute "sleep 0.3" -- the hook that said so is the user's own code, which would be stopped
    terminal:press "C-c"
    terminal:wait_for(ends_with_prompt)
    terminal:enter "r, e.kind, e.code, e.uncertain"
    terminal:wait_for "nil\ncancelled\ninterrupted\ntrue"
    terminal:press "C-l"
    terminal:enter 'client:disableuser{ "ann@lumenor.example" }'
    terminal:wait_for "\non its way"
    os.execute "sleep 0.3" -- the hook that said so is the user's own code, which would be stopped
    terminal:press "C-c"
    terminal:wait_for "it is not known whether the change was made"
    terminal:enter "client:snapshot():count()"
    terminal:wait_for "\n60\nsandbox>"
  end)

  it("interrupts a loop, and one that waits again and again", function()
    start():enter "while true do end"
    terminal:wait_for "while true do end"
    terminal:press "C-c"
    terminal:wait_for "interrupted\nsandbox>"
    terminal:press "C-l"
    terminal:enter 'sandbox:faults{ command = "getuserdata", delay = 0.2 }'
    terminal:wait_for(ends_with_prompt)
    terminal:enter "for i = 1, 1000 do client:snapshot() end"
    terminal:wait_for "1000 do"
    terminal:press "C-c"
    terminal:wait_for "interrupted\nsandbox>"
  end)

  it("ends when it is terminated while something runs, and puts the terminal right", function()
    start():enter "print(io.open('/proc/self/stat'):read '*n') while true do end"
    local screen = terminal:wait_for(function(text)
      return text:find "\n%d+$"
    end)
    os.execute("kill -TERM " .. screen:match "\n(%d+)$")
    terminal:wait_for "[ended 130]"
  end)

  it("takes signals from elsewhere while a line is edited", function()
    start():enter "print(io.open('/proc/self/stat'):read '*n')"
    local id = terminal
      :wait_for(function(text)
        return text:find "\n%d+\nsandbox>$"
      end)
      :match "\n(%d+)\nsandbox>$"
    terminal:type "half a line"
    terminal:wait_for "half a line"
    os.execute("kill -INT " .. id)
    terminal:press "C-c"
    terminal:wait_for(ends_with_prompt)
    terminal:enter "'still ' .. 'here'"
    terminal:wait_for "still here\nsandbox>"
    terminal:type "another half"
    terminal:wait_for "another half"
    os.execute("kill -TERM " .. id)
    terminal:wait_for "[ended 130]"
  end)

  it("stops and goes on, with the line that was begun", function()
    terminal = terminals.start("bash --norc -i", {
      environment = { XDG_STATE_HOME = state, PS1 = "shell$ " },
    })
    terminal:wait_for "shell$"
    terminal:enter(COMMAND)
    terminal:wait_for(PROMPT)
    terminal:type "'still ' .."
    terminal:wait_for "'still ' .."
    terminal:press "C-z"
    terminal:wait_for "Stopped"
    terminal:enter "stty -a | grep -o ' icanon'"
    terminal:wait_for "\n icanon"
    terminal:enter "fg"
    terminal:wait_for "prompt.lua\nsandbox> 'still ' .."
    terminal:enter " 'here'"
    terminal:wait_for "still here\nsandbox>"
    terminal:press "C-z" -- and again
    terminal:wait_for "Stopped"
    terminal:enter "fg"
    terminal:wait_for(ends_with_prompt)
    terminal:press "C-d"
    terminal:wait_for "shell$"
  end)

  it("pages what is longer than the screen", function()
    start({ rows = 12 }):enter "users"
    terminal:wait_for "-- 11 of "
    terminal:press "Space"
    terminal:wait_for "-- 22 of "
    terminal:press "Enter"
    terminal:wait_for "-- 23 of "
    terminal:press "q"
    local screen = terminal:wait_for "more lines\nsandbox>"
    assert.is_nil(screen:find("-- 23 of", 1, true), screen)
  end)

  it("follows the terminal when it is resized", function()
    start({ columns = 120 }):enter "users[1].email"
    terminal:wait_for(ends_with_prompt)
    terminal:type(("x"):rep(70))
    terminal:resize(60, 30)
    terminal:type "yz"
    -- 9 columns of the prompt and 51 letters fill a row of 60
    local folded = "sandbox> " .. ("x"):rep(51) .. "\n" .. ("x"):rep(19) .. "yz"
    local shown = terminal:wait_for(folded)
    assert.truthy(shown:find("\n" .. folded, 1, true), "painted over, not below: " .. shown)
    terminal:press "C-a" -- editing knows the new width
    terminal:type "ab"
    terminal:wait_for("sandbox> ab" .. ("x"):rep(49) .. "\n" .. ("x"):rep(21) .. "yz")
    terminal:resize(90, 6)
    terminal:press "C-e"
    terminal:type "!"
    terminal:wait_for("sandbox> ab" .. ("x"):rep(70) .. "yz!")
    terminal:resize(60, 30)
    terminal:press "C-c"
    terminal:enter "users{ admin = true }"
    local screen = terminal:wait_for "users\nsandbox>"
    for line in screen:gmatch "[^\n]+" do
      assert.truthy(#line <= 60 or line:find "[\128-\255]", line)
    end
    assert.is_nil(screen:find("last login", 1, true), screen)
  end)

  it("asks for a secret without echo, and keeps no secret in the history", function()
    start():enter 's = lastpass.secret.prompt "Hash: "'
    terminal:wait_for "\nHash:"
    terminal:type "hunter2hunter2"
    terminal:press "Enter"
    local screen = terminal:wait_for(ends_with_prompt)
    assert.is_nil(screen:find("hunter2", 1, true), screen)
    terminal:enter "s"
    terminal:wait_for "lastpass.secret (hidden)"
    terminal:enter 's = lastpass.secret.prompt "Again: "'
    terminal:wait_for "\nAgain:"
    terminal:press "C-c"
    terminal:wait_for "sandbox>"
    terminal:enter 'lastpass.secret.value "swordfish"'
    terminal:enter "p = { password = 'swordfish' }"
    terminal:enter "p"
    screen = terminal:wait_for "password = (hidden)"
    assert.truthy(screen)
    terminal:press "C-d"
    terminal:wait_for "[ended 0]"
    local file = assert(io.open(state .. "/lastpass/repl_history"))
    local text = file:read "*a"
    file:close()
    assert.is_nil(text:find("swordfish", 1, true), text)
    assert.truthy(text:find("Again", 1, true), text)
    local pipe = io.popen("stat -c %a '" .. state .. "/lastpass/repl_history'")
    assert.equals("600\n", pipe:read "*a")
    pipe:close()
  end)

  it("remembers from session to session", function()
    start():enter "answer = 42 -- of the first session"
    terminal:wait_for(ends_with_prompt)
    terminal:press "C-d"
    terminal:wait_for "[ended 0]"
    terminal:close()
    start():press "Up"
    terminal:wait_for "sandbox> answer = 42 -- of the first session"
  end)
end)
