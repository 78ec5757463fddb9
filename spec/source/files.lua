-- What specs of sources read from: files that are removed again, and handles that give pieces.
local M = {}

local temporary = {}

--- Writes a temporary file.
---@param text string
---@param ending? string of its name
---@return string path
function M.write(text, ending)
  local path = os.tmpname()
  temporary[#temporary + 1] = path
  if ending then
    path = path .. ending
    temporary[#temporary + 1] = path
  end
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

--- Removes what was written.
function M.remove()
  for _, path in ipairs(temporary) do
    os.remove(path)
  end
  temporary = {}
end

--- A handle that gives a text by so many bytes.
---@param text string
---@param size integer|fun(): integer
function M.stream(text, size)
  local position = 1
  return {
    read = function(_, bytes)
      local length = type(size) == "number" and size or size()
      -- called by a `for` loop, it is given something else
      length = type(bytes) == "number" and math.min(length, bytes) or length
      local piece = text:sub(position, position + length - 1)
      position = position + #piece
      return piece ~= "" and piece or nil
    end,
  }
end

--- A handle that gives these pieces and must not be read once it is closed.
---@param ... string
function M.pieces(...)
  local list, closed = { ... }, false
  return {
    read = function()
      assert(not closed, "read after close")
      return table.remove(list, 1)
    end,
    close = function()
      closed = true
    end,
    is_closed = function()
      return closed
    end,
  }
end

return M
