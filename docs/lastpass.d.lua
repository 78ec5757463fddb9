---@meta lastpass
-- The types of the Enterprise API's commands for editors; made by docs/generate.lua.

---@class lastpass.data.batchadd
---@field username string e-mail address
---@field fullname? string full name
---@field groups? string[] names of the groups to join
---@field duousername? string name at Duo Security
---@field securidusername? string name at RSA SecurID
---@field password? string first master password, in clear
---@field password_reset_required? boolean with password: must it be changed at the first log-in (default true)
---@field attribs? table<string, string> free attributes, name to text

---@class lastpass.data.updateuser
---@field username string e-mail address
---@field fullname? string new full name
---@field duousername? string new name at Duo Security
---@field securidusername? string new name at RSA SecurID

---@class lastpass.data.updateemail
---@field oldemail string present e-mail address
---@field newemail string new e-mail address

---@class lastpass.data.deluser
---@field username string e-mail address
---@field deleteaction integer 0 block log-in, 1 remove from the company, 2 delete the account, 3 withdraw the invitation (0..3)

---@class lastpass.data.reinviteuser
---@field username string e-mail address

---@class lastpass.data.resetpassword
---@field username string e-mail address

---@class lastpass.data.requiremasterpasswordchange
---@field username string e-mail address

---@class lastpass.data.disablemultifactor
---@field username string e-mail address

---@class lastpass.data.batchchangegrp
---@field username string e-mail address
---@field add? string[] names of groups to join; one of add and del is needed
---@field del? string[] names of groups to leave; one of add and del is needed

---@class lastpass.data.getuserdata
---@field username? string just this e-mail address
---@field disabled? integer only disabled (1) or only enabled (0) users (0|1)
---@field admin? integer only admins (1) or only others (0) (0|1)
---@field pagesize? integer users on a page (1..2000)
---@field pageindex? integer which page, from 0 (0..)

---@class lastpass.data.getsfdata
---@field data? string "all" lists super admins too (all)

---@class lastpass.data.getdetailedsfdata
---@field data? string "all" lists super admins too (all)
---@field pagesize? integer folders on a page (1..)
---@field pageindex? integer which page, from 0 (0..)

---@class lastpass.data.reporting
---@field from? string YYYY-MM-DD HH:MM:SS in the account's time zone
---@field to? string YYYY-MM-DD HH:MM:SS in the account's time zone
---@field search? string text to look for
---@field user? string an e-mail address, or allusers
---@field admin? integer only admin events (1)
---@field next? string the previous answer's next, unchanged
---@field format? string the form for SIEM tools (siem)

---@class lastpass.data.expiredmasterpwlist
---@field limit? integer items in one answer (default 500) (1..500)
---@field continuation_token? string the previous answer's token

---@class lastpass.data.pushsitestousers
---@field users string all, the name of a group, or an e-mail address
---@field persistent? string 1 for a site that stays (0|1)
---@field url? string address of the site
---@field name? string name of the site
---@field group? string folder in the vault
---@field usernametype? string which user name is filled in (email|username|custom)
---@field username? string the user name, with usernametype custom
---@field password? string the password to fill in
---@field notes? string notes
---@field fav? string on for a favourite (|on)
---@field decryptid? string shared folder whose key encrypted the data; empty or 0 for none

---@class lastpass.Client
local client = {}

--- Create users and invite them.
-- https://support.lastpass.com/help/add-new-users-via-lastpass-api
---@param data lastpass.data.batchadd[]
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:batchadd(data) end

--- Change a user's full name, Duo or SecurID name.
-- https://support.lastpass.com/help/update-users-via-lastpass-api
---@param data lastpass.data.updateuser
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:updateuser(data) end

--- Start a change of e-mail address; the user ends it by logging in with the old one.
-- https://support.lastpass.com/help/update-user-email-via-lastpass-api
---@param data lastpass.data.updateemail
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:updateemail(data) end

--- Deactivate (0), remove from the company (1), delete (2) or uninvite (3) one user.
-- https://support.lastpass.com/help/delete-users-via-lastpass-api
---@param data lastpass.data.deluser
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:deluser(data) end

--- Disable accounts.
-- https://support.lastpass.com/help/disable-users-via-lastpass-api
---@param data string[]
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:disableuser(data) end

--- Enable accounts.
-- https://support.lastpass.com/help/enable-users-via-lastpass-api
---@param data string[]
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:enableuser(data) end

--- Send the invitation again.
-- https://support.lastpass.com/help/reinvite-users-via-lastpass-api
---@param data lastpass.data.reinviteuser
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:reinviteuser(data) end

--- Send a password reset e-mail; the password stays as it is.
-- https://support.lastpass.com/help/send-password-reset-email-via-lastpass-api
---@param data lastpass.data.resetpassword
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:resetpassword(data) end

--- Ask for a new master password at the next log-in.
-- https://support.lastpass.com/help/require-master-password-change-via-lastpass-api
---@param data lastpass.data.requiremasterpasswordchange
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:requiremasterpasswordchange(data) end

--- Switch off a user's multifactor authentication.
-- https://lastpass.com/enterprise_apidoc.php
---@param data lastpass.data.disablemultifactor
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:disablemultifactor(data) end

--- Add users to groups and remove them.
-- https://lastpass.com/enterprise_apidoc.php
---@param data lastpass.data.batchchangegrp[]
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:batchchangegrp(data) end

--- Read users, groups and invited addresses.
-- https://lastpass.com/enterprise_apidoc.php
---@param data? lastpass.data.getuserdata
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:getuserdata(data) end

--- Read shared folders and who may use them.
-- https://support.lastpass.com/help/get-shared-folder-data-via-lastpass-api
---@param data? string
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:getsfdata(data) end

--- Read shared folders, who may use them, and the sites each user sees.
-- https://support.lastpass.com/help/get-detailed-shared-folder-data-via-lastpass-api
---@param data? string|lastpass.data.getdetailedsfdata
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:getdetailedsfdata(data) end

--- Read audit events, newest first.
-- https://support.lastpass.com/help/event-reporting-via-lastpass-api
---@param data? lastpass.data.reporting
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:reporting(data) end

--- List active users whose master password has expired.
-- https://support.lastpass.com/help/reporting-expired-master-password-via-lastpass-api
---@param data? lastpass.data.expiredmasterpwlist
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:expiredmasterpwlist(data) end

--- Put a site into users' vaults (the vendor has withdrawn this command).
-- https://support.lastpass.com/help/push-sites-to-users-via-lastpass-api
---@param data lastpass.data.pushsitestousers
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err
function client:pushsitestousers(data) end

return client
