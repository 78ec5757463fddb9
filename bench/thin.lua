--- Lists users and disables one, then tells how many files of lua/lastpass that loaded, and their lines.
-- Usage: lua5.4 bench/thin.lua ACCOUNT URL HASH-FILE   of a sandbox in another process
local lastpass = require "lastpass"

local cid, url, hash_file = arg[1], arg[2], arg[3]
local client = lastpass.new {
  cid = cid,
  url = url,
  provhash = assert(lastpass.secret.file(hash_file)),
}
local address
for user in client:users() do
  if user.status == "active" and not user.admin then
    address = user.email
  end
end
assert(assert(client:user(address)):disable())

local function open_module(name)
  for template in package.path:gmatch "[^;]+" do
    local file = io.open((template:gsub("%?", (name:gsub("%.", "/")))))
    if file then
      return file
    end
  end
  return nil -- one in C
end

local files, lines = 0, 0
for name in pairs(package.loaded) do
  local is_ours = name == "lastpass" or name:find "^lastpass%."
  local file = is_ours and open_module(name)
  if file then
    files = files + 1
    for _ in file:lines() do
      lines = lines + 1
    end
    file:close()
  end
end
print(files, lines)
