// node scim_filter.cjs MODULES: filters and PATCH by packages of npm. Reads JSON lines, writes one for each:
//   {"filter": "…", "resource": {…}} -> {"parse": RESULT, "query": RESULT}   scim2-parse-filter, scim-query-filter-parser
//   {"patch": [{op, path, value}, …], "resource": {…}} -> RESULT             scim-patch
// RESULT is {"value": …} or {"error": "…"}.
const path = require('path');
const readline = require('readline');

const modules = path.resolve(process.argv[2]);
const load = (name) => require(path.join(modules, name));
const parseFilter = load('scim2-parse-filter');
const queryFilter = load('scim-query-filter-parser');
const { scimPatch, patchBodyValidation, PATCH_OPERATION_SCHEMA } = load('scim-patch');

function attempt(work) {
  try {
    return { value: work() };
  } catch (error) {
    return { error: String((error && error.message) || error) };
  }
}

const known = new Map();
function compiled(text) {
  if (!known.has(text)) {
    known.set(text, {
      parse: attempt(() => parseFilter.filter(parseFilter.parse(text))),
      query: attempt(() => queryFilter.compileFilter(text)),
    });
  }
  return known.get(text);
}

const holds = (test, resource) => (test.value ? attempt(() => test.value(resource)) : test);

function answer({ filter, patch, resource }) {
  if (patch) {
    return attempt(() => {
      patchBodyValidation({ schemas: [PATCH_OPERATION_SCHEMA], Operations: patch });
      return scimPatch(resource, patch, { mutateDocument: false, treatMissingAsAdd: true });
    });
  }
  const { parse, query } = compiled(filter);
  return { parse: holds(parse, resource), query: holds(query, resource) };
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n'));
