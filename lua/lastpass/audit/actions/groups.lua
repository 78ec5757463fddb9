--- Actions on groups of users (enterprise-api §8.2, §8.3).
-- Each row: id, verb, severity, how its Data is read, names.
-- @module lastpass.audit.actions.groups
return {
  category = "group",
  { "group_created", "create", "low", "group", "Create Group" },
  { "group_deleted", "delete", "medium", "group", "Delete Group" },
  { "group_changed", "change", "low", "group", "Edit Group" },
  { "group_renamed", "change", "low", "group_rename", "Rename Group" },
  {
    "group_user_added",
    "grant",
    "low",
    "user_group",
    "Adding User to Group",
    "Add to Group",
    "Group Addition",
  },
  {
    "group_user_removed",
    "revoke",
    "low",
    "group_user",
    "Remove from Group",
    "Group Removal",
  },
}
