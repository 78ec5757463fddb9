--- The many companies of a running sandbox, from the outside: methods of `lastpass.sandbox.instance`.
-- @module lastpass.sandbox.tenants.methods
local errors = require "lastpass.error"
local files = require "lastpass.files"
local tenants = require "lastpass.sandbox.tenants"

local M = { methods = {} }

local methods = M.methods

-- Their options, which this side knows without asking: hashes do not go over the control API.
local function own_list(box)
  box.tenant_list = box.tenant_list or tenants.list(box.tenant_settings or { cid = box.cid })
  return box.tenant_list
end

--- The many companies.
---@return table[]|nil companies `name`, `cid`, `provhash`, `company_name`, `domain`, `users`, `license_limit`, `groups`, `slow`
-- ("hang" or seconds), `broken` ("500", "drop", "garbage", "refused"), `requests` (how many it was asked), `is_made` (whether
-- somebody has asked for it)
---@return string? message
---@return lastpass.Error? err
function methods:companies()
  local answer, message, err = self:control("GET", "tenants")
  if not answer then
    return nil, message, err
  end
  for at, one in ipairs(own_list(self)) do
    answer.companies[at].provhash = one.company.provhash
  end
  return answer.companies
end

--- Makes one of the many companies slow, broken or well again, or says how long the answers of all take.
---@param change table `company`: its name or number; `slow`: "hang", seconds or false; `broken`: "500", "drop", "garbage",
-- "refused" or false; `delay`: seconds, of all
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err
function methods:change_company(change)
  local known = { delay = tenants.known_options.delay }
  for name, expected in pairs(tenants.known_change) do
    known[name] = expected
  end
  errors.check_options("sandbox:change_company", change, known)
  local answer, message, err = self:control("POST", "tenants", change)
  return answer and true, message, err
end

--- What the APIs changed at a company, and the writes that it executed, whether or not they changed anything.
---@param cid? integer default the first company
---@return table|nil counts `effects` by kinds of events, `writes` by commands of the Enterprise API: sorted lists of
-- {kind, subject, count}
---@return string? message
---@return lastpass.Error? err
function methods:effects(cid)
  local path = cid and ("effects?cid=%.0f"):format(cid) or "effects"
  return self:control("GET", path)
end

-- The files of hashes, for their owner alone: by a shell, whose umask says so, and without waiting for the disk 2,000 times.
local function write_hashes(folder, list, own)
  local write = [[while read -r name hash; do printf '%s\n' "$hash" >"$name" || exit; done]]
  local line = ("umask 077 && cd %s && "):format(files.shell_word(folder)) .. write
  local pipe, reason = io.popen(line, "w")
  if not pipe then
    return errors.fail("argument", "cannot_write", ("%s: %s"):format(folder, tostring(reason)))
  end
  for _, one in ipairs(list) do
    pipe:write(("%.0f.hash %s\n"):format(one.company.cid, one.company.provhash))
  end
  for name, text in pairs(own) do
    pipe:write(("%s %s\n"):format(name, text))
  end
  pipe:close()
  local last = list[#list]
  local path = last and ("%s/%.0f.hash"):format(folder, last.company.cid)
  if path and files.read(path) ~= last.company.provhash .. "\n" then
    return errors.fail("argument", "cannot_write", ("%s: cannot be written"):format(path))
  end
  return true
end

--- Writes the files with which the program reaches the many companies: `companies.json` for `--tenants-file`, one with the hash
-- of each, and `parent.json`, a configuration for `--tenants-of parent`.
---@param folder? string default one that is removed when the sandbox stops
---@return string|nil path of companies.json
---@return string? message
---@return lastpass.Error? err
function methods:write_companies(folder)
  if not folder then
    folder = os.tmpname()
    os.remove(folder)
    self.tenant_folder = folder
  end
  local ok, message, err = files.make_folder(folder)
  local list = own_list(self)
  if ok then
    local own = { ["parent.hash"] = self.provhash, ["parent.key"] = self.rest_key }
    ok, message, err = write_hashes(folder, list, own)
  end
  local path = folder .. "/companies.json"
  if ok then
    local about = { url = self.url, ca_file = self.ca_file, folder = folder }
    ok, message, err = files.write(path, tenants.companies_file(list, about))
  end
  if ok then
    ok, message, err = files.write(
      folder .. "/parent.json",
      tenants.parent_file {
        cid = self.cid,
        url = self.url,
        rest_url = self.rest_url,
        ca_file = self.ca_file,
        timezone = self.timezone,
        folder = folder,
      }
    )
  end
  if not ok then
    return nil, message, err
  end
  return path
end

--- Removes what `write_companies` wrote into a folder of its own.
function M.remove_files(box)
  local folder = box.tenant_folder
  if not folder then
    return
  end
  for _, one in ipairs(own_list(box)) do
    os.remove(("%s/%.0f.hash"):format(folder, one.company.cid))
  end
  for _, name in ipairs { "companies.json", "parent.json", "parent.hash", "parent.key" } do
    os.remove(folder .. "/" .. name)
  end
  os.remove(folder)
  box.tenant_folder = nil
end

M.signatures = {
  companies = "",
  change_company = "change: table",
  effects = "cid?: integer",
  write_companies = "folder?: string",
}

return M
