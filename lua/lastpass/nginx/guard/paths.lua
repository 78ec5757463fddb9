--- Which paths ask for more than a session. Servers behind read a path in more ways than one: some ignore what follows a
-- ";" in a segment, take "\" for "/", several slashes for one, and letters of either case for the same. Whatever one of them
-- could read as a path that asks for more is such a path.
-- @module lastpass.nginx.guard.paths
local M = {}

local function without_dots(path)
  local segments = {}
  for segment in path:gmatch "[^/]+" do
    if segment == ".." then
      segments[#segments] = nil
    elseif segment ~= "." then
      segments[#segments + 1] = segment
    end
  end
  return "/" .. table.concat(segments, "/")
end

local function is_plain(path)
  return path:find "^/[%l%d/_-]*$" and not path:find("//", 1, true)
end

local function without_parameters(path)
  return (path:gsub(";[^/]*", ""))
end

--- The one spelling of a path that is compared.
---@param path string as nginx has decoded it
---@return string
function M.plain(path)
  if is_plain(path) then
    return path
  end
  return without_dots(without_parameters((path:lower():gsub("\\", "/"))))
end

-- What a server reads that takes "\" or ";" for letters like others: to it, "/admin/..;/x" is below "/admin".
local function other_readings(path)
  local lower = path:lower()
  local slashes = lower:gsub("\\", "/")
  return {
    without_dots(slashes),
    without_dots(without_parameters(lower)),
    without_dots(lower),
  }
end

--- Makes a list of what paths ask for ready for `find`.
---@param list table[] each with a path
---@return table[] list the longest path first: it is the one that counts
function M.sort(list)
  for _, requirement in ipairs(list) do
    requirement.plain = M.plain((requirement.path:gsub("/+$", "")))
  end
  table.sort(list, function(a, b)
    return #a.plain > #b.plain
  end)
  return list
end

local function is_below(path, prefix)
  return path == prefix or prefix == "/" or path:sub(1, #prefix + 1) == prefix .. "/"
end

local function find_plain(list, plain)
  for _, requirement in ipairs(list) do
    if is_below(plain, requirement.plain) then
      return requirement
    end
  end
end

--- What a path asks for.
---@param list table[] of `sort`
---@param path string as nginx has decoded it
---@return table|nil requirement
---@return table[]|nil others what it asks for as well, when servers could read it as paths that ask for different things
function M.find(list, path)
  if not list[1] then
    return nil
  end
  local found = find_plain(list, M.plain(path))
  if not path:find "[;\\]" then
    return found
  end
  local others
  for _, plain in ipairs(other_readings(path)) do
    local other = find_plain(list, plain)
    if other and not found then
      found = other
    elseif other and other ~= found then
      others = others or {}
      others[#others + 1] = other
    end
  end
  return found, others
end

return M
