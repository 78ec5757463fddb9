--- The program in specs: in this process with streams in memory, or as a process of its own.
local boxes = require "spec.support.box"
local cli = require "lastpass.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"
local limiter = require "lastpass.limiter"
local luassert = require "luassert"
local secret = require "lastpass.secret"

local M = {}

-- A file in memory, of which the program uses these methods.
local memory = {}
memory.__index = memory

function memory:write(...)
  for _, text in ipairs { ... } do
    self.parts[#self.parts + 1] = text
  end
  return self
end

function memory.flush()
  return true
end

function memory.setvbuf()
  return true
end

function memory:read()
  return table.remove(self.lines, 1)
end

function memory:text()
  return table.concat(self.parts)
end

--- Streams in memory.
---@param options? table terminal (all three are one), answers (lines that are typed), width
---@return table streams out, err and input have `text()`
function M.streams(options)
  options = options or {}
  local function file(lines)
    return setmetatable({ parts = {}, lines = lines or {} }, memory)
  end
  local terminal = options.terminal or options.answers ~= nil
  return {
    out = file(),
    err = file(),
    input = file(options.answers),
    width = options.width,
    out_is_terminal = options.terminal or false,
    err_is_terminal = terminal,
    input_is_terminal = terminal,
  }
end

--- Calls a function of the program that raises failures.
---@return any ... what it returns, or nil, message, err for what it raised
function M.returned(fn, ...)
  local function after(ok, ...)
    if ok then
      return ...
    end
    local err = ...
    if type(err) ~= "table" then
      error(err, 0)
    end
    return nil, err.message, err
  end
  return after(pcall(fn, ...))
end

--- A company of its own, and the flags that lead to it.
---@param options? table of `sandbox.start`
---@return table place box, flags, run(…), json(…)
function M.start(options)
  local place = { box = boxes.start(options), files = {} }
  place.journal = os.tmpname()
  place.hash = os.tmpname()
  assert(core.write_file(place.hash, place.box.provhash .. "\n"))
  place.flags = {
    "--url=" .. place.box.url,
    ("--cid=%.0f"):format(place.box.cid),
    "--provhash-file=" .. place.hash,
    "--journal=" .. place.journal,
    "--timezone=" .. (place.box.timezone or "America/New_York"),
  }
  return setmetatable(place, { __index = M.methods })
end

-- The flags that lead to a company in front of a command line, but for those that it has itself: an option that is given
-- twice is an error.
local function with_flags(arguments, flags)
  local given, line = {}, {}
  for _, word in ipairs(arguments) do
    given[word:match "^%-%-[^=]+" or ""] = true
  end
  for _, flag in ipairs(flags) do
    if not given[flag:match "^%-%-[^=]+"] then
      line[#line + 1] = flag
    end
  end
  for _, word in ipairs(arguments) do
    line[#line + 1] = word
  end
  return line
end

M.methods = {}

--- Runs a command line in this process.
---@param words string|string[] a text is cut at blanks
---@param options? table of `M.streams`
---@return integer code
---@return string out
---@return string err
function M.methods:run(words, options)
  local arguments = {}
  if type(words) == "string" then
    for word in words:gmatch "%S+" do
      arguments[#arguments + 1] = word
    end
  else
    for place, word in ipairs(words) do
      arguments[place] = word
    end
  end
  return M.run(with_flags(arguments, self.flags), options)
end

--- The same, and the JSON it printed.
---@return any value
---@return integer code
---@return string err
function M.methods:json(words, options)
  local list = { "--json" }
  if type(words) == "string" then
    for word in words:gmatch "%S+" do
      list[#list + 1] = word
    end
  else
    for _, word in ipairs(words) do
      list[#list + 1] = word
    end
  end
  local code, out, err = self:run(list, options)
  return out ~= "" and assert(json.decode(out)) or nil, code, err
end

--- What a failure says with --json.
---@return table error
---@return integer code
function M.methods:failure(words, options)
  local _, code, err = self:json(words, options)
  return assert(json.decode(err)).error, code
end

--- A file with this content, removed by `stop`.
---@param text string
---@param ending? string ".lua"
---@return string path
function M.methods:file(text, ending)
  local path = os.tmpname()
  os.remove(path)
  path = path .. (ending or "")
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  self.files[#self.files + 1] = path
  return path
end

--- Back to how the company started.
function M.methods:reset()
  boxes.reset(self.box)
end

--- From now on runs are written into a journal that knows of none.
function M.methods:new_journal()
  self.files[#self.files + 1] = self.journal
  self.journal = os.tmpname()
  for place, flag in ipairs(self.flags) do
    if flag:find "^%-%-journal=" then
      self.flags[place] = "--journal=" .. self.journal
    end
  end
end

--- Environment of a process of its own, as a prefix of a shell command.
---@return string
function M.methods:environment()
  local format = "LASTPASS_URL=%s LASTPASS_CID=%.0f LASTPASS_PROVHASH_FILE=%s LASTPASS_JOURNAL=%s "
  return format:format(self.box.url, self.box.cid, self.hash, self.journal)
end

--- From now on, until `stop`, the environment of this process names the REST API and the file with its key.
---@param more? table<string, string> further variables
function M.methods:use_rest(more)
  local key = self:file(self.box.rest_key .. "\n", ".key")
  os.execute("chmod 600 " .. key)
  local values = { LASTPASS_REST_URL = self.box.rest_url, LASTPASS_REST_KEY_FILE = key }
  for name, value in pairs(more or {}) do
    values[name] = value
  end
  self.getenv = self.getenv or os.getenv
  local getenv = self.getenv
  os.getenv = function(name) -- luacheck: ignore
    return values[name] or getenv(name)
  end
end

--- Ends it, and removes its files.
function M.methods:stop()
  if self.getenv then
    os.getenv = self.getenv -- luacheck: ignore
  end
  require("lastpass.cli.interrupt").release()
  self.box:stop()
  self.files[#self.files + 1] = self.journal
  os.remove(self.hash)
  for _, path in ipairs(self.files) do
    for _, ending in ipairs { "", "-wal", "-shm" } do
      os.remove(path .. ending)
    end
  end
end

--- Runs a command line in this process.
---@param arguments string[]
---@param options? table of `M.streams`
---@return integer code
---@return string out
---@return string err
function M.run(arguments, options)
  local streams = M.streams(options)
  local code = cli.main(arguments, streams)
  return code, streams.out:text(), streams.err:text()
end

--- Active users who are not admins.
---@return string[] addresses
function M.methods:people()
  local list = {}
  for _, user in ipairs(self:json "users --status active --fields email,admin") do
    if not user.admin then
      list[#list + 1] = user.email
    end
  end
  return list
end

--- The outcome of a command that writes, for the first person.
---@return string outcome or what went wrong
---@return integer code
---@return table[]|nil rows
function M.methods:outcome(words, options)
  local rows, code, err = self:json(words, options)
  return rows and rows[1] and rows[1].outcome or err, code, rows
end

--- Runs a command where nobody answers, twice: it says so, and it is a failure for programs.
---@param words string
---@return integer code
---@return string out
---@return string err
---@return table failure
function M.methods:unreachable(words)
  local line = words .. " --url=http://127.0.0.1:1/ --retries=0"
  local code, out, err = self:run(line)
  return code, out, err, (self:failure(line))
end

--- A home for the program, and nothing else in its environment.
---@return table home path; shell(line, more environment); read(name); remove()
function M.home()
  local home = { path = os.tmpname() }
  os.remove(home.path)
  os.execute("mkdir -p " .. home.path)
  function home.shell(line, more)
    local form = 'env -i PATH=$PATH LUA_PATH="$LUA_PATH" LUA_CPATH="$LUA_CPATH" HOME=%s %s '
    return M.shell(line, form:format(home.path, more or ""))
  end
  function home.remove()
    os.execute("rm -rf " .. home.path)
  end
  return home
end

--- Adds the company as a profile.
---@param home table
---@param more? string further options
---@return string output
---@return integer code
function M.methods:add_profile(home, more)
  more = more or ""
  local hash = more:find("--provhash-", 1, true) and "" or "--provhash-file " .. self.hash
  return home.shell(
    ("lastpass profile add acme --cid %.0f --url %s %s %s"):format(
      self.box.cid,
      self.box.url,
      hash,
      more
    )
  )
end

--- Runs a shell command.
---@param line string `lastpass` stands for the program
---@param environment? string prefix
---@return string output of both streams
---@return integer code
function M.shell(line, environment)
  local command = line:gsub("%f[%w]lastpass%f[ \n]", function()
    return (environment or "") .. "bin/lastpass" -- by its first line, as people start it
  end)
  local pipe = assert(io.popen("{ " .. command .. '\n} 2>&1; echo "<$?>"'))
  local text = pipe:read "*a"
  pipe:close()
  local output, code = text:match "^(.-)<(%d+)>\n$"
  return output, tonumber(code)
end

--- A hash that is one.
function M.secret(place)
  return secret.value(place.box.provhash)
end

M.limiter = limiter

--- A user as `user show` has it.
---@param email string
---@return table
function M.methods:person(email)
  return self:json { "user", "show", email }
end

--- How many requests that write the sandbox has had.
---@return integer
function M.methods:writes()
  local count = 0
  for _, entry in ipairs(assert(self.box:journal())) do
    count = count + (entry.command:find "^get" and 0 or entry.command == "reporting" and 0 or 1)
  end
  return count
end

--- Asserts that a command says so, and ends with 69, when nothing answers.
---@param words string|string[]
function M.methods:fails_when_unreachable(words)
  local code, out, err, failure = self:unreachable(words)
  luassert.equals(69, code, words)
  luassert.equals("", out)
  luassert.truthy(err:find("^lastpass: "), err)
  luassert.equals("transport", failure.kind)
  luassert.equals(69, failure.exit_code)
end

--- How many lines a text has.
---@param text string
---@return integer
function M.count_lines(text)
  return select(2, text:gsub("\n", ""))
end

return M
