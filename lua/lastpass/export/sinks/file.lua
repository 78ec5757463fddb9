--- Events in a file. With a cursor it grows, and holds every event once whenever and however often
-- the exporter is killed: its length at that moment is saved with the cursor, and what
-- follows after that is cut off. Without a cursor it is made whole or not at all. A device or a pipe
-- is written to as it is.
-- @module lastpass.export.sinks.file
local core = require "lastpass.core"
local errors = require "lastpass.error"
local files = require "lastpass.files"

local M = {}

local methods = {}
local file_mt = { __name = "lastpass.export.sinks.file", __index = methods }

local hints = {
  file_in_use = "give each exporter a file of its own",
  not_allowed = "check who owns the file and its folder",
  no_such_file = "make the folder first",
  disk_full = "make room, then run it again: nothing is lost",
}

local function fail_writing(path, message, code)
  if code == "file_in_use" then
    message = "another exporter is writing it"
  end
  return errors.fail("argument", code, path .. ": " .. message, { hint = hints[code] })
end

local function checked(path, value, message, code)
  if value then
    return value
  end
  return fail_writing(path, message, code)
end

local function numbered(self, generation)
  return ("%s.%d"):format(self.path, generation)
end

-- The number under which the present file will be rotated. Nothing has that name yet, so that a file
-- of that name means: it was rotated, and the cursor does not know yet.
local function free_generation(self, generation)
  while files.is_readable(numbered(self, generation)) do
    generation = generation + 1
  end
  return generation
end

local function open_log(self, path)
  local log, message, err = checked(path, core.open_log(path))
  if not log then
    return nil, message, err
  end
  self.log = log
  return true
end

local function append(self, text)
  local ok, message, err = checked(self.path, self.log:write(text))
  if not ok then
    return nil, message, err
  end
  self.size = self.size + #text
  return true
end

local function truncate(self, size)
  local now, message, err = checked(self.path, self.log:size())
  if now and now < size then
    local text = ("%s has become shorter than it was when the cursor was saved"):format(self.path)
    return errors.fail("conflict", "file_changed", text, {
      hint = "put the file back, or go on in another file with another cursor",
    })
  end
  local ok = now
  if now and now > size then
    ok, message, err = checked(self.path, self.log:truncate(size))
  end
  if not ok then
    return nil, message, err
  end
  self.size = size
  return true
end

-- It was rotated, and then the exporter was killed: what was not confirmed is cut off its end, and
-- the file begun since is empty. That counts as the rotation of this stretch: were the file rotated
-- once more before anything is confirmed, the next restart could not tell it from a confirmed one.
local function undo_rotation(self, state)
  local path = numbered(self, state.generation)
  local old, message, err = checked(path, core.open_log(path))
  if not old then
    return nil, message, err
  end
  local ok
  ok, message, err = checked(path, old:truncate(state.offset))
  old:close()
  if not ok then
    return nil, message, err
  end
  self.generation, self.has_rotated = free_generation(self, state.generation + 1), true
  return truncate(self, 0)
end

local function restore(self, state)
  if files.is_readable(numbered(self, state.generation)) then
    return undo_rotation(self, state)
  end
  self.generation = state.generation
  local size, message, err = checked(self.path, self.log:size())
  if not size then
    return nil, message, err
  elseif size == 0 and state.offset > 0 then
    self.size = 0 -- somebody took the whole file away, as logrotate does: what is in it stays theirs
    return true
  end
  return truncate(self, state.offset)
end

--- Opens the file, and takes back what was not confirmed.
function methods:begin(state, header)
  self.header = header
  local is_special = core.is_special_file(self.path)
  if is_special and self.rotate then
    return fail_writing(self.path, "is not a file, and cannot be rotated", "not_a_file")
  end
  self.part = not self.durable and not is_special and self.path .. ".part" or nil
  local ok, message, err = open_log(self, self.part or self.path)
  if not ok then
    return nil, message, err
  end
  if is_special then
    self.generation = 1
  elseif self.part then
    ok, message, err = truncate(self, 0)
  elseif state and state.path == self.path then
    ok, message, err = restore(self, state)
  else
    self.generation = free_generation(self, 1)
    self.size, message, err = checked(self.path, self.log:size())
    ok = self.size ~= nil
  end
  if ok and header and self.size == 0 then
    ok, message, err = append(self, header)
  end
  if not ok then
    return nil, message, err
  end
  return true
end

-- Rotates the file. The new one is locked before the old one is unlocked.
local function rotate(self)
  local old = self.log
  local ok, message, err = checked(self.path, old:sync())
  if ok then
    ok, message, err =
      checked(self.path, core.move_file(self.path, numbered(self, self.generation)))
  end
  if ok then
    ok, message, err = open_log(self, self.path)
  end
  if not ok then
    return nil, message, err
  end
  old:close()
  self.generation = free_generation(self, self.generation + 1)
  self.size, self.has_rotated = 0, true
  return not self.header or append(self, self.header)
end

--- Appends.
function methods:write(text)
  if self.rotate and self.size > 0 and self.size + #text > self.rotate and not self.has_rotated then
    local ok, message, err = rotate(self)
    if not ok then
      return nil, message, err
    end
  end
  return append(self, text)
end

local function drop_oldest(self)
  if self.keep and self.has_rotated then
    os.remove(numbered(self, self.generation - 1 - self.keep))
  end
  self.has_rotated = false
end

--- Everything is on the disk when it returns.
function methods:confirm()
  local ok, message, err = checked(self.path, self.log:sync())
  if not ok then
    return nil, message, err
  end
  drop_oldest(self)
  return { path = self.path, offset = self.size, generation = self.generation }
end

--- Moves a file without a cursor to its name.
function methods:finish()
  return not self.part or checked(self.path, core.move_file(self.part, self.path))
end

--- Closes the file. A part that was not finished is removed.
function methods:close()
  if self.log then
    self.log:close()
    self.log = nil
    if self.part then
      os.remove(self.part)
    end
  end
end

--- Opens the sink.
---@param options table as listed in `lastpass.export.sinks`
---@param about table durable
---@return table sink
function M.open(options, about, level)
  level = level + 1
  if not options.path or options.path == "" then
    errors.raise(level, "client:export: sink 'file' needs a path")
  elseif options.rotate and not about.durable then
    errors.raise(level, "client:export: option 'rotate' needs a cursor")
  elseif options.keep and not options.rotate then
    errors.raise(level, "client:export: option 'keep' needs 'rotate'")
  end
  return setmetatable({
    path = options.path,
    rotate = options.rotate,
    keep = options.keep,
    durable = about.durable,
    batch = { bytes = 1048576 },
    size = 0,
  }, file_mt)
end

return M
