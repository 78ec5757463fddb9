-- An interpreter for specs: runs busted inside a request of a real nginx (LuaJIT), where waiting means
-- yielding. Usage: lua5.4 spec/support/in_nginx.lua /usr/bin/busted [busted's arguments] FILE
-- What the specs print, and whether they end well, is as if they ran in a program of their own.
local nginx = require "spec.support.nginx"

-- busted ends its program; a worker must live on.
local PROGRAM = [==[
  local words, ended = { [-1] = "luajit", [0] = "busted" }, {}
  for word in ngx.req.get_body_data():gmatch "[^\n]+" do
    words[#words + 1] = word
  end
  arg = words
  os.exit = function(code)
    ended.code = (code == true or code == nil) and 0 or code == false and 1 or code
    error(ended)
  end
  io.stdout:setvbuf "full"
  local ok, message = pcall(function()
    require "busted.runner" { standalone = false }
  end)
  io.stdout:flush()
  if not ok and message ~= ended then
    ngx.say("1\n", tostring(message))
  else
    ngx.say(ended.code or 0)
  end
]==]

local words = {}
for place = 2, #arg do -- the first one is busted itself
  words[#words + 1] = arg[place]
end

local tree = os.getenv "PWD"
local server = nginx.start {
  -- for programs that specs start
  env = {
    LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua;;"):format(tree, tree, tree),
    LUA_CPATH = tree .. "/build/5.1/?.so;;",
    PWD = tree,
    HOME = os.getenv "HOME",
  },
  main = "thread_pool lastpass threads=32;",
  http = "lua_worker_thread_vm_pool_size 32; lua_shared_dict lastpass_limits 1m;",
  server = "client_body_buffer_size 64k; lua_need_request_body on; "
    .. "location = /run { content_by_lua_file run.lua; }",
  files = { ["run.lua"] = PROGRAM },
}
local status, answer = server:get("/run", {
  method = "POST",
  body = table.concat(words, "\n"),
  headers = { ["content-length"] = #table.concat(words, "\n") },
})
local file = assert(io.open(server.directory .. "/logs/out"))
io.write(file:read "*a")
file:close()
if status ~= 200 or answer:match "^%d+" ~= "0" then
  io.write(answer, "\n")
end
local log = server:log()
server:stop()
if status ~= 200 then
  io.write(log, "\n")
end
os.exit(status == 200 and tonumber(answer:match "^%d+") or 1)
