--- Small questions about files, and their names in a shell.
-- @module lastpass.files
local M = {}

--- Whether a file can be opened for reading.
---@param path string
---@return boolean
function M.is_readable(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

--- A text as one word of a shell.
---@param text string
---@return string
function M.shell_word(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

return M
