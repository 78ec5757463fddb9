-- Writes the golden transcripts of help: what `lastpass COMMAND --help` prints, for every command,
-- every group, every topic, and for the program as a whole.
-- Usage: lua5.4 spec/cli/golden/make.lua      (in the environment of `make env`)
local transcripts = require "spec.cli.golden.transcripts"

for name, text in pairs(transcripts.all()) do
  local file = assert(io.open(transcripts.path(name), "wb"))
  file:write(text)
  file:close()
end
