--- What `:doc` shows at the prompt; made by docs/generate.lua from the comments in the code.
-- @module lastpass.cli.repl.reference
return {
  ["client.add_users"] = [==[
client:add_users(list, options)
  Creates users and invites them. Like all functions over lists it makes a plan, asks
  the guards, writes a journal and reads back; `client:undo(result.run)` takes it back.
  list (table[]): rows as `batchadd` takes them
  options (lastpass.plan.DirectOptions, optional)
  gives lastpass.BatchResult|nil result true to the row; look at `result.ok`; or nil,
      message, err]==],
  ["client.apply"] = [==[
client:apply(plan, options)
  Applies a plan, with a journal that survives crashes.
  plan (lastpass.Plan)
  options (table, optional): progress, chunk, in_flight, stop_after, confirm_final,
      refused_rows, cancel
  gives lastpass.Run|nil run; or nil, message, err]==],
  ["client.batchadd"] = [==[
client:batchadd(data)
  Create users and invite them.
  data: list of objects
  username (address): e-mail address
  fullname (string, optional): full name
  groups (list of strings, optional): names of the groups to join
  duousername (string, optional): name at Duo Security
  securidusername (string, optional): name at RSA SecurID
  password (string, optional): first master password, in clear
  password_reset_required (boolean, optional): with password: must it be changed at the
      first log-in (default true)
  attribs (table of strings, optional): free attributes, name to text
  https://support.lastpass.com/help/add-new-users-via-lastpass-api]==],
  ["client.batchchangegrp"] = [==[
client:batchchangegrp(data)
  Add users to groups and remove them.
  data: list of objects
  username (address): e-mail address
  add (list of strings, optional): names of groups to join; one of add and del is needed
  del (list of strings, optional): names of groups to leave; one of add and del is
      needed
  https://lastpass.com/enterprise_apidoc.php]==],
  ["client.call"] = [==[
client:call(command, data)
  Sends any command by its name: the way for what no method covers.
  command (string): one of the 17 commands, or a local alias
  data (any): as the command wants it; wrong data raise
  gives any|nil value the decoded reply; `value.warnings` when the server remarked
      something; or nil, message, err]==],
  ["client.change_groups"] = [==[
client:change_groups(list, options)
  Changes memberships.
  list (table[]): rows as `batchchangegrp` takes them: username, add, del
  options (lastpass.plan.DirectOptions, optional)
  gives lastpass.BatchResult|nil; or nil, message, err]==],
  ["client.cursors"] = [==[
client:cursors()
  The cursors of this company: how far each export has come.
  gives table[]|nil list {name, position, saved_at}, by name; or nil, message, err]==],
  ["client.deluser"] = [==[
client:deluser(data)
  Deactivate (0), remove from the company (1), delete (2) or uninvite (3) one user.
  data: object
  username (address): e-mail address
  deleteaction (integer): 0 block log-in, 1 remove from the company, 2 delete the
      account, 3 withdraw the invitation (0..3)
  https://support.lastpass.com/help/delete-users-via-lastpass-api]==],
  ["client.disable_users"] = [==[
client:disable_users(list, options)
  Disables users.
  list (string[]): e-mail addresses
  options (lastpass.plan.DirectOptions, optional)
  gives lastpass.BatchResult|nil; or nil, message, err]==],
  ["client.disablemultifactor"] = [==[
client:disablemultifactor(data)
  Switch off a user's multifactor authentication.
  data: object
  username (address): e-mail address
  https://lastpass.com/enterprise_apidoc.php]==],
  ["client.disableuser"] = [==[
client:disableuser(data)
  Disable accounts.
  data: list of strings
  https://support.lastpass.com/help/disable-users-via-lastpass-api]==],
  ["client.drift"] = [==[
client:drift()
  What has changed since the last plan was applied, and the audit event that explains it
  where there is one.
  gives lastpass.plan.Drift[]|nil; or nil, message, err]==],
  ["client.enable_users"] = [==[
client:enable_users(list, options)
  Enables users.
  list (string[]): e-mail addresses
  options (lastpass.plan.DirectOptions, optional)
  gives lastpass.BatchResult|nil; or nil, message, err]==],
  ["client.enableuser"] = [==[
client:enableuser(data)
  Enable accounts.
  data: list of strings
  https://support.lastpass.com/help/enable-users-via-lastpass-api]==],
  ["client.events"] = [==[
client:events(options)
  Audit events, oldest first. A failure raises the error.
  options (table, optional): from (default "-24h"), to, user, search, admin; times as
      epoch seconds, "2026-03-01 10:00" in the account's zone, "-24h", "yesterday"
  gives fun(): lastpass.Event|nil iterator]==],
  ["client.expired_passwords"] = [==[
client:expired_passwords()
  Users whose master password has expired. A failure raises the error.
  gives fun(): lastpass.ExpiredPassword|nil iterator]==],
  ["client.expiredmasterpwlist"] = [==[
client:expiredmasterpwlist(data)
  List active users whose master password has expired.
  data: object, optional
  limit (integer, optional): items in one answer (default 500) (1..500)
  continuation_token (string, optional): the previous answer's token
  https://support.lastpass.com/help/reporting-expired-master-password-via-lastpass-api]==],
  ["client.export"] = [==[
client:export(options)
  Exports events: to a file, to stdout, to a syslog server, to a webhook. With a cursor
  it continues where it was, loses nothing and, to a file, doubles nothing, whenever it
  is killed.
  options (table, optional): from, to, user, search, admin (which events); format
      ("ndjson", "ecs", "ocsf", "cef", "leef", "syslog", "csv", "text"); sink ("-", a
      path, or a table of kind and options); pseudonymise (a secret); cursor (a name),
      follow, every, overlap (seconds); on_progress, cancel (functions)
  gives lastpass.ExportResult|nil result events, duplicates, unknown (name of an action
      -> count), cursor, position; or nil, message, err]==],
  ["client.folders"] = [==[
client:folders(options)
  Shared folders and who may use them, by name. A failure raises the error.
  options (table, optional): detailed: also the sites each user sees
  gives fun(): lastpass.Folder|nil iterator]==],
  ["client.forget_cursor"] = [==[
client:forget_cursor(name)
  Forgets a cursor: the next export of that name begins anew.
  name (string)
  gives true|nil ok; or nil, message, err]==],
  ["client.getdetailedsfdata"] = [==[
client:getdetailedsfdata(data)
  Read shared folders, who may use them, and the sites each user sees.
  data: text or object, optional
  data (string, optional): "all" lists super admins too (all)
  pagesize (integer, optional): folders on a page (1..)
  pageindex (integer, optional): which page, from 0 (0..)
  https://support.lastpass.com/help/get-detailed-shared-folder-data-via-lastpass-api]==],
  ["client.getsfdata"] = [==[
client:getsfdata(data)
  Read shared folders and who may use them.
  data: text, optional
  data (string, optional): "all" lists super admins too (all)
  https://support.lastpass.com/help/get-shared-folder-data-via-lastpass-api]==],
  ["client.getuserdata"] = [==[
client:getuserdata(data)
  Read users, groups and invited addresses.
  data: object, optional
  username (address, optional): just this e-mail address
  disabled (integer, optional): only disabled (1) or only enabled (0) users (0|1)
  admin (integer, optional): only admins (1) or only others (0) (0|1)
  pagesize (integer, optional): users on a page (1..2000)
  pageindex (integer, optional): which page, from 0 (0..)
  https://lastpass.com/enterprise_apidoc.php]==],
  ["client.group"] = [==[
client:group(name)
  A group by its name. Nothing is sent before it is used.
  name (string)
  gives lastpass.Group]==],
  ["client.groups"] = [==[
client:groups()
  All groups, by name. A failure raises the error.
  gives fun(): lastpass.Group|nil iterator]==],
  ["client.keep_snapshot"] = [==[
client:keep_snapshot(snapshot)
  Stores a read of the directory in the journal, compressed.
  snapshot (lastpass.Snapshot, optional): default: read now
  gives integer|nil id; or nil, message, err]==],
  ["client.kept_snapshot"] = [==[
client:kept_snapshot(as_of)
  The directory as it was stored last at or before a time; also `client:snapshot{ as_of
  = … }`.
  as_of (string|number): "2026-03-31" means the end of that day in the account's zone
  gives lastpass.directory.Record|nil; or nil, message, err]==],
  ["client.kept_snapshots"] = [==[
client:kept_snapshots(limit)
  Which reads of the directory are stored, newest first.
  limit (integer, optional): default 20
  gives table[]|nil list of {id, read_at, users, sha256}; or nil, message, err]==],
  ["client.load_plan"] = [==[
client:load_plan(path)
  Reads a plan that was saved.
  path (string)
  gives lastpass.Plan|nil plan; or nil, message, err]==],
  ["client.now"] = [==[
client:now()
  The client's clock: the option `now`, else the computer's.
  gives number seconds UTC, since 1970]==],
  ["client.option"] = [==[
client:option(name)
  An option the client was made with, or its default.
  name (string): see `lastpass.enterprise.options`; an unknown name raises
  gives any value nil for an option without a default that was not given]==],
  ["client.plan"] = [==[
client:plan(playbook, options)
  Makes a plan: runs a playbook, reads the directory, compares, asks the guards. Nothing
  is written to LastPass.
  playbook (string|function|table): the path of a playbook; a function that is given the
      words of playbooks as a table; or single actions, such as { reinvite = {
      "ann@acme.com" } }: create, update, groups and rename take rows, the others
      addresses (`lastpass.plan.actions`)
  options (table, optional): limit (stronger than the playbook's), expires_in (seconds;
      default a day), time_limit (seconds that the playbook may compute; default as long
      as it takes)
  gives lastpass.Plan|nil plan; or nil, message, err]==],
  ["client.pushsitestousers"] = [==[
client:pushsitestousers(data)
  Put a site into users' vaults (the vendor has withdrawn this command).
  data: object
  users (string): all, the name of a group, or an e-mail address
  persistent (string, optional): 1 for a site that stays (0|1)
  url (string, optional): address of the site
  name (string, optional): name of the site
  group (string, optional): folder in the vault
  usernametype (string, optional): which user name is filled in (email|username|custom)
  username (string, optional): the user name, with usernametype custom
  password (string, optional): the password to fill in
  notes (string, optional): notes
  fav (string, optional): on for a favourite (|on)
  decryptid (string, optional): shared folder whose key encrypted the data; empty or 0
      for none
  https://support.lastpass.com/help/push-sites-to-users-via-lastpass-api]==],
  ["client.redact"] = [==[
client:redact(text)
  A string without the provisioning hash: what came from elsewhere may repeat it.
  text (string)
  gives string]==],
  ["client.reinviteuser"] = [==[
client:reinviteuser(data)
  Send the invitation again.
  data: object
  username (address): e-mail address
  https://support.lastpass.com/help/reinvite-users-via-lastpass-api]==],
  ["client.reporting"] = [==[
client:reporting(data)
  Read audit events, newest first.
  data: object, optional
  from (string, optional): YYYY-MM-DD HH:MM:SS in the account's time zone
  to (string, optional): YYYY-MM-DD HH:MM:SS in the account's time zone
  search (string, optional): text to look for
  user (address, optional): an e-mail address, or allusers
  admin (integer, optional): only admin events (1)
  next (string, optional): the previous answer's next, unchanged
  format (string, optional): the form for SIEM tools (siem)
  https://support.lastpass.com/help/event-reporting-via-lastpass-api]==],
  ["client.request_body"] = [==[
client:request_body(command, data)
  The body of a request, which holds the hash and is no Lua string. Nothing is sent.
  command (string)
  data (any): as the command wants it
  gives userdata|nil body]==],
  ["client.requiremasterpasswordchange"] = [==[
client:requiremasterpasswordchange(data)
  Ask for a new master password at the next log-in.
  data: object
  username (address): e-mail address
  https://support.lastpass.com/help/require-master-password-change-via-lastpass-api]==],
  ["client.resetpassword"] = [==[
client:resetpassword(data)
  Send a password reset e-mail; the password stays as it is.
  data: object
  username (address): e-mail address
  https://support.lastpass.com/help/send-password-reset-email-via-lastpass-api]==],
  ["client.resume"] = [==[
client:resume(id, options)
  Resumes a run that broke off: finds out what became of what was under way, then does
  what is left.
  id (integer)
  options (table, optional): as of `apply`
  gives lastpass.Run|nil run; or nil, message, err]==],
  ["client.run"] = [==[
client:run(id)
  A run as the journal has it.
  id (integer)
  gives lastpass.Run|nil run; or nil, message, err]==],
  ["client.runs"] = [==[
client:runs(options)
  The runs of this company, newest first.
  options (table, optional): limit (default 20), state ("running", "finished",
      "stopped", "abandoned")
  gives table[]|nil runs; or nil, message, err]==],
  ["client.snapshot"] = [==[
client:snapshot(filter)
  Reads the whole directory, all pages, and proves that none was lost.
  filter (table, optional): disabled, admin (booleans), username; or, alone, `as_of` (a
      time): the directory as it was stored then; or, alone, `named` (addresses): these
      people and, if one of them is an admin, all admins, with a request for each
      instead of the whole directory
  gives lastpass.Snapshot|lastpass.directory.Record|nil; or nil, message, err]==],
  ["client.transport"] = [==[
client:transport()
  What carries the client's requests.
  gives table transport with `send`]==],
  ["client.undo"] = [==[
client:undo(id, options)
  Makes the plan that takes a run back; apply it like any other.
  id (integer)
  options (table, optional): expires_in (seconds; default a day), limit (as of `plan`;
      of a run that began within a week nothing is limited unless it is given)
  gives lastpass.Plan|nil plan; or nil, message, err]==],
  ["client.update_users"] = [==[
client:update_users(list, options)
  Changes full names, Duo and SecurID names, one call a user.
  list (table[]): rows as `updateuser` takes them
  options (lastpass.plan.DirectOptions, optional)
  gives lastpass.BatchResult|nil; or nil, message, err]==],
  ["client.updateemail"] = [==[
client:updateemail(data)
  Start a change of e-mail address; the user ends it by logging in with the old one.
  data: object
  oldemail (address): present e-mail address
  newemail (address): new e-mail address
  https://support.lastpass.com/help/update-user-email-via-lastpass-api]==],
  ["client.updateuser"] = [==[
client:updateuser(data)
  Change a user's full name, Duo or SecurID name.
  data: object
  username (address): e-mail address
  fullname (string, optional): new full name
  duousername (string, optional): new name at Duo Security
  securidusername (string, optional): new name at RSA SecurID
  https://support.lastpass.com/help/update-users-via-lastpass-api]==],
  ["client.user"] = [==[
client:user(email)
  One user.
  email (string)
  gives lastpass.User|nil; or nil, message, err]==],
  ["client.users"] = [==[
client:users(filter)
  Everybody, or those whom the filter lets through; invited people at the end. The
  directory is read first, in pages, and is complete; with `stream` it comes in one
  reply and users are given out while it arrives, in bounded memory. A failure raises
  the error (its text is the message, its fields are those of any error).
  filter (table, optional): status ("active", "disabled", "invited"), admin, disabled
      (booleans), stream
  gives fun(): lastpass.User|nil iterator]==],
  ["client.with"] = [==[
client:with(options)
  The same client with other options; limiter and connections are shared.
  options (table): as for `lastpass.new`, but account, host and secret stay; `transport`
      is an object
  gives lastpass.Client]==],
  ["client.zone"] = [==[
client:zone()
  The zone of the account's times; read on first use.
  gives lastpass.Zone]==],
  ["group.add"] = [==[
group:add(...)
  Adds people.
  ... (string|lastpass.User|table): addresses, users and lists of them
  gives lastpass.BatchResult|nil]==],
  ["group.members"] = [==[
group:members()
  The members' addresses.
  gives string[]|nil members empty when nobody is in the group, or when there is no such
      group: the API tells the two apart only by members; or nil, message, err]==],
  ["group.remove"] = [==[
group:remove(...)
  Takes people out.
  ... (string|lastpass.User|table): addresses, users and lists of them
  gives lastpass.BatchResult|nil]==],
  ["lastpass.connect"] = [==[
lastpass.connect(profile, options)
  Makes a client from a profile of the configuration.
  profile (string, optional): default: the configuration's default profile
  options (table, optional): further options, stronger than the profile's
  gives lastpass.Client|nil; or nil, message, err]==],
  ["lastpass.json.decode"] = [==[
lastpass.json.decode(text)
  Reads one JSON text. Stricter than lua-cjson: RFC 8259 to the letter, no duplicate
  keys, no lone surrogates, no number that a Lua number would not hold exactly. An empty
  list is marked as one (see `list`), so that it is written as it was read.
  text (string)
  gives any value; or nil, message, err]==],
  ["lastpass.json.encode"] = [==[
lastpass.json.encode(value)
  Writes one JSON text: keys sorted, so that equal values give equal bytes; integers in
  full; a table with elements, or one marked by `list`, as a list, any other as an
  object.
  value (any): raises for functions, userdata, NaN, infinity and keys that are no
      strings
  gives string text]==],
  ["lastpass.json.is_list"] = [==[
lastpass.json.is_list(t)
  Whether a table was marked by `list`.
  t (any)
  gives boolean]==],
  ["lastpass.json.list"] = [==[
lastpass.json.list(t)
  Marks a table as a list, so that an empty one is written as `[]`.
  t (table, optional)
  gives table t]==],
  ["lastpass.json.shown"] = [==[
lastpass.json.shown(value)
  Writes one JSON text for people and logs: control characters, marks of direction and
  the like are escapes in it ("\\u009b"), so that they steer no terminal.
  value (any)
  gives string text the same value]==],
  ["lastpass.new"] = [==[
lastpass.new(options)
  Makes a client of the Enterprise API. Nothing is sent.
  options (table): cid, provhash and others: `lastpass.enterprise.options`, README
      "Options"
  gives lastpass.Client client wrong options raise
  options:
    cid (integer or digits; default: required): account number, as the Admin Console
      shows it
    provhash (secret; default: required): provisioning hash, from `lastpass.secret`
    url (string; default: https://lastpass.com/enterpriseapi.php): address of the API;
      https, or http to this machine
    apiuser (string; default: none): label sent along with each request
    timezone (string; default: America/New_York): zone of the account's times: a tzdata
      name or a POSIX rule
    timeout (seconds; default: 120): for one whole call
    connect_timeout (seconds; default: 10): for reaching the server
    retries (count; default: 3): how often a read is tried again; writes only when
      nothing was sent
    rate (per second; default: no limit): requests to this company, over all clients of
      the process
    max_bytes (bytes; default: 256 MiB): largest reply that is accepted
    page_size (users; default: 2000): users asked for at once
    chunk (rows; default: 100): rows of one write when a list is split
    in_flight (count; default: 4): pages of one read under way at once
    ca_file (path; default: the system's): PEM certificates to trust
    proxy (URL; default: the environment's): proxy to go through; "" for none; never to
      this machine without TLS
    verify (boolean; default: true): false skips TLS verification, to this machine only
    http_version (string; default: "1.1"): "2" for HTTP/2 when offered; its library
      copies the hash
    transport (name or object; default: curl): how requests are sent: "curl"; in nginx
      "resty" or "thread"
    journal (path or DSN; default: a file of the user's): where plans are journalled: a
      file for SQLite, or postgresql://user@host/database
    protect (list of addresses; default: none): accounts that plans, verbs and users'
      methods take nothing from
    now (function; default: the machine's clock): gives the seconds since 1970 that
      relative times count from
    on_request (function; default: none): called with {command, attempt} before each
      request
    on_wait (function; default: none): called with {command, seconds, reason} before a
      wait
    on_retry (function; default: none): called with {command, attempt, message, code,
      seconds}
    on_reply (function; default: none): called with {command, attempt, seconds, code}
      after each request; no code when it went well
    limiter (object; default: one of the process): who spaces requests:
      `acquire(command, rate, on_wait)` and `back_off(seconds)`]==],
  ["lastpass.parallel"] = [==[
lastpass.parallel(limit, body)
  Runs tasks as coroutines over the one pool of connections, at most `limit` at a time.
  A call of a client inside a task lets the others go on while it waits. `spawn` waits
  when `limit` tasks run, so that a loop over ten thousand users needs no list of them.
  When a task raises, no further one is started, those under way come to their end, and
  the first error is raised. In plain Lua 5.1 a task cannot wait inside pcall; LuaJIT
  and 5.2 or later can.
  limit (integer): how many tasks at most, 1 or more
  body (fun(spawn: fun(fn: function, ...): lastpass.Task))]==],
  ["lastpass.report.access_review"] = [==[
lastpass.report.access_review(subject, options)
  What there is to decide: who has an account, admin rights, groups, shared folders.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    roster (lastpass.source.People; required): a source of people
    manager (string; default: manager): the roster's column with the manager's address
    what (string[]): only these
    exclude ({ address or pattern = reason }): accounts that are left aside, each with
      the reason
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.access_review.closure"] = [==[
lastpass.report.access_review.closure(subject, decisions)
  How the campaign has ended: what was kept, what was removed, what is still open.
  subject (lastpass.Client|lastpass.Snapshot)
  decisions (lastpass.report.Decisions)
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.access_review.export"] = [==[
lastpass.report.access_review.export(subject, folder, options)
  Writes a campaign: one CSV file for each manager, with the columns "decision" and
  "comment" to be filled in, and campaign.json, which knows what was asked.
  subject (lastpass.Client|lastpass.Snapshot)
  folder (string): must be empty or not there yet
  options (table): as of `report.access_review`
  gives lastpass.Report|nil report what was asked; or nil, message, err]==],
  ["lastpass.report.access_review.manual"] = [==[
lastpass.report.access_review.manual(decisions)
  What the plan cannot do, because the API cannot: admin rights and shared folders.
  decisions (lastpass.report.Decisions)
  gives table[] tasks {id, person, kind, what, task, origin}]==],
  ["lastpass.report.access_review.plan"] = [==[
lastpass.report.access_review.plan(client, decisions, options)
  Makes the plan that applies the decisions: memberships end, accounts are disabled.
  client (lastpass.Client)
  decisions (lastpass.report.Decisions)
  options (table, optional): protect (list of addresses), limit, expires_in: as of plans
  gives lastpass.Plan|nil; or nil, message, err]==],
  ["lastpass.report.access_review.read"] = [==[
lastpass.report.access_review.read(folder, options)
  Reads the managers' decisions. Files that a spreadsheet has saved with semicolons or
  tabs, or in windows-1252, are read as well; one that cannot be read is among the
  problems, and the others count.
  folder (string): as `export` wrote it, with the files filled in
  options (table, optional): delimiter, encoding: of all files; default what each of
      them shows
  gives lastpass.report.Decisions|nil; or nil, message, err]==],
  ["lastpass.report.admins"] = [==[
lastpass.report.admins(subject, options)
  The administrators, and what is wrong with their accounts.
  subject (lastpass.Client|lastpass.Snapshot|lastpass.directory.Record)
  options:
    days (number; default: 90): without log-in that are a finding
    strength (number; default: 50): master passwords below it are weak, of 100
    folders (boolean; default: false): read the shared folders too, to find super admins
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.check"] = [==[
lastpass.report.check(subject, options)
  Check the company by rules.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    rules (string|table): path of a Lua file, or list of names and rules; default all
      there are
    waivers (string|table): further waivers: a list, or path of a Lua file with the word
      waive
    domains (string[]): internal domains, for folders; default those of active admins
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.check.rules"] = [==[
lastpass.report.check.rules(rules)
  The rules that a check would use. Nothing is read.
  rules (string|table, optional): path of a Lua file, or list of names and rules;
      default all there are
  gives table[]|nil list {name, title, severity, each}; or nil, message, err]==],
  ["lastpass.report.coverage"] = [==[
lastpass.report.coverage(subject, options)
  Who of the roster uses LastPass, and who has it without being on the roster. Everybody
  is in one class: active, invited, expired, never logged in, empty vault, disabled,
  missing, not in HR, excluded. The classes come to the headcount.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    roster (lastpass.source.People; required): a source of people
    active ({ field, inactive, active }): which rows are of people who have left
    exclude ({ address or pattern = reason }): accounts that are left aside, each with
      the reason
    invitation_days (number; default: 30): an invitation that is older counts as expired
    events (boolean): false: events are not read, and no invitation counts as expired
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.evidence.new_key"] = [==[
lastpass.report.evidence.new_key(path)
  Makes a key pair: the private key in `path` (mode 600), the public one in `path`.pub.
  path (string): no file may exist there
  gives true|nil ok; or nil, message, err]==],
  ["lastpass.report.evidence.verify"] = [==[
lastpass.report.evidence.verify(folder, public_key)
  Checks a bundle: the signature of the manifest, and each file by its SHA-256.
  folder (string)
  public_key (string): path of the Ed25519 public key (PEM), known from elsewhere than
      the bundle
  gives table|nil manifest nil when anything was changed; or nil, message, err]==],
  ["lastpass.report.evidence.write"] = [==[
lastpass.report.evidence.write(client, folder, options)
  Writes a bundle: replies/ (what LastPass answered, the values of attributes and what
  looks like a secret in events replaced), tables/ (the same as CSV), queries.json,
  counts.json, reports/, and manifest.json with the SHA-256 of each file, signed in
  manifest.sig. The same answers at the same time give the same bytes.
  client (lastpass.Client)
  folder (string): must be empty or not there yet
  options (table): key (path of an Ed25519 private key, PEM, mode 600; required), events
      (where audit events begin, as of `client:events`; none without it), to (where they
      end), keep_attributes (list of names of attributes whose values stay), reports
      (list of reports to put in)
  gives table|nil manifest; or nil, message, err]==],
  ["lastpass.report.folders"] = [==[
lastpass.report.folders(subject, options)
  Who can read, write, administer which shared folder, and what is wrong with it.
  Orphans without an active admin, people from outside, admins without a second factor.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    domains (string[]): internal domains; default those of active admins
    deleted (boolean; default: false): deleted folders too
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.inactive"] = [==[
lastpass.report.inactive(subject, options)
  Who can log in and has not done so for long.
  subject (lastpass.Client|lastpass.Snapshot|lastpass.directory.Record)
  options:
    days (number; default: 90): without log-in
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.invitations"] = [==[
lastpass.report.invitations(subject, options)
  Who was invited and has not come, by age.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    window (number; default: 180): days of events that are read to find when
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.leavers"] = [==[
lastpass.report.leavers(subject, options)
  How long after their last day people could still log in. Percentiles of the time
  between the last day of the roster and the end of the log-in, and who is over the
  limit.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    roster (lastpass.source.People; required): a source of people
    field (string; required): the roster's column with the last day or moment
    limit (seconds; default: 86400): how long it may take
    from (number|string): where events begin; default 30 days before the first last day
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.mfa"] = [==[
lastpass.report.mfa(subject, options)
  Who has no second factor, a weak or expired master password, a low score.
  subject (lastpass.Client|lastpass.Snapshot)
  options:
    strength (number; default: 50): master passwords below it are weak, of 100
    score (number; default: 50): security scores below it are low, of 100
  gives lastpass.Report|nil; or nil, message, err]==],
  ["lastpass.report.names"] = [==[
lastpass.report.names()
  The names of all reports, sorted.
  gives string[]]==],
  ["lastpass.sandbox.assumptions"] = [==[
lastpass.sandbox.assumptions()
  What the sandbox had to invent, each with what, why and the section of
  enterprise-api.md.
  gives lastpass.sandbox.Assumption[]]==],
  ["lastpass.sandbox.run"] = [==[
lastpass.sandbox.run(options)
  A sandbox as a program: starts one, reports where it is in one JSON line on standard
  output, and waits until SIGINT, SIGTERM or SIGHUP, or until standard input ends where
  that is a pipe or the terminal in front of it. /dev/null and files are no input that
  could end.
  options (table, optional): of `sandbox.start`; `clock` is the machine's time unless
      given
  gives boolean|nil ok; or nil, message, err]==],
  ["lastpass.sandbox.start"] = [==[
lastpass.sandbox.start(options)
  Starts a sandbox.
  options (table, optional): company: `users` (50; up to 1,000,000), `seed` (1), `cid`
      (8771312), `provhash`, `name`, `domain`, `timezone`, `invited`, `folders`,
      `events`, `history_days`, `assumptions` (see `M.assumptions`); `companies`: a list
      of further ones; `page_groups`: that assumption; server: `address` ("127.0.0.1"),
      `port` (0: the system chooses), `open_to_network` (false), `tls` (false; true or
      options of `lastpass.sandbox.certificate`), `latency` (seconds added to every
      answer), `clock` (default 2026-06-15 13:00 UTC; "now" or any time), `frozen`,
      `faults` (a list of rules), `journal_size` (10,000), `transport` (for the control
      API)
  gives table|nil sandbox; or nil, message, err]==],
  ["lastpass.secret.command"] = [==[
lastpass.secret.command(line)
  From what a shell command prints, such as `pass show lastpass/acme`. A program that is
  named by its path and that others can change is not run.
  line (string)
  gives userdata|nil secret; or nil, message, err]==],
  ["lastpass.secret.descriptor"] = [==[
lastpass.secret.descriptor(number)
  From an open file descriptor, read to its end.
  number (integer)
  gives userdata|nil secret]==],
  ["lastpass.secret.env"] = [==[
lastpass.secret.env(name)
  From a variable of the environment, which is taken: its bytes are wiped and the
  variable is gone, so that no program started from here gets it; asked again, the same
  secret comes. What set the variable (a shell, systemd) still has it, and until now
  others of the same user could read it in /proc: a file is safer.
  name (string)
  gives userdata|nil secret]==],
  ["lastpass.secret.file"] = [==[
lastpass.secret.file(path)
  From a file that nobody else may read (mode 600); "~" is the home directory.
  path (string)
  gives userdata|nil secret; or nil, message, err]==],
  ["lastpass.secret.prompt"] = [==[
lastpass.secret.prompt(text)
  Asks on the terminal, without echo.
  text (string, optional)
  gives userdata|nil secret]==],
  ["lastpass.secret.value"] = [==[
lastpass.secret.value(text)
  From a string. Lua's own copy stays until it is collected: for tests, and for what is
  secret in name only.
  text (string)
  gives userdata|nil secret]==],
  ["lastpass.source.email"] = [==[
lastpass.source.email(text)
  Checks an e-mail address and folds it into the key that identifies an account.
  text (string)
  gives string|nil key trimmed, composed, in lower case]==],
  ["lastpass.source.status"] = [==[
lastpass.source.status(value, words)
  What a word of a status column means.
  value (string|number|boolean|table|nil): the word; a list of several values of one
      attribute
  words (lastpass.source.StatusWords): { active = {…}, inactive = {…} }; mistakes in
      it raise
  gives boolean|nil active nil for a word on neither list, also an empty one: it decides
      nothing]==],
  ["lastpass.strict"] = [==[
lastpass.strict(client)
  Wraps a client; the users, groups and snapshots that it and its iterators give are
  wrapped too.
  client (lastpass.Client)
  gives lastpass.Client strict raises the error object where the client returns nil,
      message, err]==],
  ["lastpass.text.count"] = [==[
lastpass.text.count(number)
  Writes a number with commas between thousands.
  number (number)
  gives string text "12,345", "-1,234.5"]==],
  ["lastpass.text.duration"] = [==[
lastpass.text.duration(seconds)
  Writes how long something took, in the two units that matter.
  seconds (number)
  gives string text "340 ms", "4.2 s", "45 s", "2 m 05 s", "3 h 02 m", "2 d 03 h"]==],
  ["lastpass.text.plural"] = [==[
lastpass.text.plural(number, one, many)
  Writes how many there are.
  number (number)
  one (string): "user"
  many (string, optional): default: `one` with an "s"
  gives string text "1 user", "2 users", "12,345 users"]==],
  ["lastpass.text.table"] = [==[
lastpass.text.table(rows, columns, options)
  Lays out rows in columns.
  rows (table[]): objects or plain lists
  columns (table[]): names of fields, or {title=, field= name, index or function(row),
      align= "left" (default) or "right", max= columns, whole= true: never cut, wrap=
      true: goes on in further lines instead of being cut, rank= the higher, the sooner
      it is left out (without one it stays)}
  options (table, optional): width: the terminal's columns (default: as wide as needed);
      header: false leaves out the titles; paint: function(lines, number) that may
      colour the lines of a row, or of the head, which has no number
  gives string text lines without a final newline; "(none)" when there are no rows]==],
  ["lastpass.time.iso"] = [==[
lastpass.time.iso(utc)
  Writes a moment as ISO 8601 in UTC.
  utc (number): epoch seconds; fractions are cut off
  gives string text "2026-11-22T22:40:26Z"]==],
  ["lastpass.time.now"] = [==[
lastpass.time.now()
  The machine's clock.
  gives integer utc epoch seconds]==],
  ["lastpass.time.parse"] = [==[
lastpass.time.parse(value, zone, now)
  Reads a time that a person gave: epoch seconds, "2026-11-22", "2026-11-22 10:00[:00]"
  (in the zone), ISO 8601 with "Z" or an offset, "-24h" (units s, m, h, d, w; a day is
  24 hours), "now", "today" and "yesterday" (midnight in the zone).
  value (string|number)
  zone (lastpass.Zone, optional): default America/New_York, as `time.zone()`
  now (integer, optional): epoch seconds; default `time.now()`
  gives integer|nil utc epoch seconds; or nil, message, err]==],
  ["lastpass.time.zone"] = [==[
lastpass.time.zone(name, directories)
  Finds a time zone.
  name (string, optional): a name of the time zone database ("Europe/Berlin"), a POSIX
      rule ("EST5EDT,M3.2.0,M11.1.0"), "UTC", or a fixed offset ("+02:00"); default
      "America/New_York"
  directories (string[], optional): where the database is; default $TZDIR,
      /usr/share/zoneinfo
  gives lastpass.Zone|nil zone; or nil, message, err]==],
  ["plan.count"] = [==[
plan:count()
  How many steps there are to apply.
  gives integer]==],
  ["plan.is_empty"] = [==[
plan:is_empty()
  Whether there is nothing to do.
  gives boolean]==],
  ["plan.save"] = [==[
plan:save(path)
  Writes the plan to a file, readable by its owner only; an existing file is replaced
  whole.
  path (string)
  gives boolean|nil ok; or nil, message, err]==],
  ["plan.text"] = [==[
plan:text()
  The bytes of the plan file.
  gives string]==],
  ["report.class"] = [==[
report:class(name)
  The class of that name, or nil.
  name (string)
  gives table|nil]==],
  ["report.render"] = [==[
report:render(format, options)
  Writes the report as text.
  format ("table"|"csv"|"json"|"html"|"junit"|"sarif"): the last two for `report.check`
      alone
  options (table, optional): table: width (columns of the terminal); csv: of (name of a
      further table), guard (false leaves formulas as they are); html: max_rows (rows of
      a table; default 2000)
  gives string text]==],
  ["report.save"] = [==[
report:save(path, format, options)
  Writes the report to a file, which only its owner can read; a file of that name is
  replaced.
  path (string)
  format (string, optional): default by the ending: .txt, .csv, .json, .html, .xml
      (JUnit), .sarif
  options (table, optional): as of `render`
  gives true|nil ok; or nil, message, err]==],
  ["report.total"] = [==[
report:total(name)
  The total of that name, or nil.
  name (string)
  gives any]==],
  ["run.steps"] = [==[
run:steps()
  Every step of the plan in its order, with what became of it.
  gives fun(): table|nil iterator {number, kind, subject, state, reason, code}]==],
  ["sandbox.act"] = [==[
sandbox:act(change)
  What people and admins do outside the API.
  change (table): `accept`: invited addresses, `login`: addresses, `settings`:
      assumptions
  gives table|nil state]==],
  ["sandbox.add_company"] = [==[
sandbox:add_company(options)
  Adds a company.
  options (table): as the company options of `start`
  gives table|nil description]==],
  ["sandbox.clear_faults"] = [==[
sandbox:clear_faults(id)
  Takes faults away.
  id (integer, optional): one of them; default all]==],
  ["sandbox.client"] = [==[
sandbox:client(options)
  A client bound to this sandbox.
  options (table, optional): options of `lastpass.new`; what is given goes before the
      sandbox's own
  gives table|nil client; or nil, message, err]==],
  ["sandbox.clock"] = [==[
sandbox:clock(change)
  Shows the clock, or changes it first.
  change (table, optional): `advance`: seconds or "3d"; `set`: a time; `freeze`: boolean
  gives table|nil clock `now`, `iso`, `account_time`, `frozen`, …]==],
  ["sandbox.control"] = [==[
sandbox:control(method, path, body)
  Sends a request to the control API.
  method (string)
  path (string): such as "state" or "/_sandbox/state?email=ann@example.com"
  body (table|string, optional)
  gives any|nil answer; or nil, message, err]==],
  ["sandbox.events"] = [==[
sandbox:events(change)
  All events, newest first, or writes some first.
  change (table, optional): `events`: list of `time` (seconds), `action`, `data`,
      `username`, `address`; `burst`: `from`, `seconds`, `count`, `duplicates` (every so
      many-th comes twice)
  gives table[]|true|nil events with `microseconds` (text), `local_time` and the four
      texts; or nil, message, err]==],
  ["sandbox.faults"] = [==[
sandbox:faults(rule)
  Lists the faults, or adds one or several.
  rule (table, optional): a rule (see `lastpass.sandbox.faults`) or a list of rules
  gives table|nil answer]==],
  ["sandbox.journal"] = [==[
sandbox:journal(options)
  The journal's entries, oldest first.
  options (table, optional): `limit`, `command`
  gives table[]|nil entries; or nil, message, err]==],
  ["sandbox.load"] = [==[
sandbox:load(data)
  Puts users, invitations and groups into a company.
  data (table): `users`, `invited`, `groups`, `cid`
  gives table|nil counts]==],
  ["sandbox.reset"] = [==[
sandbox:reset()
  Puts every company back to how it started; faults and journal are emptied.]==],
  ["sandbox.state"] = [==[
sandbox:state(options)
  A company in numbers, or one person.
  options (table, optional): `email`, `cid`, `mails` (true: the mails of everybody)
  gives table|nil state; or nil, message, err]==],
  ["sandbox.stop"] = [==[
sandbox:stop()
  Stops the server. Safe to call again.]==],
  ["snapshot.count"] = [==[
snapshot:count()
  How many users there are, without those who are only invited.
  gives integer]==],
  ["snapshot.group"] = [==[
snapshot:group(name)
  The group of that name, or nil.
  name (string): exact
  gives lastpass.Group|nil]==],
  ["snapshot.group_names"] = [==[
snapshot:group_names()
  The names of all groups that have or had a member, sorted.
  gives string[]]==],
  ["snapshot.groups"] = [==[
snapshot:groups()
  All groups that have or had a member, by name.
  gives fun(): lastpass.Group|nil iterator]==],
  ["snapshot.invited_addresses"] = [==[
snapshot:invited_addresses()
  The addresses of those who are only invited, as the reply has them.
  gives string[]]==],
  ["snapshot.invited_count"] = [==[
snapshot:invited_count()
  How many are only invited.
  gives integer]==],
  ["snapshot.odd_values"] = [==[
snapshot:odd_values()
  How many values of the reply were not of the form that is known; 0 is usual.
  gives integer]==],
  ["snapshot.people"] = [==[
snapshot:people()
  How many people the company has, those who are only invited among them; also of a read
  of a few.
  gives integer]==],
  ["snapshot.rows"] = [==[
snapshot:rows()
  The rows of the core that the users are read from.
  gives userdata rows]==],
  ["snapshot.user"] = [==[
snapshot:user(email)
  The user with that address, the case of letters and white space around it aside;
  somebody only invited counts.
  email (string)
  gives lastpass.User|nil]==],
  ["snapshot.user_at"] = [==[
snapshot:user_at(row)
  The user of a row.
  row (integer): from 1 to `snapshot:count()`
  gives lastpass.User]==],
  ["snapshot.users"] = [==[
snapshot:users(filter)
  Everybody, invited people at the end.
  filter (table, optional): status ("active", "disabled", "invited"), admin, disabled
      (booleans; with one of these two, people who are only invited are left out)
  gives fun(): lastpass.User|nil iterator]==],
  ["user.delete"] = [==[
user:delete(options)
  Deletes the account and everything in it, for good.
  https://support.lastpass.com/help/delete-users-via-lastpass-api
  options (table): confirm: the user's e-mail address, once more
  gives table|nil reply; or nil, message, err]==],
  ["user.disable"] = [==[
user:disable()
  Disables the account: the user cannot log in; vault, groups and licence stay.
  https://support.lastpass.com/help/disable-users-via-lastpass-api
  gives table|nil reply; or nil, message, err]==],
  ["user.disable_mfa"] = [==[
user:disable_mfa()
  Switches multifactor authentication off, for somebody who lost the device.]==],
  ["user.enable"] = [==[
user:enable()
  Lets a disabled user log in again.
  https://support.lastpass.com/help/enable-users-via-lastpass-api]==],
  ["user.is_in"] = [==[
user:is_in(name)
  Whether the user is a member of a group.
  name (string): exact
  gives boolean]==],
  ["user.join"] = [==[
user:join(...)
  Adds the user to groups.
  ... (string|string[]): names of groups]==],
  ["user.leave"] = [==[
user:leave(...)
  Takes the user out of groups.
  ... (string|string[]): names of groups]==],
  ["user.reinvite"] = [==[
user:reinvite()
  Sends the invitation again.]==],
  ["user.reload"] = [==[
user:reload()
  Reads the user again.
  gives lastpass.User|nil user a new object]==],
  ["user.remove"] = [==[
user:remove()
  Removes the user from the company; the account lives on as a personal one.
  https://support.lastpass.com/help/delete-users-via-lastpass-api]==],
  ["user.rename"] = [==[
user:rename(email)
  Starts a change of address; it is done when the user logs in with the old one.
  https://support.lastpass.com/help/update-user-email-via-lastpass-api
  email (string): the new address]==],
  ["user.require_password_change"] = [==[
user:require_password_change()
  Asks for a new master password at the next log-in.]==],
  ["user.reset_password"] = [==[
user:reset_password()
  Sends an e-mail for resetting the master password; the password stays as it is.]==],
  ["user.uninvite"] = [==[
user:uninvite()
  Withdraws an invitation that was not accepted yet.
  https://support.lastpass.com/help/delete-users-via-lastpass-api]==],
  ["user.update"] = [==[
user:update(fields)
  Changes the full name, Duo or SecurID name.
  https://support.lastpass.com/help/update-users-via-lastpass-api
  fields (table): fullname, duousername, securidusername]==],
}
