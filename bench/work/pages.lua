-- pages.lua URL CA: reads a directory in pages, several under way.
local setup = require "bench.work.setup"

local client = setup.client(arg[1], arg[2], { max_bytes = 4 * 1024 * 1024 * 1024 })
local begin = setup.now()
local users = assert(client:snapshot()):count()
setup.report("seconds", setup.now() - begin)
setup.report("users", users)
