--- The built-in rules; `use` names them, with other numbers where they have any.
-- @module lastpass.report.check.rules
local M = {}

local function can_log_in(user)
  return user.status == "active"
end

local function joined(list)
  return table.concat(list, ", ")
end

--- Each is a function of its settings that gives a rule.
---@type table<string, fun(settings: table): table>
M.makers = {
  admin_without_mfa = function()
    return {
      title = "Admins have a second factor",
      severity = "error",
      each = "user",
      applies = function(user)
        return user.admin and can_log_in(user)
      end,
      holds = function(user)
        return user.mfa ~= nil
      end,
      message = "an admin without multifactor",
    }
  end,

  user_without_mfa = function()
    return {
      title = "Everybody has a second factor",
      severity = "warning",
      each = "user",
      applies = function(user)
        return not user.admin and can_log_in(user)
      end,
      holds = function(user)
        return user.mfa ~= nil
      end,
      message = "no multifactor",
    }
  end,

  weak_master_password = function(settings)
    return {
      title = ("Master passwords have a strength of %d or more"):format(settings.strength),
      severity = "warning",
      each = "user",
      applies = function(user)
        return can_log_in(user) and not user.never_logged_in and user.password_strength ~= nil
      end,
      holds = function(user)
        return user.password_strength >= settings.strength
      end,
      message = function(user)
        return ("the master password has a strength of %d"):format(user.password_strength)
      end,
    }
  end,

  expired_master_password = function()
    return {
      title = "No master password has expired",
      severity = "warning",
      each = "user",
      needs = { "expired_passwords" },
      applies = can_log_in,
      holds = function(user)
        return not user.expired_password
      end,
      message = "the master password has expired",
    }
  end,

  inactive_account = function(settings)
    return {
      title = ("Nobody stays away for more than %d days"):format(settings.days),
      severity = "warning",
      each = "user",
      applies = function(user)
        return can_log_in(user) and user.last_login ~= nil
      end,
      holds = function(user, company)
        return company.days_since(user.last_login) <= settings.days
      end,
      message = function(user, company)
        return ("not logged in for %d days"):format(company.days_since(user.last_login))
      end,
    }
  end,

  never_logged_in = function(settings)
    return {
      title = ("Accounts are used within %d days"):format(settings.days),
      severity = "note",
      each = "user",
      applies = function(user)
        return can_log_in(user) and user.never_logged_in and user.created ~= nil
      end,
      holds = function(user, company)
        return company.days_since(user.created) <= settings.days
      end,
      message = function(user, company)
        return ("never used, %d days after it was made"):format(company.days_since(user.created))
      end,
    }
  end,

  disabled_admin = function()
    return {
      title = "Disabled accounts have no admin rights",
      severity = "warning",
      each = "user",
      applies = function(user)
        return user.status == "disabled"
      end,
      holds = function(user)
        return not user.admin
      end,
      message = "disabled, and still an admin",
    }
  end,

  too_few_admins = function(settings)
    return {
      title = ("At least %d admins can log in"):format(settings.least),
      severity = "error",
      each = "company",
      holds = function(company)
        return company.active_admins >= settings.least
      end,
      message = function(company)
        return ("%d admins can log in"):format(company.active_admins)
      end,
    }
  end,

  folder_without_admin = function()
    return {
      title = "Shared folders have an admin who can log in",
      severity = "error",
      each = "folder",
      holds = function(folder)
        return not folder.orphan
      end,
      message = "none of its admins can log in",
    }
  end,

  folder_with_externals = function()
    return {
      title = "Shared folders are used by the company alone",
      severity = "warning",
      each = "folder",
      holds = function(folder)
        return #folder.external == 0
      end,
      message = function(folder)
        return "people from outside have access: " .. joined(folder.external)
      end,
    }
  end,

  folder_admin_without_mfa = function()
    return {
      title = "Admins of shared folders have a second factor",
      severity = "error",
      each = "folder",
      holds = function(folder)
        return #folder.admins_without_mfa == 0
      end,
      message = function(folder)
        return "admins without multifactor: " .. joined(folder.admins_without_mfa)
      end,
    }
  end,
}

--- The numbers that a rule can be given, and what they are otherwise.
---@type table<string, table<string, number>>
M.settings = {
  weak_master_password = { strength = 50 },
  inactive_account = { days = 90 },
  never_logged_in = { days = 30 },
  too_few_admins = { least = 2 },
}

--- The names of all rules, sorted.
---@return string[]
function M.names()
  local names = {}
  for name in pairs(M.makers) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

return M
