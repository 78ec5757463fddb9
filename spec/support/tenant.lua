--- Tenants for specs, as `lastpass.nginx` makes them: a sandbox company, or rows written down.
local digest = require "lastpass.digest"

local M = {}

local serial = 0

-- A new version each time it was read: that nothing changed is for the cache to notice.
local function view_of(snapshot, folders)
  serial = serial + 1
  return {
    version = digest.hex(("%d %s"):format(serial, tostring(snapshot)), 16),
    read_at = os.time(),
    age = 0,
    stale = false,
    snapshot = snapshot,
    folders = folders,
  }
end

--- A tenant over a sandbox. The directory is read when it is first asked for, and again after
-- `refresh`; `tenant.reads` counts.
---@param box table of `spec.support.box`
---@param options? table name, cid, and options of the client
---@return table tenant
function M.of(box, options)
  options = options or {}
  local client = assert(box:client(options.client))
  local tenant = { name = options.name or "acme", cid = box.cid, reads = 0, refreshes = 0 }
  function tenant.client()
    return client
  end
  function tenant.directory(self)
    if not self.view then
      local snapshot, message, err = client:snapshot()
      if not snapshot then
        return nil, message, err
      end
      self.reads = self.reads + 1
      self.view = view_of(snapshot)
    end
    return self.view
  end
  function tenant.refresh(self)
    self.refreshes = self.refreshes + 1
    self.view = nil
  end
  return tenant
end

--- A view of any snapshot.
M.view_of = view_of

return M
