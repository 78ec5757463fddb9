-- The Lua side is written in the 5.1 subset; the few functions of newer versions are named here.
std = "lua51"
max_line_length = 100
max_comment_line_length = 130
read_globals = { "table.unpack", "math.tointeger", "math.type" }
exclude_files = { "build/", "docs/lastpass.d.lua" }
files["spec"] = { std = "+busted", read_globals = { "table.unpack", "math.type", "jit", "utf8" } }
files["**/*.rockspec"] = { std = "+rockspec" }
files["examples"] = { max_line_length = 120 }
