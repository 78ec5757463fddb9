--- What a result looks like at the prompt.
-- @module lastpass.cli.repl.display
local fit = require "lastpass.cli.repl.fit"
local listing = require "lastpass.cli.repl.listing"
local plain = require "lastpass.cli.repl.plain"
local text = require "lastpass.text"
local views = require "lastpass.cli.repl.views"

local MOST_ROWS = 2000 -- of one table; nobody pages through more

local M = {}

local function count_line(count, kind)
  local noun = views.nouns[kind]
  return text.plural(count, noun[1], noun[2])
end

-- Objects of one kind, as the table that is theirs.
local function table_of(items, kind, width)
  if #items == 0 then
    return "no " .. views.nouns[kind][2]
  end
  local shown, note = items, count_line(#items, kind)
  if #items > MOST_ROWS then
    shown = {}
    for position = 1, MOST_ROWS do
      shown[position] = items[position]
    end
    note = ("%s; the first %s are shown"):format(note, text.count(MOST_ROWS))
  end
  return fit.table(shown, views.columns[kind], width) .. "\n" .. note
end

local show = {}

show["lastpass.User"] = function(user)
  return plain.lines(views.user_lines(user))
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
  return head .. "\n" .. fit.table(folder.users, views.columns.folder_users, width)
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
  local rows = views.batch_rows(result)
  if #rows == 0 then
    return head
  end
  return head .. "\n" .. fit.table(rows, views.columns.refused_rows, width)
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
  local kind = type(value) == "table" and views.kinds[class_of(unwrapped(rawget(value, 1))) or ""]
  if not kind or getmetatable(value) then
    return nil
  end
  for position = 1, #value do
    if views.kinds[class_of(unwrapped(value[position])) or ""] ~= kind then
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
  local all = listing.everything(value)
  if all then
    value = all
  end
  local kind = listing.kind(value)
  if kind then
    return table_of(listing.items(value), kind, width)
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
      lines[#lines + 1] = plain.columns(rows, { "row", "who", "reason" }, width)
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
