--- What the sandbox had to invent about the REST API: rows for lastpass.sandbox.assumptions, with sections of
-- docs/rest-protocol.md.
-- @module lastpass.sandbox.business.assumptions
return {
  {
    name = "rest_undocumented",
    default = false,
    values = "boolean",
    section = "2",
    what = "what is only named or inferred answers 501; true has GET, PATCH {name}, DELETE and "
      .. "POST …/invite of /v1/users/{user-id}, and GET of /v1/admin-levels/{admin-level-id}/users",
    why = "these have no page: paths, bodies and answers are not known",
  },
  {
    name = "rest_match",
    values = { "whole", "part" },
    section = "1.2",
    what = "a filter without % has to be the whole; part finds it anywhere. Case does not count",
    why = "neither is documented",
  },
  {
    name = "rest_job_polls",
    default = 1,
    values = "integer",
    section = "1.4",
    what = "a job is done when it is accepted; so many questions are answered 202 before "
      .. "that is said, then 200 with companyId",
    why = "how a job is asked for, and what it answers, is not documented",
  },
  {
    name = "rest_job_url",
    values = { "path", "whole", "foreign" },
    section = "1.4",
    what = "url is a path on this server; whole has scheme and host, foreign another host",
    why = "its form is not documented",
  },
  {
    name = "rest_nulls",
    default = false,
    values = "boolean",
    section = "1.2",
    what = "the last page has no token, and an empty list is []; true writes null for both",
    why = "items may be null by the schema; whether a token is null or absent is not known",
  },
  {
    name = "rest_managers",
    section = "2.4",
    what = "a company that nobody manages, and one of type managed-msp, may manage others; "
      .. "keys of others are answered 403",
    why = "the status is not documented",
  },
  {
    name = "rest_levels",
    section = "2.3",
    what = "levels 1 to 3 are Helpdesk Admin, Admin and Super Admin; the last two set the flag "
      .. "admin of the Enterprise API, and who has that flag without a level has Super Admin",
    why = "how levels and the flag belong together is not documented",
  },
  {
    name = "rest_staged",
    section = "2.2",
    what = "staged people take no seat and are not in getuserdata; the Enterprise API may add "
      .. "the address",
    why = "what the Enterprise API shows of them is not known",
  },
  {
    name = "rest_duplicates",
    section = "2.2",
    what = "creating somebody whose address is taken answers 409",
    why = "not documented",
  },
  {
    name = "rest_billing",
    section = "2.6",
    what = "a cycle is a month of the calendar; records have companyId, companyName, "
      .. "licenseType, licenseLimit and usedLicenses, one for each company",
    why = "the fields are not documented",
  },
}
