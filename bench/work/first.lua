-- first.lua URL CA: one call, and nothing else.
local lastpass = require "lastpass"

local client = lastpass.new {
  cid = 8771312,
  provhash = lastpass.secret.value(("0"):rep(64)),
  url = arg[1],
  ca_file = arg[2],
}
assert(client:reinviteuser { username = "ann@acme.com" })
