--- What a step of a plan can be, in the order in which steps are carried out: what gives access
-- comes before what takes it, and what cannot come back is last.
-- @module lastpass.plan.kinds
local M = {}

---@class lastpass.plan.Kind
---@field name string
---@field phase integer   steps of a phase may be under way at once, phases come one after another
---@field sign "+"|"~"|"-"
---@field verb string     for people
---@field method? string  method of the client that takes a list of rows
---@field command? string command for one user, when no method takes a list
---@field action? integer the command's deleteaction (enterprise-api §4.4)
---@field reversal "reversible"|"hard"|"final" whether it comes back whole, with losses, or never
---@field removes? boolean it takes access or membership from somebody
---@field weakens? boolean it makes an account easier to take over, or locks its owner out for a while
---@field ends_membership? boolean afterwards they are not in the company
---@field mails? integer   e-mails that one such step sends
---@field traceless? boolean the directory does not show whether it was done

---@type lastpass.plan.Kind[]
M.list = {
  {
    name = "create",
    phase = 1,
    sign = "+",
    verb = "create and invite",
    method = "add_users",
    -- the invitation has been read by then
    reversal = "hard",
    mails = 1,
  },
  {
    name = "enable",
    phase = 1,
    sign = "+",
    verb = "let log in again",
    method = "enable_users",
    reversal = "reversible",
  },
  {
    name = "name",
    phase = 2,
    sign = "~",
    verb = "change the name",
    method = "update_users",
    reversal = "reversible",
  },
  {
    name = "groups",
    phase = 3,
    sign = "~",
    verb = "change the groups",
    method = "change_groups",
    reversal = "reversible",
  },
  {
    name = "rename",
    phase = 4,
    sign = "~",
    verb = "change the address",
    command = "updateemail",
    -- ended by the user, who logs in with the old address (enterprise-api §4.3)
    reversal = "hard",
    mails = 1,
    traceless = true,
  },
  {
    name = "reinvite",
    phase = 4,
    sign = "~",
    verb = "invite again",
    command = "reinviteuser",
    reversal = "hard",
    mails = 1,
    traceless = true,
  },
  {
    name = "reset_password",
    phase = 4,
    sign = "~",
    verb = "send a password reset",
    command = "resetpassword",
    reversal = "hard",
    weakens = true,
    mails = 1,
    traceless = true,
  },
  {
    name = "require_password_change",
    phase = 4,
    sign = "~",
    verb = "ask for a new master password",
    command = "requiremasterpasswordchange",
    reversal = "hard",
    weakens = true,
    traceless = true,
  },
  {
    name = "disable_mfa",
    phase = 4,
    sign = "~",
    verb = "switch multifactor off",
    command = "disablemultifactor",
    reversal = "hard",
    weakens = true,
    traceless = true,
  },
  {
    name = "disable",
    phase = 5,
    sign = "-",
    verb = "block the log-in",
    method = "disable_users",
    reversal = "reversible",
    removes = true,
  },
  {
    name = "uninvite",
    phase = 6,
    sign = "-",
    verb = "withdraw the invitation",
    command = "deluser",
    action = 3,
    ends_membership = true,
    reversal = "hard",
    removes = true,
  },
  {
    name = "remove",
    phase = 7,
    sign = "-",
    verb = "remove from the company",
    command = "deluser",
    action = 1,
    ends_membership = true,
    reversal = "hard",
    removes = true,
  },
  {
    name = "delete",
    phase = 8,
    sign = "-",
    verb = "delete the account",
    command = "deluser",
    action = 2,
    ends_membership = true,
    reversal = "final",
    removes = true,
  },
}

--- The same by name.
---@type table<string, lastpass.plan.Kind>
M.by_name = {}
for place, kind in ipairs(M.list) do
  kind.place = place
  M.by_name[kind.name] = kind
end

--- Whether the directory does not show what a step changes: some kinds, and of names those for Duo and
-- SecurID alone.
---@param step lastpass.plan.Step
---@return boolean
function M.is_traceless(step)
  if step.kind == "name" then
    return step.after.fullname == nil
  end
  return M.by_name[step.kind].traceless or false
end

return M
