--- Whom and what an event is about: its Data, read as its action writes it (enterprise-api §8.2).
-- The exporter does the same in C (src/core/events_data.c) for millions of events; the specs compare
-- the two.
-- @module lastpass.directory.event_data
local M = {}

---@class lastpass.EventTarget
---@field kind string  "user", "group", "folder", "item", "policy" or "site"
---@field value string

--- The kinds of targets, in the order in which C counts them.
M.kinds = { "user", "group", "folder", "item", "policy", "site" }

local function trim(text)
  return text:match "^ *(.-) *$"
end

local function add(targets, kind, value)
  if value ~= "" then
    targets[#targets + 1] = { kind = kind, value = value }
  end
end

-- A comma-joined list.
local function add_list(targets, kind, text)
  for part in (text .. ","):gmatch "([^,]*)," do
    add(targets, kind, trim(part))
  end
end

-- Texts in single quotes with blanks between; a quote within a text stands before no blank. Gives
-- nothing when the form is another.
local function quoted(text)
  local parts, at = {}, 1
  while text:sub(at, at) == "'" do
    local stop = at + 1
    repeat
      stop = text:find("'", stop, true)
      local follows = stop and text:sub(stop + 1, stop + 2)
      local ends = follows == "" or follows == " '"
      stop = stop and not ends and stop + 1 or stop
    until not stop or ends
    if not stop then
      return {}
    end
    parts[#parts + 1] = text:sub(at + 1, stop - 1)
    at = stop + 2
  end
  return at > #text and parts or {}
end

-- A folder that is gone is named like this.
local function add_folder(targets, name)
  if name ~= "INVALID SHARED FOLDER" then
    add(targets, "folder", name)
  end
end

-- Where the last " from " or " to " is: items may hold such a word, folders hardly do.
local function last_of(text, word)
  local from, at = nil, 0
  repeat
    at = text:find(word, at + 1, true)
    from = at or from
  until not at
  return from
end

local function item_and_folder(targets, kind, text, word)
  local at = last_of(text, word)
  add(targets, kind, trim(at and text:sub(1, at - 1) or text))
  if at then
    add_folder(targets, trim(text:sub(at + #word)))
  end
end

local readers = {}

-- Nothing, or nothing that is known.
function readers.none() end

-- ann@acme.com
function readers.user(targets, text)
  if text:find("@", 1, true) then
    add(targets, "user", trim(text))
  end
end

-- ann@acme.com,bob@acme.com
function readers.users(targets, text)
  if text:find("@", 1, true) then
    add_list(targets, "user", text)
  end
end

-- example.com
function readers.site(targets, text)
  add(targets, "site", trim(text))
end

-- Newer: "VID: 123 from Folder"; older: domains.
function readers.sites(targets, text)
  if text:sub(1, 5) == "VID: " then
    item_and_folder(targets, "item", text, " from ")
  else
    add_list(targets, "site", text)
  end
end

-- A site, an item of the vault, or the program that logged in to LastPass itself.
function readers.login(targets, text)
  if text:sub(1, 13) ~= "LastPass via " then
    readers.sites(targets, text)
  end
end

-- thing from Shared-A
function readers.item(targets, text)
  item_and_folder(targets, "item", text, " from ")
end

-- Secure Note (Wifi) from Shared-A
function readers.note(targets, text)
  local at = last_of(text, ")")
  if text:sub(1, 13) == "Secure Note (" and at then
    add(targets, "item", text:sub(14, at - 1))
    if text:sub(at + 1, at + 6) == " from " then
      add_folder(targets, trim(text:sub(at + 7)))
    end
  else
    readers.item(targets, text)
  end
end

-- Length of master password New value: 14
function readers.policy(targets, text)
  local at = text:find(" New value:", 1, true)
  add(targets, "policy", trim(at and text:sub(1, at - 1) or text))
end

-- One text, in quotes or not.
local function name_of(text)
  return quoted(text)[1] or trim(text)
end

-- 'Finance'
function readers.group(targets, text)
  add(targets, "group", name_of(text))
end

-- Shared-A
function readers.folder(targets, text)
  add_folder(targets, name_of(text))
end

-- 'Shared-A' 'ann@acme.com' …
function readers.folder_user(targets, text)
  local parts = quoted(text)
  add_folder(targets, parts[1] or trim(text))
  add(targets, "user", parts[2] or "")
end

-- Shared A ann@acme.com
function readers.folder_user_words(targets, text)
  local at = last_of(text, " ")
  local user = at and text:sub(at + 1) or ""
  if user:find("@", 1, true) then
    add_folder(targets, trim(text:sub(1, at - 1)))
    add(targets, "user", user)
  else
    add_folder(targets, trim(text))
  end
end

-- 'Shared-A' 'Shared-B'
function readers.folder_rename(targets, text)
  local parts = quoted(text)
  add_folder(targets, parts[1] or trim(text))
  add_folder(targets, parts[2] or "")
end

-- 'Finance' to 'Money'
function readers.group_rename(targets, text)
  local at = text:find("' to '", 1, true)
  if at and text:sub(1, 1) == "'" and text:sub(-1) == "'" and #text > at + 5 then
    add(targets, "group", text:sub(2, at - 1))
    add(targets, "group", text:sub(at + 6, -2))
  else
    add(targets, "group", name_of(text))
  end
end

-- 'Finance' 'ann@acme.com'
function readers.group_user(targets, text)
  local parts = quoted(text)
  add(targets, "group", parts[1] or trim(text))
  add(targets, "user", parts[2] or "")
end

-- ann@acme.com - Finance
function readers.user_group(targets, text)
  local at = text:find(" - ", 1, true)
  if at then
    add(targets, "user", trim(text:sub(1, at - 1)))
    add(targets, "group", trim(text:sub(at + 3)))
  else
    readers.group_user(targets, text)
  end
end

-- example.com to Shared-A
function readers.move_to(targets, text)
  item_and_folder(targets, "item", " " .. text, " to ")
end

-- example.com from Shared-A
function readers.move_from(targets, text)
  item_and_folder(targets, "item", " " .. text, " from ")
end

-- "<e-mail>-Shared-<folder>": the account that stands for a shared folder.
function readers.shared_account(targets, text)
  local at = text:find("-Shared-", 1, true)
  if at then
    add(targets, "user", text:sub(1, at - 1))
    add_folder(targets, text:sub(at + 1))
  else
    readers.user(targets, text)
  end
end

--- The ways of reading, in the order in which C counts them.
M.forms = {
  "none",
  "user",
  "users",
  "site",
  "sites",
  "login",
  "item",
  "note",
  "policy",
  "group",
  "folder",
  "folder_user",
  "folder_user_words",
  "folder_rename",
  "group_rename",
  "group_user",
  "user_group",
  "move_to",
  "move_from",
  "shared_account",
}

--- Reads an event's Data.
---@param form string how: field `data` of an action
---@param text string the Data
---@return lastpass.EventTarget[] targets in their order; none when the text says nothing
function M.read(form, text)
  local targets = {}
  if text ~= "Initiated by API" then
    readers[form](targets, text)
  end
  return targets
end

return M
