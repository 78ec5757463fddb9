-- read.lua WAY URL CA WARM: reads a directory from the server, in one of three ways. WARM is
-- called first where the connection is to stand already.
local setup = require "bench.work.setup"

local way, url, ca_file, warm = arg[1], arg[2], arg[3], arg[4]
local options = { max_bytes = 4 * 1024 * 1024 * 1024 }
local ways = {}

-- Everybody, kept, in pages.
function ways.pages(client)
  return assert(client:snapshot()):count()
end

-- Everybody, kept, from one body.
function ways.body(client)
  return #assert(require("lastpass.enterprise.pages").fetch(client, nil))
end

-- Everybody, one after the other, from one body, nobody kept.
function ways.stream(client)
  local count = 0
  for user in client:users { stream = true } do
    count = count + (user.status ~= "invited" and 1 or 0)
  end
  return count
end

local client = setup.client(url, ca_file, options)
if warm then
  assert(setup.client(warm, ca_file):reinviteuser { username = "ann@acme.com" })
end
local begin = setup.now()
local users = ways[way](client)
setup.tell("seconds", setup.now() - begin)
setup.tell("users", users)
