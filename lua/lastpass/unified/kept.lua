--- What has been computed from a view of a directory: kept as long as the view is, computed once.
-- @module lastpass.unified.kept
local M = {}

local weak = { __mode = "k" }
local of_views = setmetatable({}, weak)

-- After so many turns somebody who computes is taken for gone, as an ended request leaves no trace.
local PATIENCE = 2000

local function nothing() end

--- What is kept for a view.
---@param view table of `tenant:directory()`
---@param settings table pause, wait: what is kept is theirs
---@return table kept
function M.of(view, settings)
  local of_settings = of_views[view]
  if not of_settings then
    of_settings = setmetatable({}, weak)
    of_views[view] = of_settings
  end
  local kept = of_settings[settings]
  if not kept then
    kept = {
      pause = settings.pause or nothing,
      wait = settings.wait or settings.pause or nothing,
      computing = {},
    }
    of_settings[settings] = kept
  end
  return kept
end

--- Gives what is kept under a name, or computes it. Where computing pauses, others who want the same
-- wait for it.
---@param kept table
---@param name string
---@param compute fun(): any, any? a value; or nil and a failure, which is not kept
---@return any|nil value
---@return any failure
function M.once(kept, name, compute)
  local turns = 0
  while kept[name] == nil and kept.computing[name] and turns < PATIENCE do
    turns = turns + 1
    kept.wait()
  end
  if kept[name] ~= nil then
    return kept[name]
  end
  kept.computing[name] = true
  local value, failure = compute()
  kept.computing[name] = nil
  kept[name] = value
  return value, failure
end

--- A small table of lists: when it is full, it starts anew.
---@param kept table
---@param name string of the table
---@param key string
---@param most integer
---@param compute fun(): any, any?
---@return any|nil value
---@return any failure
function M.among(kept, name, key, most, compute)
  local shelf = kept[name]
  if not shelf then
    shelf = { wait = kept.wait, computing = {}, count = 0 }
    kept[name] = shelf
  end
  local known = shelf[key]
  if known ~= nil then
    return known
  end
  if shelf.count >= most then
    shelf = { wait = kept.wait, computing = {}, count = 0 }
    kept[name] = shelf
  end
  shelf.count = shelf.count + 1
  return M.once(shelf, key, compute)
end

return M
