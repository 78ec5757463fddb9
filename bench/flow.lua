--- Counts what a reader of the code passes through: the files and functions under lua/ that a command line
-- or a few lines of Lua call, and how often the flow goes from one file to another. Files that are
-- only loaded, or whose body alone runs, are counted apart. First come the files and lines that a script
-- loads which lists users and disables one (bench/thin.lua).
-- Usage: lua5.4 bench/flow.lua                         the flows that are measured always
--        lua5.4 bench/flow.lua lastpass users --admin  one command line, against a sandbox
--        lua5.4 bench/flow.lua -e 'client:users{}'     lines of Lua; client, lastpass and user are given
-- With --list it names the files, and how many functions of each are called.
local PEOPLE = 6

-- ------------------------------------------------------------------ in the process that is measured

local function count(set)
  local number = 0
  for _ in pairs(set) do
    number = number + 1
  end
  return number
end

-- Counts until the function that it returns is called; that gives the figures.
local function start_counting()
  local functions, files, loaded, changes, last = {}, {}, {}, 0, nil
  local function on_call()
    local info = debug.getinfo(2, "S")
    local file = info.source:match "^@.-(lua/lastpass.*)$"
    if not file then
      return
    end
    loaded[file] = true
    if info.what == "main" then
      return
    end
    local name = file .. ":" .. info.linedefined
    if not functions[name] then
      functions[name] = true
      files[file] = (files[file] or 0) + 1
    end
    if last and file ~= last then
      changes = changes + 1
    end
    last = file
  end
  -- every coroutine has a hook of its own
  local create = coroutine.create
  local function hooked(fn)
    local thread = create(fn)
    debug.sethook(thread, on_call, "c")
    return thread
  end
  local function pass_on(ok, ...)
    if not ok then
      error((...), 0)
    end
    return ...
  end
  coroutine.create = hooked -- luacheck: ignore
  coroutine.wrap = function(fn) -- luacheck: ignore
    local thread = hooked(fn)
    return function(...)
      return pass_on(coroutine.resume(thread, ...))
    end
  end
  debug.sethook(on_call, "c")
  return function()
    debug.sethook()
    return {
      files = files,
      loaded = count(loaded),
      functions = count(functions),
      changes = changes,
    }
  end
end

local function write_figures(path, figures)
  local file = assert(io.open(path, "w"))
  file:write(("%d %d %d\n"):format(figures.loaded, figures.functions, figures.changes))
  for name, functions in pairs(figures.files) do
    file:write(("%s %d\n"):format(name, functions))
  end
  file:close()
end

local function run_command(path, words)
  local stop
  local exit = os.exit
  os.exit = function(code) -- luacheck: ignore
    write_figures(path, stop())
    exit(code)
  end
  arg = words -- luacheck: ignore
  words[0] = "bin/lastpass"
  local program = assert(loadfile "bin/lastpass")
  stop = start_counting()
  program()
end

local function run_lines(path, text)
  lastpass = require "lastpass" -- luacheck: ignore
  client = assert(lastpass.connect()) -- luacheck: ignore
  for one in client:users { status = "active" } do -- luacheck: ignore
    user = user or one -- luacheck: ignore
  end
  local lines = assert(load(text, "=lines"))
  local stop = start_counting()
  lines()
  write_figures(path, stop())
end

if arg[1] == "--measured" then
  local path, kind = arg[2], arg[3]
  if kind == "-e" then
    return run_lines(path, arg[4])
  end
  return run_command(path, { table.unpack(arg, 4) })
end

-- ------------------------------------------------------------------ the parent

local function shell_word(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read_file(path)
  local file = io.open(path)
  local text = file and file:read "*a" or ""
  if file then
    file:close()
  end
  return text
end

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder))

-- A sandbox in a process of its own: what it does is not counted.
local function start_sandbox()
  local where = folder .. "/where.json"
  local pipe = assert(
    io.popen(
      ("lua5.4 bin/lastpass sandbox --users %d </dev/null >%s & echo $!"):format(PEOPLE, where)
    )
  )
  local pid = pipe:read "*l"
  pipe:close()
  for _ = 1, 200 do
    local url, cid = read_file(where):match '"url":"([^"]+)"', read_file(where):match '"cid":(%d+)'
    local hash = read_file(where):match '"provhash_file":"([^"]+)"'
    if url and cid and hash then
      return pid,
        ("lua5.4 bench/thin.lua %s %s %s"):format(cid, url, hash),
        ("LASTPASS_URL=%s LASTPASS_CID=%s LASTPASS_PROVHASH_FILE=%s LASTPASS_JOURNAL=%s"):format(
          url,
          cid,
          hash,
          folder .. "/journal.db"
        )
    end
    os.execute "sleep 0.05"
  end
  error "the sandbox did not start"
end

local function measure(environment, words)
  local path = folder .. "/figures"
  local quoted = {}
  for position, word in ipairs(words) do
    quoted[position] = shell_word(word)
  end
  local ok = os.execute(
    (
      "%s LASTPASS_CONFIG= HOME="
      .. folder
      .. " XDG_CONFIG_HOME= lua5.4 bench/flow.lua --measured %s %s >%s 2>&1 </dev/null"
    ):format(environment, path, table.concat(quoted, " "), folder .. "/output")
  )
  if not ok then
    error(read_file(folder .. "/output"), 0)
  end
  local lines = read_file(path):gmatch "[^\n]+"
  local loaded, functions, changes = lines():match "(%d+) (%d+) (%d+)"
  local files = {}
  for line in lines do
    files[#files + 1] = line
  end
  table.sort(files)
  return { files = files, loaded = loaded, functions = functions, changes = changes }
end

local function show(title, figures, with_list)
  print(
    ("%-32s %3d files (%d with those only loaded) %4d functions %5d changes of file"):format(
      title,
      #figures.files,
      figures.loaded,
      figures.functions,
      figures.changes
    )
  )
  if with_list then
    print("   " .. table.concat(figures.files, "\n   "))
  end
end

local function show_loaded(script)
  local pipe = assert(io.popen(script))
  local loaded, lines = pipe:read("*n", "*n")
  pipe:close()
  print(("%-32s %3d files %5d lines loaded"):format("list users, disable one", loaded, lines))
end

local ROW = [[
local hr = source.csv "%s"
for person in hr:rows() do
  user(person.email) { fullname = person.name }
end
]]

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function usual_flows()
  for _, name in ipairs { "ann", "bob" } do
    write(name .. ".csv", ("email,name\n%s@lumenor.example,%s\n"):format(name, name))
    write(name .. ".lua", ROW:format(folder .. "/" .. name .. ".csv"))
  end
  local plan = ("assert(client:plan '%s/ann.lua')"):format(folder)
  return {
    { "user:disable()", "-e", "assert(user:disable())" },
    { "lastpass users", "lastpass", "users" },
    { "plan and apply one row, in Lua", "-e", ("assert(client:apply(%s))"):format(plan) },
    { "lastpass apply of one row", "lastpass", "apply", folder .. "/bob.lua", "--yes" },
  }
end

local words, with_list = {}, false
for _, word in ipairs(arg) do
  if word == "--list" then
    with_list = true
  else
    words[#words + 1] = word
  end
end
local pid, thin_script, environment = start_sandbox()
local ok, message = pcall(function()
  if #words > 0 then
    return show(table.concat(words, " "), measure(environment, words), with_list)
  end
  show_loaded(thin_script)
  for _, flow in ipairs(usual_flows()) do
    show(flow[1], measure(environment, { table.unpack(flow, 2) }), with_list)
  end
end)
os.execute("kill " .. pid)
os.execute("rm -rf " .. folder)
if not ok then
  io.stderr:write(tostring(message), "\n")
  os.exit(1)
end
