-- load.lua MODULE…: how long `require` takes. The clock is the processor's, for any other would
-- have to be loaded itself.
local begin = os.clock()
for _, name in ipairs(arg) do
  require(name)
end
io.write(("seconds %.6f\n"):format(os.clock() - begin))
