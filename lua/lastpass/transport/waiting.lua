--- How one waits here: by `lastpass.transport.loop`, and in a request or a timer of nginx by
-- `lastpass.transport.light_threads`. It has what the two have in common: now, sleep, spawn,
-- wait_for_any, can_wait_in_pcall, protected_call, call_without_yield, is_interrupted.
-- @module lastpass.transport.waiting
local phase = require "lastpass.transport.phase"

if phase.name() == nil then
  return require "lastpass.transport.loop"
end

-- One Lua state of nginx starts in init and serves requests later.
return setmetatable({}, {
  __index = function(_, name)
    local room = phase.yields() and "light_threads" or "loop"
    return require("lastpass.transport." .. room)[name]
  end,
})
