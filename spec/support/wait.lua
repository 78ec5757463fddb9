-- Waiting for what another process does.
local socket = require "socket"

--- Waits until a question is answered with something true; gives it.
return function(what, question, seconds)
  local ends_at = socket.gettime() + (seconds or 60)
  repeat
    local answer = question()
    if answer then
      return answer
    end
    socket.sleep(0.02)
  until socket.gettime() > ends_at
  error("waited in vain for " .. what, 2)
end
