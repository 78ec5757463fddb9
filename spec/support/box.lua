--- A sandbox for a spec file, and what specs do with it.
local lastpass = require "lastpass"
local limiter = require "lastpass.limiter"

local M = {}

--- Starts a sandbox whose clock stands.
function M.start(options)
  local merged = { users = 200, seed = 1, frozen = true }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  return assert(lastpass.sandbox.start(merged))
end

--- Back to how it started, the limiters of this process included.
function M.reset(box)
  assert(box:reset())
  for _, one in ipairs { limiter.of(box.url, box.cid), limiter.of(box.scim_url) } do
    one._blocked_until, one._next, one._learned, one._portion = 0, {}, nil, nil
  end
end

--- The next answer to a command (once, or `count` times) has this body.
function M.inject(box, command, body, more)
  local rule = { command = command, body = body, count = 1 }
  for name, value in pairs(more or {}) do
    rule[name] = value
  end
  assert(box:faults(rule))
end

--- How many requests of a command (default any) the server got.
function M.requests(box, command)
  return #assert(box:journal { command = command })
end

--- Forgets the requests that the server got.
function M.reset_journal(box)
  assert(box:control("DELETE", "journal"))
end

--- One person as the sandbox has them.
function M.person(box, email)
  return assert(box:state { email = email })
end

return M
