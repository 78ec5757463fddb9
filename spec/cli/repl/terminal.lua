--- A program in a real terminal (tmux, with a server of its own), typed at and looked at by specs.
local M = {}

local methods = {}
local terminal_mt = { __index = methods }

local counter = 0

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function tmux(self, arguments)
  return read(("tmux -L %s -f /dev/null %s"):format(self.name, arguments))
end

--- Starts a command.
---@param command string a line for the shell
---@param options? table columns (100), rows (30), environment: names and values
---@return table terminal
function M.start(command, options)
  options = options or {}
  counter = counter + 1
  local unique = tostring({}):match "0x(%x+)" or tostring(os.time())
  local self = setmetatable({ name = ("lastpass-spec-%s-%d"):format(unique, counter) }, terminal_mt)
  local assignments = {}
  for name, value in pairs(options.environment or {}) do
    assignments[#assignments + 1] = ("export %s=%s;"):format(name, quote(value))
  end
  -- what ends is to be seen: the shell stays behind it
  local line = ('%s %s; echo "[ended $?]"; exec sleep 600'):format(
    table.concat(assignments, " "),
    command
  )
  local answer = tmux(
    self,
    ("new-session -d -x %d -y %d %s"):format(
      options.columns or 100,
      options.rows or 30,
      quote(line)
    )
  )
  assert(answer == "", answer)
  return self
end

--- What stands on the screen, without blanks at the ends of lines and below.
---@return string
function methods:screen()
  return (tmux(self, "capture-pane -p"):gsub(" +\n", "\n"):gsub("%s+$", ""))
end

--- The screen, and all that has left it above.
---@return string
function methods:everything()
  return tmux(self, "capture-pane -p -S - -E -")
end

--- From now on every byte that is sent to the terminal goes to a file too.
---@param path string
function methods:record(path)
  self.recording = path
  local answer = tmux(self, "pipe-pane " .. quote("cat >" .. quote(path)))
  assert(answer == "", answer)
end

-- Asks until there is an answer; nil after a minute.
local function poll(ask)
  for _ = 1, 1200 do
    local answer = ask()
    if answer then
      return answer
    end
    os.execute "sleep 0.05"
  end
end

local function read_file(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

--- What was sent to the terminal, as soon as that contains a text: the file is written a moment
-- after the screen.
---@param wanted string
---@return string
function methods:recorded(wanted)
  local text
  return poll(function()
    text = read_file(self.recording)
    return text and text:find(wanted, 1, true) and text
  end) or error("not sent: " .. wanted .. "\nbut:\n" .. tostring(text), 2)
end

--- The process in this terminal whose command line matches.
---@param pattern string of pgrep
---@return string pid
function methods:process(pattern)
  local name = tmux(self, "display-message -p '#{pane_tty}'"):match "^/dev/(%S+)"
  return poll(function()
    return read(("pgrep -n -t %s -f %s"):format(name, quote(pattern))):match "^(%d+)\n$"
  end) or error("no process: " .. pattern, 2)
end

local function bytes_read(pid)
  return tonumber(read_file("/proc/" .. pid .. "/io"):match "rchar: (%d+)")
end

--- Types text, and waits until a process that does not show it has read it.
---@param pid string
---@param text string
function methods:type_to(pid, text)
  local before = bytes_read(pid)
  self:type(text)
  assert(
    poll(function()
      return bytes_read(pid) >= before + #text
    end),
    "not read by the process"
  )
end

--- Waits until a text stands on the screen; gives the screen.
---@param wanted string|fun(screen: string): any plain text, or what looks for itself
---@return string
function methods:wait_for(wanted)
  local screen
  return poll(function()
    screen = self:screen()
    local seen = type(wanted) == "function" and wanted(screen)
      or type(wanted) == "string" and screen:find(wanted, 1, true)
    return seen and screen
  end) or error("not seen: " .. tostring(wanted) .. "\non the screen:\n" .. screen, 2)
end

--- Types text as it is.
function methods:type(text)
  local answer = tmux(self, "send-keys -l " .. quote(text))
  assert(answer == "", answer)
end

--- Presses keys by their names: Enter, Tab, Up, C-c, Space.
function methods:press(...)
  local answer = tmux(self, "send-keys " .. table.concat({ ... }, " "))
  assert(answer == "", answer)
end

--- Types a line and presses return.
function methods:enter(text)
  self:type(text)
  self:press "Enter"
end

--- Clears the screen of a shell, so that what is waited for next is not what stood there before.
function methods:clear()
  self:enter "clear"
  self:wait_for(function(screen)
    return screen:find "^%S+$"
  end)
end

function methods:resize(columns, rows)
  tmux(self, ("resize-window -x %d -y %d"):format(columns, rows))
end

--- Ends the server, and with it everything in it.
function methods:close()
  tmux(self, "kill-server")
end

return M
