--- Companies from a CSV file with a row of titles: name, cid, provhash_file, and further keys of a profile. It becomes what a
-- file of the configuration's form would be; where the hash is stands in it, never the hash.
-- @module lastpass.tenants.csv_file
local csv = require "lastpass.csv"
local errors = require "lastpass.error"

local M = {}

-- Columns that are named otherwise than the key of a profile.
local SECRETS = {
  provhash_file = { "provhash", "file" },
  provhash_env = { "provhash", "env" },
  provhash_command = { "provhash", "command" },
}

local NUMBERS = errors.set_of {
  "cid",
  "timeout",
  "connect_timeout",
  "retries",
  "rate",
  "max_bytes",
}

local TEXTS = errors.set_of { "url", "apiuser", "timezone", "ca_file", "journal", "proxy" }

local function column_names()
  local names = { "name", "groups" }
  for _, list in ipairs { SECRETS, NUMBERS, TEXTS } do
    for name in pairs(list) do
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function fail(path, line, message)
  return errors.fail("argument", "bad_config", ("%s, line %d: %s"):format(path, line, message), {
    file = path,
    line = line,
  })
end

local function read_titles(path, row)
  local seen, names = {}, column_names()
  local known = errors.set_of(names)
  for position, title in ipairs(row) do
    local name = title:lower():gsub("^%s+", ""):gsub("%s+$", ""):gsub("[%s-]+", "_")
    if name == "provhash" or name == "hash" then
      local advice =
        "the hash itself must not stand here: write provhash_file, the path of its file"
      return fail(path, 1, advice)
    elseif not known[name] then
      local near = errors.nearest(name, names)
      local advice = near and ("did you mean '%s'?"):format(near)
        or "known are: " .. table.concat(names, ", ")
      return fail(path, 1, ("unknown column '%s' (%s)"):format(title:gsub("%c", "?"), advice))
    elseif seen[name] then
      return fail(path, 1, ("the column '%s' is there twice"):format(name))
    end
    seen[name], row[position] = true, name
  end
  for _, name in ipairs { "name", "cid" } do
    if not seen[name] then
      return fail(path, 1, ("there is no column '%s'"):format(name))
    end
  end
  return row
end

local function list_of(text)
  local list = {}
  for word in (text .. ";"):gmatch "%s*(.-)%s*;" do
    list[#list + 1] = word ~= "" and word or nil
  end
  return list
end

-- A row as a profile.
local function read_row(titles, row)
  local profile = {}
  for position, value in ipairs(row) do
    local name = titles[position]
    local is_said = value ~= "" and name ~= "name"
    if is_said and SECRETS[name] then
      local key, kind = SECRETS[name][1], SECRETS[name][2]
      profile[key] = profile[key] or {}
      profile[key][kind] = value
    elseif is_said and NUMBERS[name] then
      profile[name] = value:find "^%d+%.?%d*$" and tonumber(value) or value
    elseif is_said and name == "groups" then
      profile.groups = list_of(value)
    elseif is_said then
      profile[name] = value
    end
  end
  return profile
end

local function position_of(titles, wanted)
  for position, title in ipairs(titles) do
    if title == wanted then
      return position
    end
  end
end

-- Rows of the text; the parser says where it is wrong.
local function rows_of(path, text)
  local parser = csv.parser()
  local list = {}
  local ok, message, line = parser:parse(text)
  if ok then
    ok, message, line = parser:parse(nil)
  end
  if not ok then
    return fail(path, line or 1, message)
  end
  local row = parser:next()
  while row do
    list[#list + 1] = row
    row = parser:next()
  end
  return list
end

--- Makes the content of a configuration of the text of a CSV file.
---@param path string for messages
---@param text string
---@return table|nil content {profiles = …}
---@return string? message
---@return lastpass.Error? err code "bad_config", with file and line
function M.read(path, text)
  local rows, message, err = rows_of(path, (text:gsub("^\239\187\191", "")))
  if not rows then
    return nil, message, err
  elseif not rows[1] then
    return fail(path, 1, "the file is empty: its first row names the columns")
  end
  local titles
  titles, message, err = read_titles(path, rows[1])
  if not titles then
    return nil, message, err
  end
  local profiles, lines = {}, {}
  local at = position_of(titles, "name")
  for index = 2, #rows do
    local row = rows[index]
    local name, line = row[at], row.line
    if row.invalid then
      return fail(path, line, "a value is not UTF-8")
    elseif #row ~= #titles then
      return fail(path, line, ("%d values for %d columns"):format(#row, #titles))
    elseif name == "" then
      return fail(path, line, "a company has no name")
    elseif profiles[name] then
      local form = "the company '%s' stands in line %d already"
      return fail(path, line, form:format(name:gsub("%c", "?"), lines[name]))
    end
    profiles[name], lines[name] = read_row(titles, row), line
  end
  return { profiles = profiles }
end

return M
