-- The Lua side is written in the 5.1 subset; what newer versions add is reached through rawget.
std = "min"
max_line_length = 100
read_globals = { "table.unpack", "math.tointeger", "math.type" }
exclude_files = { "build/" }
files["spec"] = { std = "+busted", read_globals = { "table.unpack", "math.type", "jit", "utf8" } }
files["**/*.rockspec"] = { std = "+rockspec" }
files["lua/lastpass/transport/loop.lua"] = { read_globals = { "table.maxn" } }
files["examples"] = { max_line_length = 120 }
