-- tab.lua FILE: the first Tab at the prompt, when the directory is at hand: reading it is the network's
-- time.
local names = require "lastpass.cli.repl.names"
local setup = require "bench.work.setup"

local snapshot = setup.snapshot(arg[1])
local client = {}

function client.with()
  return client
end

function client.snapshot()
  return snapshot
end

local all = names.new(function()
  return client
end)
local begin = setup.now()
local found = assert(all:words()):starting_with("d", 60)
setup.report("seconds", setup.now() - begin)
assert(#found > 0)
