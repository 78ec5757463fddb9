--- How the things of LastPass look at the prompt: the columns of their tables, the lines of one.
-- @module lastpass.cli.repl.views
local user_fields = require("lastpass.directory.fields").list

local M = {}

local function moment(seconds)
  return seconds and os.date("!%Y-%m-%d %H:%M", math.floor(seconds)) or nil
end

local function time_of(field)
  return function(row)
    return moment(row[field])
  end
end

local function count_of(field)
  return function(row)
    return #row[field]
  end
end

--- Columns of `repl.fit`, by kind.
M.columns = {
  users = {
    { title = "email", field = "email" },
    { title = "name", field = "fullname", rank = 1 },
    { title = "status", field = "status" },
    {
      title = "admin",
      rank = 2,
      field = function(user)
        return user.admin and "yes" or ""
      end,
    },
    { title = "mfa", field = "mfa", rank = 3 },
    { title = "last login (UTC)", field = time_of "last_login", rank = 5 },
    { title = "groups", field = "groups", rank = 4, yields = true },
  },
  groups = {
    { title = "group", field = "name", yields = true },
    {
      title = "members",
      align = "right",
      field = function(group)
        return #(group:members() or {})
      end,
    },
  },
  folders = {
    { title = "folder", field = "name", yields = true },
    { title = "users", align = "right", field = count_of "users" },
    { title = "score", align = "right", field = "score" },
    {
      title = "deleted",
      field = function(folder)
        return folder.deleted and "yes" or ""
      end,
    },
  },
  events = {
    { title = "time", field = "local_time" },
    { title = "who", field = "username" },
    { title = "action", field = "action" },
    { title = "from", field = "ip_address", rank = 1 },
    { title = "about", field = "data", yields = true },
  },
  expired_passwords = {
    { title = "email", field = "email" },
    { title = "last change (UTC)", field = time_of "last_password_change" },
  },
  folder_users = {
    { title = "user", field = "email" },
    { title = "writes", field = "can_write" },
    { title = "sees passwords", field = "sees_passwords" },
    { title = "administers", field = "can_administer" },
    { title = "through", field = "group", rank = 1 },
  },
  refused_rows = {
    { title = "row", field = "row", align = "right" },
    { title = "who", field = "who" },
    { title = "outcome", field = "outcome" },
    { title = "reason", field = "reason", yields = true },
  },
}

--- One of them and several: "user", "users".
M.nouns = {
  users = { "user", "users" },
  groups = { "group", "groups" },
  folders = { "folder", "folders" },
  events = { "event", "events" },
  expired_passwords = { "expired password", "expired passwords" },
}

--- Which kind an object is, by the name of its class.
M.kinds = {
  ["lastpass.User"] = "users",
  ["lastpass.Group"] = "groups",
  ["lastpass.Folder"] = "folders",
  ["lastpass.Event"] = "events",
}

--- The lines of one user, {name, value}.
---@param user lastpass.User
---@return table[]
function M.user_lines(user)
  local lines = {}
  for _, field in ipairs(user_fields) do
    local value = field.prompt and user[field[1]]
    local is_time = field.kind == "time"
    if field.prompt and value ~= nil and value ~= "" then
      lines[#lines + 1] =
        { field[1] .. (is_time and " (UTC)" or ""), is_time and moment(value) or value }
    end
  end
  return lines
end

--- The rows of a batch that did not do what they were to do.
---@param result lastpass.BatchResult
---@return table[]
function M.batch_rows(result)
  local rows = {}
  for _, outcome in ipairs { "refused", "uncertain", "not_tried" } do
    for _, row in ipairs(result[outcome]) do
      rows[#rows + 1] = {
        row = row.row,
        who = type(row.item) == "table" and row.item.username or row.item,
        outcome = outcome:gsub("_", " "),
        reason = row.reason,
      }
    end
  end
  return rows
end

return M
