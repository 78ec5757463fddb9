-- Reading without libedit: the module is made to be missing.
local terminals = require "spec.cli.repl.terminal"

describe("repl.reader without libedit", function()
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
