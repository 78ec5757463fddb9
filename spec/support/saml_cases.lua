--- How lists of hostile cases are written: one line for a case where it is short.
local M = {}

--- An empty list, and the function that adds a case to it.
---@return table list
---@return fun(name: string, code: string|table, change: function, more?: table) add `more`: other fields of the case
function M.list()
  local list = {}
  return list,
    function(name, code, change, more)
      local case = { name = name, code = code, change = change }
      for key, value in pairs(more or {}) do
        case[key] = value
      end
      list[#list + 1] = case
    end
end

--- A change of the finished text, in place of one of its parts.
---@param edit fun(text: string): string
---@return function change
function M.late(edit)
  return function(parts)
    parts.edit = edit
  end
end

--- A change of fields of the assertion.
function M.assertion(fields)
  return function(parts)
    for name, value in pairs(fields) do
      parts.assertion[name] = value
    end
  end
end

--- A change of fields of the response.
function M.response(fields)
  return function(parts)
    for name, value in pairs(fields) do
      parts.response[name] = value
    end
  end
end

--- A change of how the assertion is signed.
function M.signature(options)
  return function(parts)
    parts.assertion_signature = options
  end
end

return M
