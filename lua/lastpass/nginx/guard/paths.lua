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

--- The one spelling of a path that is compared.
---@param path string as nginx has decoded it
---@return string
function M.plain(path)
  if path:find "^/[%l%d/_-]*$" and not path:find("//", 1, true) then
    return path
  end
  return without_dots((path:lower():gsub("\\", "/"):gsub(";[^/]*", "")))
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

--- What a path asks for.
---@param list table[] of `sort`
---@param path string as nginx has decoded it
---@return table|nil requirement
function M.find(list, path)
  if not list[1] then
    return nil
  end
  local plain = M.plain(path)
  for _, requirement in ipairs(list) do
    if is_below(plain, requirement.plain) then
      return requirement
    end
  end
end

return M
