--- Shared folders of a directory: the figures of each, and which of them somebody is in. The rights
-- themselves are looked at when a page is about them: a company may have very many.
-- @module lastpass.nginx.dashboard.access
local folder_access = require "lastpass.report.folder_access"
local fold = require("lastpass.unified.texts").fold

---@class lastpass.nginx.dashboard.Access
---@field folders table[]  figures as `report.folders` has them, with `key` and `name`
---@field domains string[] those that are internal
local methods = {}
local access_mt = { __index = methods }

local M = {}

local PIECE = 512

-- What the report's room reads, with a pause now and then.
local function reading_of(snapshot, pause)
  local reading = { snapshot = snapshot }
  function reading.users()
    local count, each = 0, snapshot:users()
    return function()
      count = count + 1
      if count % PIECE == 0 then
        pause()
      end
      return each()
    end
  end
  return reading
end

local function folders_of(tenant, view)
  if view.folders then
    return view.folders
  end
  return require("lastpass.directory.folders").read(tenant:client(), {})
end

local function look(self, folder)
  return folder_access.look(self._reading, { folder }, { domains = self.domains })
end

local function add(self, folder)
  local line = look(self, folder).folders[1]
  if not line then
    return 0
  end
  line.name, line.key, line.source = line.folder, fold(line.folder), folder
  self.folders[#self.folders + 1] = line
  self._by_id[line.folder_id] = line
  local seen = {}
  for _, user in ipairs(folder.users) do
    local key = fold(user.email)
    if not seen[key] then
      seen[key] = true
      self._by_person[key] = self._by_person[key] or {}
      table.insert(self._by_person[key], line)
    end
  end
  return #folder.users
end

--- Reads the folders, unless the view has them, and looks at each; deleted ones are left out.
---@param tenant table
---@param view table
---@param pause fun() lets others run
---@return lastpass.nginx.dashboard.Access|nil
---@return table? failure {message, err}
function M.build(tenant, view, pause)
  local list, message, err = folders_of(tenant, view)
  if not list then
    return nil, { message = message, err = err }
  end
  local reading = reading_of(view.snapshot, pause)
  local self = setmetatable({
    folders = {},
    domains = folder_access.look(reading, {}, {}).domains,
    _reading = reading,
    _by_id = {},
    _by_person = {},
  }, access_mt)
  local rights = 0
  for _, folder in ipairs(list) do
    rights = rights + add(self, folder) + 1
    if rights >= PIECE then
      rights = 0
      pause()
    end
  end
  table.sort(self.folders, function(a, b)
    if a.key ~= b.key then
      return a.key < b.key
    end
    return a.folder_id < b.folder_id
  end)
  return self
end

--- The figures of a folder, and its rights as `report.folders` has them.
---@param id string
---@return table|nil line
---@return table[]? rows
function methods:folder(id)
  local line = self._by_id[id]
  if not line then
    return nil
  end
  return line, look(self, line.source).rows
end

--- The rights that somebody has, sorted by folder.
---@param email string
---@return table[] rows
function methods:rights_of(email)
  local key, rows = fold(email), {}
  for _, line in ipairs(self._by_person[key] or {}) do
    for _, row in ipairs(look(self, line.source).rows) do
      if fold(row.email) == key then
        rows[#rows + 1] = row
      end
    end
  end
  return rows
end

return M
