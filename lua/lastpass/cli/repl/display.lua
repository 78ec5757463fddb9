--- What a result looks like at the prompt.
-- @module lastpass.cli.repl.display
local plain = require "lastpass.cli.repl.plain"
local scope = require "lastpass.cli.repl.scope"
local text = require "lastpass.text"
local user_fields = require("lastpass.directory.fields").list

local M = {}

-- ------------------------------------------------------------------ views

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

-- The columns of tables, by kind. What people copy is whole; one column yields the space.
local columns = {
  users = {
    { title = "email", field = "email", whole = true },
    { title = "name", field = "fullname", rank = 1, whole = true },
    { title = "status", field = "status", whole = true },
    {
      title = "admin",
      rank = 2,
      whole = true,
      field = function(user)
        return user.admin and "yes" or ""
      end,
    },
    { title = "mfa", field = "mfa", rank = 3, whole = true },
    { title = "last login (UTC)", field = time_of "last_login", rank = 5, whole = true },
    { title = "groups", field = "groups", rank = 4 },
  },
  groups = {
    { title = "group", field = "name" },
    {
      title = "members",
      align = "right",
      field = function(group)
        return #(group:members() or {})
      end,
    },
  },
  folders = {
    { title = "folder", field = "name" },
    { title = "users", align = "right", field = count_of "users" },
    { title = "score", align = "right", field = "score" },
    {
      title = "deleted",
      whole = true,
      field = function(folder)
        return folder.deleted and "yes" or ""
      end,
    },
  },
  events = {
    { title = "time", field = "local_time", whole = true },
    { title = "who", field = "username", whole = true },
    { title = "action", field = "action", whole = true },
    { title = "from", field = "ip_address", rank = 1, whole = true },
    { title = "about", field = "data" },
  },
  expired_passwords = {
    { title = "email", field = "email", whole = true },
    { title = "last change (UTC)", field = time_of "last_password_change", whole = true },
  },
  folder_users = {
    { title = "user", field = "email", whole = true },
    { title = "writes", field = "can_write", whole = true },
    { title = "sees passwords", field = "sees_passwords", whole = true },
    { title = "administers", field = "can_administer", whole = true },
    { title = "through", field = "group", rank = 1, whole = true },
  },
  refused_rows = {
    { title = "row", field = "row", align = "right" },
    { title = "who", field = "who", whole = true },
    { title = "outcome", field = "outcome", whole = true },
    { title = "reason", field = "reason" },
  },
}

-- One of them and several.
local nouns = {
  users = { "user", "users" },
  groups = { "group", "groups" },
  folders = { "folder", "folders" },
  events = { "event", "events" },
  expired_passwords = { "expired password", "expired passwords" },
}

-- Which kind an object is, by the name of its class.
local kinds = {
  ["lastpass.User"] = "users",
  ["lastpass.Group"] = "groups",
  ["lastpass.Folder"] = "folders",
  ["lastpass.Event"] = "events",
}

-- The lines of one user, {name, value}.
local function user_lines(user)
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

-- The rows of a batch that did not do what they were to do.
local function batch_rows(result)
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

-- ------------------------------------------------------------------ values

local MOST_ROWS = 2000 -- of one table; nobody pages through more

local function count_line(count, kind)
  local noun = nouns[kind]
  return text.plural(count, noun[1], noun[2])
end

-- Objects of one kind, as the table that is theirs.
local function table_of(items, kind, width)
  if #items == 0 then
    return "no " .. nouns[kind][2]
  end
  local shown, note = items, count_line(#items, kind)
  if #items > MOST_ROWS then
    shown = {}
    for position = 1, MOST_ROWS do
      shown[position] = items[position]
    end
    note = ("%s; the first %s are shown"):format(note, text.count(MOST_ROWS))
  end
  return plain.table(shown, columns[kind], width) .. "\n" .. note
end

local show = {}

show["lastpass.User"] = function(user)
  return plain.lines(user_lines(user))
end

show["lastpass.Group"] = function(group, width)
  local members = assert(group:members())
  local lines = { ("%s: %s"):format(text.clean(group.name), text.plural(#members, "member")) }
  for position = 1, math.min(#members, MOST_ROWS) do
    lines[#lines + 1] = "  " .. text.clean(text.cut(members[position], (width or 200) - 2))
  end
  return table.concat(lines, "\n")
end

show["lastpass.Folder"] = function(folder, width)
  local head = ("%s: %s"):format(text.clean(folder.name), text.plural(#folder.users, "user"))
  if #folder.users == 0 then
    return head
  end
  return head .. "\n" .. plain.table(folder.users, columns.folder_users, width)
end

show["lastpass.Event"] = function(event)
  return plain.lines {
    { "time", event.local_time .. (event.ambiguous and " (this hour came twice)" or "") },
    { "who", event.username },
    { "action", event.action },
    { "from", event.ip_address },
    { "about", event.data },
  }
end

show["lastpass.BatchResult"] = function(result, width)
  local head = tostring(result)
  if result.stopped then
    head = head .. "\nstopped: " .. text.clean(tostring(result.stopped))
  end
  local rows = batch_rows(result)
  if #rows == 0 then
    return head
  end
  return head .. "\n" .. plain.table(rows, columns.refused_rows, width)
end

local function class_of(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return type(metatable) == "table" and metatable.__name or nil
end

-- A strict object is shown as what it wraps.
local function unwrapped(value)
  return class_of(value) == "lastpass.strict" and rawget(value, "_target") or value
end

-- A plain list of users, as a program makes one.
local function kind_of_list(value)
  local kind = type(value) == "table" and kinds[class_of(unwrapped(rawget(value, 1))) or ""]
  if not kind or getmetatable(value) then
    return nil
  end
  for position = 1, #value do
    if kinds[class_of(unwrapped(value[position])) or ""] ~= kind then
      return nil
    end
  end
  return kind
end

--- One value as text.
---@param value any
---@param width? integer the terminal's columns
---@return string
function M.value(value, width)
  value = unwrapped(value)
  local all = scope.everything(value)
  if all then
    value = all
  end
  local kind = scope.kind(value)
  if kind then
    return table_of(scope.items(value), kind, width)
  end
  local view = show[class_of(value) or ""]
  if view then
    return view(value, width)
  end
  kind = kind_of_list(value)
  if kind then
    return table_of(value, kind, width)
  end
  return plain.text(value, width)
end

local function is_failure(results)
  return results.n >= 2
    and results[1] == nil
    and type(results[2]) == "string"
    and (results[3] == nil or type(results[3]) == "table" or type(results[3]) == "number")
end

--- A failure as lines: what happened, what it leaves open, what to do.
---@param message any
---@param err? table
---@param width? integer
---@return string
function M.failure(message, err, width)
  local lines = { "error: " .. plain.clean_lines(tostring(message)) }
  if type(err) == "table" then
    if err.uncertain then
      lines[#lines + 1] = "  it is not known whether the change was made"
    end
    if err.hint then
      lines[#lines + 1] = "  hint: " .. plain.clean_lines(tostring(err.hint))
    end
    if type(err.rows) == "table" and #err.rows > 0 then
      local rows = {}
      for position, row in ipairs(err.rows) do
        local item = row.item
        rows[position] = {
          row = row.row,
          who = type(item) == "table" and item.username or item,
          reason = row.reason,
        }
      end
      lines[#lines + 1] = plain.table(rows, { "row", "who", "reason" }, width)
    end
  end
  return table.concat(lines, "\n")
end

--- All results of a chunk.
---@param results table with `n`
---@param width? integer
---@return string|nil text nil when there is nothing to show
---@return boolean? failed they are a failure: nil, message, err
function M.results(results, width)
  if results.n == 0 then
    return nil
  elseif is_failure(results) then
    return M.failure(results[2], results[3], width), true
  end
  local parts = {}
  for position = 1, results.n do
    parts[position] = M.value(results[position], width)
  end
  return table.concat(parts, "\n")
end

return M
