--- What the store's specs share: folders that go away, processes of the same interpreter, doors to
-- what a journal keeps to itself.
local M = {}

--- An empty folder.
---@return string path
function M.folder()
  local pipe = assert(io.popen "mktemp -d")
  local path = pipe:read "*l"
  pipe:close()
  return path
end

---@param folder string
function M.remove(folder)
  os.execute("rm -rf '" .. folder .. "'")
end

---@param path string
---@param bytes string
function M.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end

---@param path string
---@return string|nil
function M.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local bytes = file:read "*a"
  file:close()
  return bytes
end

--- What a shell command prints.
---@param command string
---@return string
function M.output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

--- The command that runs this interpreter with the same modules.
---@return string
function M.interpreter()
  local program = arg[0]
  for index = -1, -20, -1 do
    program = arg[index] or program
  end
  return ("env LUA_PATH='%s' LUA_CPATH='%s' %s"):format(package.path, package.cpath, program)
end

local child = {}
child.__index = child

--- Starts spec/support/store_child.lua.
---@param words string[] what it is to do, and its arguments
---@param front? string in front of the command, such as "setpriv …"
---@return table child `process`; `read()`, `kill()`, `wait()`
function M.child(words, front)
  local quoted = {}
  for index, word in ipairs(words) do
    quoted[index] = "'" .. word .. "'"
  end
  local template = "echo $$; exec timeout -s KILL 600 %s %s spec/support/store_child.lua %s 2>&1"
  local command = template:format(front or "", M.interpreter(), table.concat(quoted, " "))
  local pipe = assert(io.popen(command))
  local self = setmetatable({ pipe = pipe, timeout = pipe:read "*l" }, child)
  self.process = tonumber(self:read())
  return self
end

--- The next line that it prints.
function child:read()
  return (self.pipe:read "*l")
end

--- Ends it as a crash would.
function child:kill()
  os.execute(("kill -9 %d"):format(self.process))
  self:wait()
end

--- Lets it end; gives what else it prints.
function child:wait()
  local text = self.pipe:read "*a"
  self.pipe:close()
  return text
end

--- Runs statements behind a journal's back.
---@param journal table
function M.tamper(journal, sql, ...)
  local rows, message = journal._database:transaction(function(database, ...)
    return database:query(...)
  end, sql, ...)
  return assert(rows, message)
end

return M
