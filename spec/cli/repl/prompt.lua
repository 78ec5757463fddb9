-- What the specs start in a terminal: the prompt over a sandbox, without the rest of the program.
-- It is a program of Lua 5.4 whatever runs the specs.
package.cpath = "build/5.4/?.so;" .. package.cpath
local lastpass = require "lastpass"

local options = { users = 60, seed = 1 }
local box = assert(lastpass.sandbox.start(options))
local _, signal = require("lastpass.cli.repl").run {
  name = "sandbox",
  box = box,
  sandbox = options,
  connect = function()
    return box:client {
      on_request = function(request)
        if request.command == "disableuser" then
          print "on its way" -- for who wants to interrupt it
        end
      end,
    }
  end,
}
box:stop()
os.exit(signal and 130 or 0)
