--- `--ndjson`: a JSON object a line, written while rows come.
-- @module lastpass.cli.output.ndjson
local json = require "lastpass.cli.output.json"

local M = {}

--- Shows rows.
function M.rows(session, view, plan, each)
  for object in each do
    session.streams:write(json.object(view, plan.fields, object), "\n")
  end
end

return M
