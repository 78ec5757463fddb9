--- When a playbook is to run next, by what it says: `every "15m"` or `at "02:00"`.
-- @module lastpass.nginx.playbooks.schedule
local M = {}

local DAY = 86400

-- The first of the times of day that is after `last`. The day before counts too: in a zone east of UTC
-- it is another day.
local function next_time_of_day(times, last, zone)
  local today = math.floor(zone:to_local(last) / DAY) * DAY
  for day = today - DAY, today + 2 * DAY, DAY do
    for _, seconds in ipairs(times) do
      local moment = zone:to_utc(day + seconds)
      if moment > last then
        return moment
      end
    end
  end
  return last + DAY -- no zone skips three days
end

--- The next time.
---@param schedule lastpass.plan.Schedule
---@param last number|nil when it last began, epoch seconds
---@param known_since number since when it has been known, for what never ran
---@param zone lastpass.Zone of the account
---@return number epoch seconds
function M.next(schedule, last, known_since, zone)
  if schedule.every then
    return last and last + schedule.every or known_since
  end
  return next_time_of_day(schedule.at, last or known_since, zone)
end

return M
