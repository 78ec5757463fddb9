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
  local answer = tmux(self, "pipe-pane " .. quote("cat >" .. quote(path)))
  assert(answer == "", answer)
end

--- Waits until a text stands on the screen; gives the screen.
---@param wanted string|fun(screen: string): any plain text, or what looks for itself
---@return string
function methods:wait_for(wanted)
  local screen
  for _ = 1, 1200 do
    screen = self:screen()
    if type(wanted) == "function" and wanted(screen) then
      return screen
    elseif type(wanted) == "string" and screen:find(wanted, 1, true) then
      return screen
    end
    os.execute "sleep 0.05"
  end
  error("not seen: " .. tostring(wanted) .. "\non the screen:\n" .. screen, 2)
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

function methods:resize(columns, rows)
  tmux(self, ("resize-window -x %d -y %d"):format(columns, rows))
end

--- Ends the server, and with it everything in it.
function methods:close()
  tmux(self, "kill-server")
end

return M
