--- Lets other requests of this worker run, when this one has run for a millisecond. To be called between
-- pieces of work, where one may wait: requests, timers. (Debian's nginx has no patch for ngx.sleep(0).)
-- @module lastpass.nginx.pause
local LONGEST, SHORTEST_SLEEP = 0.001, 0.001 -- seconds

local resumed = 0

return function()
  ngx.update_time()
  if ngx.now() - resumed >= LONGEST then
    ngx.sleep(SHORTEST_SLEEP)
    resumed = ngx.now()
  end
end
