--- Roles, those that come with shared folders among them (unified-directory §5.2).
-- @module lastpass.unified.folder_roles
local email = require "lastpass.email"

local M = {}

--- All roles that are known, in the order of their ids.
M.list = {
  { id = "admin", name = "Admin", type = "account" },
  { id = "folder_admin", name = "Shared folder administrator", type = "shared_folder" },
  { id = "folder_editor", name = "Shared folder editor", type = "shared_folder" },
  {
    id = "folder_editor_hidden",
    name = "Shared folder editor, passwords hidden",
    type = "shared_folder",
  },
  { id = "folder_reader", name = "Shared folder reader", type = "shared_folder" },
  {
    id = "folder_reader_hidden",
    name = "Shared folder reader, passwords hidden",
    type = "shared_folder",
  },
  { id = "super_admin", name = "Super admin", type = "account" },
  { id = "user", name = "User", type = "account" },
}

--- The same by id.
M.by_id = {}
for _, role in ipairs(M.list) do
  M.by_id[role.id] = role
end

--- The role that somebody has in a folder.
---@param entry lastpass.FolderUser
---@return table role of `list`
function M.of(entry)
  if entry.can_administer then
    return M.by_id.folder_admin
  end
  local id = entry.can_write and "folder_editor" or "folder_reader"
  return M.by_id[entry.sees_passwords and id or id .. "_hidden"]
end

--- By the key of the account: the roles in all folders.
---@param folders lastpass.Folder[]
---@return table<string, table[]> lists of {id, name, folder, super_admin}
function M.by_address(folders)
  local roles = {}
  for _, folder in ipairs(folders) do
    for _, entry in ipairs(folder.users) do
      local key = email.fold(entry.email)
      local role = M.of(entry)
      roles[key] = roles[key] or {}
      table.insert(roles[key], {
        id = role.id,
        name = role.name,
        folder = folder,
        super_admin = entry.super_admin,
      })
    end
  end
  return roles
end

return M
