--- Actions on shared folders (enterprise-api §8.2, §8.3).
-- Each row: id, verb, severity, how its Data is read, names.
-- @module lastpass.audit.actions.folders
return {
  category = "sharing",
  { "folder_created", "create", "low", "folder", "Created Shared Folder" },
  { "folder_account_created", "create", "low", "shared_account", "Created LastPass Account" },
  {
    "folder_deleted",
    "delete",
    "medium",
    "folder",
    "Deleted Shared Folder",
    "Delete shared folder",
  },
  { "folder_purged", "delete", "high", "folder", "Permanently Deleted Shared Folder" },
  { "folder_restored", "create", "low", "folder", "Restored Shared Folder" },
  { "folder_renamed", "change", "low", "folder_rename", "Renamed Shared Folder" },
  { "folder_sites_deleted", "delete", "low", "folder_sites", "Delete Shared Sites" },
  { "folder_user_added", "grant", "low", "folder_user", "Add to Shared Folder" },
  { "folder_user_removed", "revoke", "low", "folder_user", "Removed From Shared Folder" },
  { "folder_permissions_changed", "grant", "low", "folder_user", "Update Folder Permissions" },
  { "folder_limited", "grant", "low", "folder_user_words", "Limit Shared Folder" },
  { "folder_item_added", "create", "info", "move_to", "Move to Shared Folder" },
  { "folder_item_removed", "delete", "info", "move_from", "Move from Shared Folder" },
}
