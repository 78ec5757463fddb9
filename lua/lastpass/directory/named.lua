--- A few people by their addresses, without reading the whole directory.
-- @module lastpass.directory.named
local core = require "lastpass.core"
local pages = require "lastpass.enterprise.pages"

local M = {}

local function is_admin(page)
  return #page > 0 and core.user_value(page, 1, core.user_fields.admin)
end

-- Puts the rows of all into one; gives whether one of them is an admin.
local function read_each(client, addresses, whole)
  local with_admins = false
  local ok, message, err = pages.fetch_many(client, 1, #addresses, function(index)
    return { username = addresses[index] }
  end, function(_, page)
    with_admins = with_admins or is_admin(page)
    whole:append(page)
    page:close()
  end)
  if not ok then
    return nil, message, err
  end
  return with_admins
end

--- Reads them with one request for each, and one for how many people there are. Where one of them is an admin,
-- all admins come along: whether others are left can be asked then.
---@param client lastpass.Client
---@param addresses string[]
---@return userdata|nil rows of the core; there may be a few people more
---@return integer|string|nil total how many users the company has, or the message
---@return lastpass.Error? err
function M.read(client, addresses)
  if #addresses == 0 then
    return core.snapshot():seal(), 0 -- nobody is asked about, so nothing is
  end
  local probe, message, err = pages.fetch(client, { pagesize = 1, pageindex = 0 })
  if not probe then
    return nil, message, err
  end
  local total = probe:total()
  if not total then -- a server that does not count
    local everybody, why, failure = pages.read(client)
    return everybody, everybody and #everybody or why, failure
  end
  local whole = core.snapshot()
  whole:append(probe)
  local with_admins, why, failure = read_each(client, addresses, whole)
  if with_admins then
    local admins
    admins, why, failure = pages.read(client, { admin = true })
    if admins then
      whole:append(admins)
    end
  end
  if failure then
    return nil, why, failure
  end
  return whole:seal(), total
end

return M
