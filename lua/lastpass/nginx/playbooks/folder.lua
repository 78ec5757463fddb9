--- A folder of playbooks: its files, which of them have changed, and what is known of each playbook: its newest
-- version, the last one that loads, when it ran and how that went. The latter is in the `lua_shared_dict`
-- named lastpass_playbooks, so that another worker can continue, and every worker can report it.
-- @module lastpass.nginx.playbooks.folder
local dicts = require "lastpass.nginx.dicts"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

local LARGEST = 1024 * 1024 -- bytes; a playbook is written by hand

---@class lastpass.nginx.Folder
local methods = {}
local folder_mt = { __name = "lastpass.nginx.Folder", __index = methods }

--- Makes the object of a folder.
---@param path string
---@return lastpass.nginx.Folder
function M.new(path)
  return setmetatable({ path = path:gsub("/+$", ""), _seen = {} }, folder_mt)
end

-- Times are in whole seconds: a file that was changed in this second may be changed once more and have the same
-- time.
local RECENT = 2

local function stamp_of(lfs, path)
  local about = lfs.attributes(path)
  if not about or about.mode ~= "file" then
    return nil
  end
  local stamp = ("%d %d %d %d"):format(about.ino, about.size, about.modification, about.change)
  return stamp, os.time() - math.max(about.modification, about.change) <= RECENT
end

local function read_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local text = file:read(LARGEST + 1)
  file:close()
  if text and #text > LARGEST then
    return nil, ("%s has more than %d bytes"):format(path, LARGEST)
  end
  return text or ""
end

-- Names that do not begin with a dot and end with .lua, sorted.
local function names_in(lfs, path)
  local ok, iterator, state = pcall(lfs.dir, path)
  if not ok then
    return nil, tostring(iterator)
  end
  local names = {}
  for name in iterator, state do
    if name:match "^[^.].*%.lua$" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

-- Reads one file, if it has changed. What was read counts when the check before has read the same, so that no
-- half-written file is taken.
local function check_file(self, lfs, name)
  local path = self.path .. "/" .. name
  local before = self._seen[name]
  local stamp, is_recent = stamp_of(lfs, path)
  if not stamp then
    return nil
  elseif before and before.stamp == stamp and before.is_stable then
    return before
  end
  local text = read_file(path)
  if not text then
    return before
  end
  local is_same = before ~= nil and before.read == text
  return {
    stamp = stamp,
    read = text,
    text = is_same and text or before and before.text,
    is_stable = is_same and not is_recent,
  }
end

--- The files that are in the folder now.
---@return table<string, string>|nil texts by name of the file
---@return string? message
---@return lastpass.Error? err code "no_lfs" or "no_folder"
function methods:read()
  local ok, lfs = pcall(require, "lfs")
  if not ok then
    return errors.fail("argument", "no_lfs", "playbooks in nginx need LuaFileSystem", {
      hint = "apt install lua-filesystem, or luarocks install luafilesystem",
    })
  end
  local names, message = names_in(lfs, self.path)
  if not names then
    return errors.fail("argument", "no_folder", message)
  end
  local seen, texts = {}, {}
  for _, name in ipairs(names) do
    seen[name] = check_file(self, lfs, name)
    texts[name] = seen[name] and seen[name].text
  end
  self._seen = seen
  return texts
end

---@class lastpass.nginx.Playbook
---@field path string
---@field name string        of the file
---@field seen? string       MD5 of the newest version that was tried
---@field good? table        {text, md5, schedule}: the last version that loads
---@field broken? table      {md5, message, line, at}: the newest version, when it does not load
---@field known_since number
---@field began? number      when it last ran
---@field last? table        the outcome of that run
---@field failures integer   consecutive runs that did not succeed
---@field is_running? boolean in this worker
local playbook_methods = {}
local playbook_mt = { __name = "lastpass.nginx.Playbook", __index = playbook_methods }

local function shared()
  return dicts.get "lastpass_playbooks"
end

local function key_of(path)
  return "playbook " .. path
end

local function list_key(folder)
  return "playbooks " .. folder
end

local function trouble_key(folder)
  return "trouble with " .. folder
end

local function run_key_of(path)
  return "playbook run " .. path
end

local function load_fields(self, key)
  local text = shared():get(key)
  for name, value in pairs(text and json.decode(text) or {}) do
    self[name] = value
  end
end

--- The playbook of a file, as the last worker left it.
---@param folder string
---@param name string
---@return lastpass.nginx.Playbook
function M.playbook(folder, name)
  local path = folder .. "/" .. name
  local self = setmetatable({ known_since = ngx.now(), failures = 0 }, playbook_mt)
  self.path, self.name = path, name
  load_fields(self, key_of(path))
  load_fields(self, run_key_of(path))
  return self
end

local function save(self, key, names)
  local fields = {}
  for _, name in ipairs(names) do
    fields[name] = self[name]
  end
  if not dicts.set(shared(), key, json.encode(fields)) and not self._was_reported then
    self._was_reported = true
    ngx.log(ngx.WARN, "lastpass: lua_shared_dict lastpass_playbooks has no room for ", self.path)
  end
end

--- Stores what is known of its versions; written by the worker that looks after the folder.
function playbook_methods:save_versions()
  save(self, key_of(self.path), { "known_since", "seen", "good", "broken" })
end

--- Stores what is known of its runs; written by the worker that runs it, which after a reload may be one that
-- does not look after the folder any more.
function playbook_methods:save_runs()
  save(self, run_key_of(self.path), { "began", "last", "failures" })
end

--- Loads what another worker has stored of its runs.
function playbook_methods:load_runs()
  load_fields(self, run_key_of(self.path))
end

--- Forgets a playbook whose file is gone.
function playbook_methods:forget()
  shared():delete(key_of(self.path))
  shared():delete(run_key_of(self.path))
end

--- Stores which playbooks a folder has, for other workers.
---@param folder string
---@param names string[]
function M.store_names(folder, names)
  dicts.set(shared(), list_key(folder), json.encode(json.list(names)))
end

--- Stores what is wrong with a folder as a whole.
---@param folder string
---@param trouble table|nil {message, code, hint}; nil when nothing is wrong
---@return boolean is_new whether it is another one than before
function M.store_trouble(folder, trouble)
  local dict, key = shared(), trouble_key(folder)
  local before, text = dict:get(key), trouble and json.encode(trouble)
  if text and text ~= before then
    dicts.set(dict, key, text)
  elseif before and not text then
    dict:delete(key)
  end
  return text ~= nil and text ~= before
end

--- What is wrong with a folder as a whole.
---@param folder string
---@return table|nil {message, code, hint}
function M.trouble(folder)
  local text = shared():get(trouble_key(folder))
  return text and json.decode(text) or nil
end

--- All playbooks of a folder, for /healthz.
---@param folder string
---@return table[]
function M.report(folder)
  local dict = shared()
  local text = dict:get(list_key(folder))
  local list = json.list {}
  for _, name in ipairs(text and json.decode(text) or {}) do
    local playbook = M.playbook(folder, name)
    list[#list + 1] = {
      name = name,
      schedule = playbook.good and playbook.good.schedule and playbook.good.schedule.text,
      version = playbook.good and playbook.good.md5,
      broken = playbook.broken,
      began = playbook.began,
      last = playbook.last,
      failures = playbook.failures,
    }
  end
  return list
end

return M
