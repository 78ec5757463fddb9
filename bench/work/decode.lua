-- decode.lua lastpass|cjson FILE: the bytes of a directory in memory, made into something that can be
-- looked into.
local setup = require "bench.work.setup"

local ways = {}

function ways.lastpass(text)
  local rows = require("lastpass.core").snapshot()
  assert(rows:feed(text))
  assert(rows:finish())
  return rows:seal()
end

function ways.cjson(text)
  return require("cjson").decode(text)
end

require(arg[1] == "cjson" and "cjson" or "lastpass.core")
local text = setup.read_file(arg[2])
setup.pass_over(text)
local begin = setup.now()
local value = ways[arg[1]](text)
setup.report("seconds", setup.now() - begin)
assert(value)
