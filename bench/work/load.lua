-- load.lua MODULE…: how long it takes to load the modules and to make what sends a request: a client
-- of lastpass, or a handle of lua-curl. The clock is the processor's, for any other would have to be
-- loaded itself.
local begin = os.clock()
local loaded = {}
for _, name in ipairs(arg) do
  loaded[name] = require(name)
end
if loaded.lastpass then
  local lastpass = loaded.lastpass
  lastpass.new { cid = 8771312, provhash = lastpass.secret.value(("0"):rep(64)) }
else
  assert(loaded.curl.easy_init())
end
io.write(("seconds %.6f\n"):format(os.clock() - begin))
